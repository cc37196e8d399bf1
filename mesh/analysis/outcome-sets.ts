import { everyRequest, intersectSets, requestsMeeting, type RequestSet, subtractSets } from "../request/request-set";
import { type CallTree, type ServerRoutes } from "./call-tree";
import { type Outcome } from "../request/request";
import { passes } from "./resolve";

/**
 * The requests under one Host header that may end so.
 *
 * @throws {TooComplexError}
 */
export function possible(tree: CallTree, outcome: Outcome, authority: string): RequestSet {
  switch (tree.kind) {
    case "end":
      return tree.outcome === outcome ? everyRequest() : [];
    case "http":
      return possible(tree.tree, outcome, authority);
    case "choice":
      return uniteSets(tree.branches.map((branch) => possible(branch.tree, outcome, authority)));
    case "egress-routes": {
      const matching = tree.routes.flatMap((route) => requestsMeeting(route, authority));
      const onward = intersectSets(matching, possible(tree.onward, outcome, authority));
      return outcome === "no-route" ? [...onward, ...subtractSets(everyRequest(), matching)] : onward;
    }
    case "server-routes":
      return ofRoutes(tree, outcome, authority, "possible");
  }
}

/**
 * The requests under one Host header that always end so.
 *
 * @throws {TooComplexError}
 */
export function certain(tree: CallTree, outcome: Outcome, authority: string): RequestSet {
  switch (tree.kind) {
    case "end":
      return tree.outcome === outcome ? everyRequest() : [];
    case "http":
      return certain(tree.tree, outcome, authority);
    case "choice":
      return tree.branches.reduce<RequestSet>(
        (all, branch) => (all.length === 0 ? all : intersectSets(all, certain(branch.tree, outcome, authority))),
        everyRequest(),
      );
    case "egress-routes": {
      const matching = tree.routes.flatMap((route) => requestsMeeting(route, authority));
      const onward = intersectSets(matching, certain(tree.onward, outcome, authority));
      return outcome === "no-route" ? [...onward, ...subtractSets(everyRequest(), matching)] : onward;
    }
    case "server-routes":
      return ofRoutes(tree, outcome, authority, "certain");
  }
}

function uniteSets(sets: readonly RequestSet[]): RequestSet {
  return sets.reduce<RequestSet>((all, set) => (all.length === 0 ? set : [...all, ...subtractSets(set, all)]), []);
}

function ofRoutes(leaf: ServerRoutes, outcome: Outcome, authority: string, kind: "possible" | "certain"): RequestSet {
  if (outcome !== "allowed" && outcome !== "denied" && outcome !== "no-route") return [];
  const { mayPass, mayBeDenied } = possibilities(leaf, authority);
  switch (outcome) {
    case "allowed":
      return kind === "possible" ? mayPass : subtractSets(mayPass, mayBeDenied);
    case "denied":
      return kind === "possible" ? mayBeDenied : subtractSets(mayBeDenied, mayPass);
    case "no-route":
      return subtractSets(subtractSets(everyRequest(), mayPass), mayBeDenied);
  }
}

interface Possibilities {
  readonly mayPass: RequestSet;
  readonly mayBeDenied: RequestSet;
}

const known = new WeakMap<ServerRoutes, Map<string, Possibilities>>();

/**
 * What may pass and what may get 403. The first route that matches wins, in an order that starts with any of the
 * TrafficTargets: so what may pass are the requests whose first match in some target lets the caller pass, and what may be
 * denied those whose first match in some target does not.
 */
function possibilities(leaf: ServerRoutes, authority: string): Possibilities {
  let byHost = known.get(leaf);
  if (byHost === undefined) known.set(leaf, (byHost = new Map()));
  let found = byHost.get(authority);
  if (found === undefined) byHost.set(authority, (found = computePossibilities(leaf, authority)));
  return found;
}

function computePossibilities({ table, identity }: ServerRoutes, authority: string): Possibilities {
  const mayPass: RequestSet[number][] = [];
  const mayBeDenied: RequestSet[number][] = [];
  const seen = new Set<string>();
  for (const { routes } of table.byTarget) {
    const earlier: { readonly allowed: boolean; readonly requests: RequestSet; readonly key: string }[] = [];
    // Most targets have routes of one kind only: then none takes requests from another, and equal routes count once.
    const mixed = new Set(routes.map((route) => passes(route, identity))).size > 1;
    for (const route of routes) {
      const allowed = passes(route, identity);
      const others = mixed ? earlier.filter((one) => one.allowed !== allowed) : [];
      const key = [route.key, ...others.map((one) => one.key)].join("\0");
      if (!mixed && seen.has(key)) continue;
      const requests = requestsMeeting(route, authority);
      if (!seen.has(key)) {
        seen.add(key);
        const won = subtractSets(
          requests,
          others.flatMap((one) => one.requests),
        );
        (allowed ? mayPass : mayBeDenied).push(...won);
      }
      if (mixed) earlier.push({ allowed, requests, key: route.key });
    }
  }
  return { mayPass, mayBeDenied };
}
