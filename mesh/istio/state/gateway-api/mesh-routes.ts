import { keyOf } from "../../../cluster/keys";
import { type ServiceState } from "../../../cluster/workloads";
import { type ServiceEntryState } from "../service-entries";
import { type HttpMatchState, type HttpRouteState, meshGateway, type VirtualServiceState } from "../virtual-services";
import { type Refusal } from "./attachment";
import { httpRoutes } from "./http-routes";
import { nothingElse, type ParentState, type RouteState } from "./routes";
import { routeOrder } from "./route-order";
import { refusalsOfRules } from "./rule-refusals";

/** What parents of routes refer to. */
interface Referred {
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly serviceEntries: ReadonlyMap<string, ServiceEntryState>;
}

/** Routes of one namespace for one name, and maybe one port of it, the oldest first. */
interface Merged {
  readonly first: RouteState;
  readonly host: string;
  readonly http: HttpRouteState[];
}

/**
 * What istiod makes of HTTPRoutes and GRPCRoutes that have Services or ServiceEntries for parents, as the initiative GAMMA has it: VirtualServices
 * for sidecars (pilot/pkg/config/kube/gateway/route_collections.go). They are for callers everywhere where the Service is of the route's own
 * namespace, and for those of the route's namespace otherwise.
 *
 * @param routes the oldest first.
 */
export function meshRoutes(
  routes: readonly RouteState[],
  referred: Referred,
): { readonly virtualServices: readonly VirtualServiceState[]; readonly refusals: readonly Refusal[] } {
  const merged = new Map<string, Merged>();
  const refusals: Refusal[] = [];
  for (const route of routes) {
    if (route.kind !== "HTTPRoute" && route.kind !== "GRPCRoute") continue;
    const parents = route.parents.filter(isOfMesh);
    if (parents.length === 0) continue;
    const ofRules = refusalsOfRules(route, { ...referred, referenceGrants: undefined });
    refusals.push(...ofRules);
    if (ofRules.some(({ rule }) => rule === "route-not-taken")) continue;
    const http = httpRoutes(route, undefined);
    for (const parent of parents) {
      const hosts = hostsOf(parent, referred);
      if (hosts === undefined) {
        refusals.push(missing(route, parent));
        continue;
      }
      const own = parent.port === undefined ? http : http.map((one) => forPort(one, parent.port ?? 0));
      for (const host of hosts) {
        const key = `${route.namespace}/${String(parent.port)}/${host}`;
        const found = merged.get(key);
        if (found === undefined) merged.set(key, { first: route, host, http: [...own] });
        else found.http.push(...own);
      }
    }
  }
  return { virtualServices: Array.from(merged.values(), virtualService), refusals };
}

/** Whether a parent is something that sidecars call. */
function isOfMesh({ kind }: ParentState): boolean {
  return kind === "Service" || kind === "ServiceEntry";
}

/** The names of a parent; undefined for one that is not there. Of a namespace without any Service it is not known which there are. */
function hostsOf(
  { kind, namespace, name }: ParentState,
  { services, serviceEntries }: Referred,
): readonly string[] | undefined {
  const key = keyOf(namespace, name);
  if (kind === "ServiceEntry") return serviceEntries.get(key)?.hosts;
  const isShown = [...services.values()].some((service) => service.namespace === namespace);
  return isShown && !services.has(key) ? undefined : [`${name}.${namespace}.svc.cluster.local`];
}

function missing(route: RouteState, parent: ParentState): Refusal {
  return {
    route,
    path: ["spec", "parentRefs", route.parents.indexOf(parent), "name"],
    rule: "route-not-attached",
    text: `there is no ${parent.kind} ${parent.namespace}/${parent.name}, so that no call goes by the route`,
    remedy: `Write the name of a ${parent.kind}, and its namespace where it is another.`,
  };
}

const anyMatch: HttpMatchState = { ...nothingElse, headers: new Map(), queryParams: new Map() };

function forPort(rule: HttpRouteState, port: number): HttpRouteState {
  const matches = rule.matches.length === 0 ? [anyMatch] : rule.matches;
  return { ...rule, matches: matches.map((match) => ({ ...match, port })) };
}

function virtualService({ first: { object, namespace, name }, host, http }: Merged): VirtualServiceState {
  return {
    object,
    namespace,
    name,
    hosts: [host],
    gateways: [meshGateway],
    exportTo: [],
    http: [...http].sort(routeOrder),
    tls: [],
    tcp: [],
    semantics: "gateway-api",
  };
}
