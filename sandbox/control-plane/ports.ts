import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { ifExists, writeWhole } from "./files";

/** What needs a port on loopback. */
export const portNames = [
  "etcd-client",
  "etcd-peer",
  "kube-apiserver",
  "osm-controller-xds",
  "osm-controller-http",
  "osm-controller-debug",
  "osm-controller-webhook",
  "osm-injector-webhook",
  "osm-injector-http",
] as const;

export type PortName = (typeof portNames)[number];
export type Ports = Readonly<Record<PortName, number>>;

/** The control plane's ports: free ones at the first call, afterwards the same, remembered in the directory. */
export async function ensurePorts(directory: string): Promise<Ports> {
  const file = path.join(directory, "ports.json");
  const known = await ifExists(readFile(file, "utf8"));
  if (known !== undefined) return JSON.parse(known) as Ports;
  const ports = await freePorts(portNames.length);
  const named = Object.fromEntries(portNames.map((name, index) => [name, ports[index]])) as Ports;
  await writeWhole(file, JSON.stringify(named, null, 2));
  return named;
}

/** Different ports of 127.0.0.1 that nobody listens on. All are held until the last is found, so that none comes twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(
      servers.map(
        (server) =>
          new Promise<number>((resolve, reject) => {
            server.once("error", reject);
            server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
          }),
      ),
    );
  } finally {
    for (const server of servers) server.close();
  }
}
