import { type Rule, type RuleGroup } from "../../analysis/call-tree";
import { describeObject } from "../../manifests";
import {
  type AccountKey,
  type ClusterState,
  keyOf,
  type RouteGroup,
  type RouteMatch,
  type TargetPolicy,
} from "../state";

/** An HTTP route of a server's sidecar, merged from every TrafficTarget that says exactly the same. */
export interface Route extends Rule {
  /** Methods without duplicates; `["*"]` for any; empty where OSM makes no route at all. */
  readonly methods: readonly string[];
  /** Identities that pass; undefined for anyone. */
  readonly principals: ReadonlySet<string> | undefined;
  readonly origins: readonly RouteOrigin[];
}

/** Where a route comes from. */
export interface RouteOrigin {
  readonly target: TargetPolicy;
  /** Index in `spec.rules`. */
  readonly rule: number;
  readonly group: RouteGroup;
  readonly match: RouteMatch;
}

/**
 * The HTTP routes of a service account. Envoy takes the first that matches, in an order that follows OSM's list of
 * TrafficTargets, which is random. So a request's possible winners are the first matching route of each target.
 */
export interface RouteTable {
  readonly account: AccountKey;
  readonly rules: readonly Route[];
  /** The routes of each target, in that target's own order. */
  readonly groups: readonly (RuleGroup<Route> & { readonly target: TargetPolicy })[];
}

interface MutableRoute extends Route {
  principals: Set<string> | undefined;
  readonly origins: RouteOrigin[];
}

/**
 * pkg/catalog/inbound_traffic_policies.go, buildInboundHTTPPolicyFromTrafficTarget, and MergeRules.
 *
 * @param targets those whose destination is the account.
 */
export function routeTable(
  state: Pick<ClusterState, "routeGroups" | "isMonitored">,
  targets: readonly TargetPolicy[],
  account: AccountKey,
): RouteTable {
  const routes = new Map<string, MutableRoute>();
  const groups: RouteTable["groups"][number][] = [];
  for (const target of targets) {
    const own: Route[] = [];
    // An equal route from two targets is one route with both lists of sources; within one target the list stays.
    const principals = target.sources.map(({ identity }) => identity);
    target.rules.forEach((rule, ruleIndex) => {
      const group = state.routeGroups.get(keyOf(target.namespace, rule.name));
      if (group === undefined || !state.isMonitored(group.namespace)) return;
      for (const name of rule.matches) {
        const match = matchOf(group, name);
        if (match === undefined) continue;
        const { key } = match;
        let route = routes.get(key);
        if (route === undefined) {
          route = {
            key,
            path: match.path,
            methods: sanitizeMethods(match.methods),
            headers: match.headers ?? noHeaders,
            principals: new Set(),
            origins: [],
          };
          routes.set(key, route);
        }
        for (const principal of principals) route.principals?.add(principal);
        if (route.origins.at(-1)?.target !== target) own.push(route);
        route.origins.push({ target, rule: ruleIndex, group, match });
      }
    });
    if (own.length > 0) groups.push({ source: describeObject(target.object), target, rules: own });
  }
  // No principal at all is Envoy's "any".
  for (const route of routes.values()) if (route.principals?.size === 0) route.principals = undefined;
  return { account, rules: [...routes.values()], groups };
}

/** Whether a route lets an identity pass. */
export function passes(route: Route, identity: string): boolean {
  return route.principals?.has(identity) !== false;
}

/** Matches of a group that are searched one by one. */
const fewMatches = 16;

const matchIndexes = new WeakMap<RouteGroup, ReadonlyMap<string, RouteMatch>>();

/** The match of a name: of two with one name the later. */
function matchOf(group: RouteGroup, name: string): RouteMatch | undefined {
  if (group.matches.length <= fewMatches) return group.matches.findLast((match) => match.name === name);
  let index = matchIndexes.get(group);
  if (index === undefined) {
    index = new Map(group.matches.map((match) => [match.name, match]));
    matchIndexes.set(group, index);
  }
  return index.get(name);
}

const noHeaders: ReadonlyMap<string, string> = new Map();

/** pkg/envoy/rds/route/route_config.go, sanitizeHTTPMethods. */
function sanitizeMethods(methods: readonly string[]): readonly string[] {
  return methods.includes("*") ? ["*"] : [...new Set(methods.filter((method) => method !== ""))];
}
