import { type Named } from "../named";
import { type RouteState } from "./routes";

/** A route that takes calls to Services over from sidecars, as the initiative GAMMA has it. What it says of requests is not read. */
export interface ServiceRouteState extends Named {
  /** Services that are its parents: of callers everywhere where the Service is of the route's own namespace, of those in the route's namespace otherwise. */
  readonly services: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly port: number | undefined;
  }[];
  /** Whether it leads to Services of other namespaces. */
  readonly leadsElsewhere: boolean;
}

/** Undefined for a route that has no Service for a parent. */
export function serviceRouteOf({
  object,
  namespace,
  name,
  parents,
  backendNamespaces,
}: RouteState): ServiceRouteState | undefined {
  const services = parents.filter(({ kind }) => kind === "Service");
  if (services.length === 0) return undefined;
  return { object, namespace, name, services, leadsElsewhere: backendNamespaces.some((one) => one !== namespace) };
}
