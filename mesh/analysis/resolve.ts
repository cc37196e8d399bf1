import { type Route, type RouteTable } from "../osm/proxy/routes";
import { type CallTree, choice, end, noRoute, type OutcomeTree, type ServerRoutes } from "./call-tree";
import { type HttpRequest, routeMatches } from "../request/match";
import { routeReasons } from "../osm/calls/reasons";

/** What a tree comes to for one request. */
export function resolve(tree: CallTree, request: HttpRequest | undefined): OutcomeTree {
  switch (tree.kind) {
    case "end":
      return tree;
    case "choice":
      return {
        ...tree,
        branches: tree.branches.map(({ weight, tree: child }) => ({ weight, tree: resolve(child, request) })),
      };
    case "http":
      return request?.method === "CONNECT"
        ? noRoute("OSM writes no route that Envoy would give a CONNECT to")
        : resolve(tree.tree, request);
    case "egress-routes":
      return request !== undefined && tree.routes.some((route) => routeMatches(route, request))
        ? resolve(tree.onward, request)
        : noRoute("none of its routes matches", tree.because);
    case "server-routes":
      return request === undefined ? end("refused", []) : throughRoutes(tree, request);
  }
}

/** The routes that may be the first to match: the first one of every TrafficTarget that has a matching one. */
export function possibleWinners(table: RouteTable, matches: (route: Route) => boolean): readonly Route[] {
  const matching = new Set(table.routes.filter(matches));
  if (matching.size <= 1) return [...matching];
  const winners = new Set<Route>();
  for (const { routes } of table.byTarget) {
    const first = routes.find((route) => matching.has(route));
    if (first !== undefined) winners.add(first);
  }
  return [...winners];
}

/** Whether a route lets an identity pass. */
export function passes(route: Route, identity: string): boolean {
  return route.principals?.has(identity) !== false;
}

function throughRoutes({ table, identity, backend }: ServerRoutes, request: HttpRequest): OutcomeTree {
  const winners = possibleWinners(table, (route) => routeMatches(route, request));
  if (winners.length === 0) {
    const text =
      table.routes.length === 0
        ? `no TrafficTarget gives ${table.account} any HTTP route`
        : `no route of ${table.account} matches ${request.method} ${request.path} with these headers`;
    return noRoute(text);
  }
  return choice(
    "route-order",
    winners.map((route) => {
      const allowed = passes(route, identity);
      // Of an allowed call the targets that name the caller, of a denied one those whose route it is.
      const naming = route.origins.filter(
        ({ target }) =>
          !allowed || route.principals === undefined || target.sources.some((source) => source.identity === identity),
      );
      const because = naming.flatMap(routeReasons);
      const tree: OutcomeTree = allowed
        ? end("allowed", because, backend)
        : end(
            "denied",
            [...because, { text: "the route that matches does not list the caller among its sources" }],
            backend,
          );
      return { weight: 1, tree };
    }),
  );
}
