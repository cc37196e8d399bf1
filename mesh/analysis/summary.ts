import { type Route } from "../osm/proxy/routes";
import { type CallTree, type ServerRoutes } from "./call-tree";
import { type Outcome, type VariesBy } from "../request/request";
import { passes } from "./resolve";

/** How much of what a caller sends to a service passes. */
export type Extent = "all" | "some" | "none";

/** A tree in few words. */
export interface Summary {
  readonly extent: Extent;
  /** Whether what passes may also fail. */
  readonly unsettled: boolean;
  /** The routes by which the caller passes; empty where it passes whatever it asks for, or never. */
  readonly routes: readonly Route[];
  /** Routes of others, which the caller gets 403 from. */
  readonly forbidden: readonly Route[];
  /** What fails, and how. */
  readonly failures: readonly Outcome[];
  /** Relative shares of the backends, where there are several. */
  readonly shares: Readonly<Record<string, number>>;
  readonly choices: readonly VariesBy[];
}

/** Sums a tree up for a table or a picture. Exact sets of requests are `possible` and `certain`. */
export function summarize(tree: CallTree): Summary {
  const routes = new Map<string, Route>();
  const forbidden = new Map<string, Route>();
  const failures = new Set<Outcome>();
  const choices = new Set<VariesBy>();
  const shares = new Map<string, number>();
  let full = 0;
  let partial = 0;
  let failed = 0;

  const visit = (node: CallTree, share: number): void => {
    switch (node.kind) {
      case "http":
        visit(node.tree, share);
        break;
      case "choice": {
        if (node.branches.length > 1) choices.add(node.by);
        const total = node.branches.reduce((sum, { weight }) => sum + weight, 0);
        for (const { weight, tree: child } of node.branches) visit(child, (share * weight) / total);
        break;
      }
      case "egress-routes":
        partial += 1;
        failures.add("no-route");
        visit(node.onward, share);
        break;
      case "server-routes":
        visitRoutes(node, share);
        break;
      case "end":
        if (node.outcome === "allowed") {
          full += 1;
          credit(node.backend, share);
        } else {
          failed += 1;
          failures.add(node.outcome);
        }
    }
  };
  const credit = (backend: string | undefined, share: number): void => {
    if (backend !== undefined) shares.set(backend, (shares.get(backend) ?? 0) + share);
  };
  const visitRoutes = ({ table, identity, backend }: ServerRoutes, share: number): void => {
    const own = table.routes.filter((route) => route.methods.length > 0 && passes(route, identity));
    for (const route of own) routes.set(route.key, route);
    for (const route of table.routes) if (!passes(route, identity)) forbidden.set(route.key, route);
    if (own.length === 0) {
      failed += 1;
      failures.add("no-route");
    } else {
      partial += 1;
      credit(backend, share);
    }
  };
  visit(tree, 1);
  return {
    extent: full + partial === 0 ? "none" : partial > 0 || failed > 0 ? "some" : "all",
    unsettled: full + partial > 0 && failed > 0,
    routes: [...routes.values()],
    forbidden: [...forbidden.values()],
    failures: [...failures],
    shares: Object.fromEntries(shares),
    choices: [...choices],
  };
}

/** A route's conditions in one line. */
export function routeText(route: Pick<Route, "methods" | "path" | "headers">): string {
  const headers = [...route.headers].map(([name, regex]) => `${name}: ${regex}`);
  const methods = route.methods.includes("*") ? "any method" : route.methods.join(",");
  return `${methods} ${route.path}${headers.length > 0 ? ` {${headers.join(", ")}}` : ""}`;
}
