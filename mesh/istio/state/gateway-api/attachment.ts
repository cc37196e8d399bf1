import { type ValuePath } from "../../../manifests";
import { matchesHost } from "../../host-patterns";
import { type GatewayState } from "../gateways";
import { type KubernetesGatewayState, type ListenerState } from "./gateway";
import { type ReferenceGrantState } from "./grants";
import { type BackendState, type ParentState, type RouteState } from "./routes";

/** A listener of a Gateway, and what istiod makes of it. */
export interface Listener {
  readonly gateway: KubernetesGatewayState;
  readonly listener: ListenerState;
  readonly state: GatewayState;
}

/** Something of a route that istiod does not take. */
export interface Refusal {
  readonly route: RouteState;
  readonly path: ValuePath;
  /** The rule of the finding: nothing comes in by it, the gateway answers with 500, or istiod takes nothing of the route. */
  readonly rule: "route-not-attached" | "route-to-nowhere" | "route-not-taken";
  /** What happens, in a sentence without its end. */
  readonly text: string;
  readonly remedy: string;
  /** Whether the route names another listener, so that it tells nothing of the others. */
  readonly isOtherListener?: boolean;
}

/** Why a listener does not take a route; undefined where it does (conversion.go, referenceAllowed). */
export function refusal(
  route: RouteState,
  parent: ParentState,
  { gateway, listener, state }: Listener,
): Refusal | undefined {
  const path: ValuePath = ["spec", "parentRefs", route.parents.indexOf(parent)];
  const name = `Gateway ${gateway.namespace}/${gateway.name}`;
  if (
    (parent.port !== undefined && parent.port !== listener.port) ||
    (parent.section !== undefined && parent.section !== listener.name)
  ) {
    const known = gateway.listeners.map((one) => `${one.name} (port ${String(one.port)})`).join(", ");
    return {
      route,
      path,
      rule: "route-not-attached",
      text: `${name} has no such listener, so that nothing comes in by the route`,
      remedy: `Write sectionName or port of one that it has: ${known}.`,
      isOtherListener: true,
    };
  }
  const names = route.hostnames.length === 0 ? ["*"] : route.hostnames;
  const listenerName = listener.hostname === "" ? "*" : listener.hostname;
  if (!names.some((one) => meets(listenerName, one))) {
    return {
      route,
      path: ["spec", "hostnames"],
      rule: "route-not-attached",
      text: `${name} serves ${listenerName}, and none of these names: nothing comes in by the route`,
      remedy: `Write names that ${listenerName} takes in, or another hostname at the Gateway.`,
    };
  }
  const spaces = state.servers.flatMap(({ hosts }) => hosts.map((host) => host.slice(0, host.indexOf("/"))));
  if (!spaces.some((space) => space === "*" || space === route.namespace)) {
    return {
      route,
      path,
      rule: "route-not-attached",
      text: `${name} takes no routes of the namespace ${route.namespace}, so that nothing comes in by this one`,
      remedy: `Write allowedRoutes.namespaces at the Gateway's listener ${listener.name}: without it only routes of ${gateway.namespace} are taken.`,
    };
  }
  const kinds = (kindsOf[listener.protocol] ?? []).filter((kind) => listener.kinds?.includes(kind) ?? true);
  if (kinds.includes(route.kind)) return undefined;
  return {
    route,
    path,
    rule: "route-not-attached",
    text: `the listener ${listener.name} of ${name} takes no ${route.kind}, so that nothing comes in by it`,
    remedy: `It takes ${kinds.length === 0 ? "none" : kinds.join(" and ")}.`,
  };
}

/** Kinds of routes by the protocol of a listener. */
const kindsOf: Readonly<Record<string, readonly string[]>> = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  HTTPS: ["HTTPRoute", "GRPCRoute"],
  TLS: ["TLSRoute"],
  TCP: ["TCPRoute"],
};

/** Whether two names, which may begin with `*`, have one in common (pkg/config/host, Name.Matches). */
function meets(a: string, b: string): boolean {
  return matchesHost(a, b) || matchesHost(b, a);
}

/** Whether a name of a route is served by a listener, and not by another one of its Gateway that says it more narrowly (hostnameAllowedByIsolation). */
export function isAttachable(host: string, { listener }: Listener, all: readonly Listener[]): boolean {
  const own = listener.hostname;
  if (own !== "" && !own.startsWith("*")) return true;
  if (own !== "" && !meets(host, own)) return false;
  return !all.some(
    ({ listener: { hostname, port, protocol } }) =>
      hostname !== own &&
      port === listener.port &&
      protocol === listener.protocol &&
      own.length <= hostname.length &&
      matchesHost(hostname, host),
  );
}

/** Whether a route may lead to a backend: in another namespace a ReferenceGrant there has to let it. */
export function mayLead(
  { kind, namespace }: RouteState,
  { service }: BackendState,
  grants: ReadonlyMap<string, ReferenceGrantState>,
): boolean {
  if (service === undefined || !("namespace" in service) || service.namespace === namespace) return true;
  return [...grants.values()].some(
    (grant) =>
      grant.namespace === service.namespace &&
      grant.from.some((one) => one.kind === kind && one.namespace === namespace) &&
      grant.to.some((name) => name === undefined || name === service.name),
  );
}
