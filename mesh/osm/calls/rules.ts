import { type CallTree, end, type HttpOnly, noRoute, type Rules } from "../../analysis/call-tree";
import { hostConditions, meetsHost } from "../../analysis/may-pass";
import { type Reason } from "../../request/request";
import { type EgressHost } from "../proxy/outbound";
import { passes, type Route, type RouteTable } from "../proxy/routes";
import { type RouteMatch } from "../state";
import { routeReasons } from "./reasons";

const connect = noRoute("OSM writes no route that Envoy would give a CONNECT to");

/** What is behind HTTP routes of a sidecar. */
export function httpOnly(tree: CallTree): HttpOnly {
  return { kind: "http", tree, connect };
}

/**
 * The routes of a server's sidecar decide about a caller's requests.
 *
 * @param authority Host header of the requests.
 */
export function serverRules(table: RouteTable, identity: string, backend: string, authority: string): Rules<Route> {
  const allowed = end("allowed", [], backend);
  const denied = end(
    "denied",
    [{ text: "the route that matches does not list the caller among its sources" }],
    backend,
  );
  return {
    kind: "rules",
    list: table,
    then: (route) => (passes(route, identity) ? allowed : denied),
    because: (route) => {
      // Of an allowed call the targets that name the caller, of a denied one those whose route it is.
      const isNamed = (source: { readonly identity: string }): boolean => source.identity === identity;
      const all = route.principals === undefined || !passes(route, identity);
      return route.origins.filter(({ target }) => all || target.sources.some(isNamed)).flatMap(routeReasons);
    },
    otherwise: {
      kind: "end",
      outcome: "no-route",
      // There may be many routes, and mostly nobody asks.
      get because() {
        const text =
          table.rules.length === 0
            ? `no TrafficTarget gives ${table.account} any HTTP route`
            : `no route of ${table.account} matches the request's method, path and headers`;
        return [{ text }, ...unmetHosts(table, authority)];
      },
    },
  };
}

/** Routes that want another Host header. */
function unmetHosts({ rules }: RouteTable, authority: string): readonly Reason[] {
  const unmet = rules.filter((rule) => !meetsHost(rule, [authority]));
  const patterns = [...new Set(unmet.flatMap(hostConditions))];
  if (patterns.length === 0) return [];
  const which = unmet.length === rules.length ? "all of them" : `${String(unmet.length)} of ${String(rules.length)}`;
  return [
    {
      text: `${which} want another Host than ${JSON.stringify(authority)}: ${patterns
        .slice(0, mostPatterns)
        .map((pattern) => JSON.stringify(pattern))
        .join(", ")}`,
    },
  ];
}

/** Patterns named at most. */
const mostPatterns = 3;

/** The caller's own routes to a host outside the mesh decide whether the request goes on. */
export function egressRules({ routes }: EgressHost, onward: CallTree, because: readonly Reason[]): Rules<RouteMatch> {
  const [{ text: source } = { text: "" }] = because;
  return {
    kind: "rules",
    list: { rules: routes, groups: [{ source, rules: routes }] },
    then: () => onward,
    because: () => [],
    otherwise: noRoute(
      routes.length === 0
        ? "it names HTTPRouteGroups, and none that is there has a match"
        : "none of its routes matches",
      because,
    ),
  };
}
