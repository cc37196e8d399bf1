import { writeWhole } from "./files";

/** Which port of this machine's loopback stands behind an address of a Service, `ClusterIP:port`. */
export type Routes = Readonly<Record<string, number>>;

/** What the service proxy knows, so that the API server reaches webhooks. */
export interface ServiceRoutes {
  /** Makes the routes of one owner be these; those of others stay. */
  set(owner: string, routes: Routes): Promise<void>;
}

/** @param file where the service proxy reads its routes. What an earlier process wrote there is gone with the first call. */
export function serviceRoutes(file: string): ServiceRoutes {
  const owners = new Map<string, Routes>();
  return {
    async set(owner, routes) {
      owners.set(owner, routes);
      const lines = [...owners.values()].flatMap((all) =>
        Object.entries(all).map(([address, port]) => `${address} 127.0.0.1:${port}\n`),
      );
      await writeWhole(file, lines.join(""));
    },
  };
}
