import { type Named } from "../named";
import { type RouteState } from "./routes";

/** A TCPRoute or TLSRoute that takes connections to Services over from sidecars. Where it leads is not read. */
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

/** Undefined for a route of requests, and for one that has no Service for a parent. */
export function serviceRouteOf({
  kind: ofKind,
  object,
  namespace,
  name,
  parents,
  backendNamespaces,
}: RouteState): ServiceRouteState | undefined {
  const services = parents.filter(({ kind }) => kind === "Service");
  if (services.length === 0 || ofKind === "HTTPRoute" || ofKind === "GRPCRoute") return undefined;
  return { object, namespace, name, services, leadsElsewhere: backendNamespaces.some((one) => one !== namespace) };
}
