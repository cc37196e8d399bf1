import { type Access, type AccessEntry, chainKind, fullName, type Route, routeText } from "../../mesh/osm";
import { certain } from "../../mesh/osm/outcome-sets";
import { type CallTree } from "../../mesh/osm/request/call-tree";
import { passes } from "../../mesh/osm/request/resolve";
import { TooComplexError } from "../../mesh/regex/automaton";
import { exampleRequest, requestsMeeting, subtractSets } from "../../mesh/requests/request-set";

/**
 * Who may call whom: by caller and service (`caller → service:port`) the requests that pass, each with what answers it. What
 * does not stand here does not pass.
 */
export type AccessMatrix = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What passes of one entry: the routes that let it through, and the Services that answer. */
interface Passing {
  readonly routes: Map<string, Route>;
  /** Share of the calls that reach each backend, by request; `anything` for backends that take whatever comes. */
  readonly shares: Map<string, Map<string, number>>;
}

/** The matrix of a relation, in an order of its own. */
export function accessMatrix(relation: Access): AccessMatrix {
  const rows = relation.entries.flatMap((entry): [string, Record<string, string>][] => {
    const answers = answersOf(entry);
    if (answers.length === 0) return [];
    const everybody = entry.callers.length > 1 && entry.callers.length === relation.callers.length;
    const who = everybody ? "everybody" : entry.callers.join(", ");
    const { namespace, name, port } = entry.service;
    return [[`${who} → ${namespace}/${name}:${String(port)}`, Object.fromEntries(answers)]];
  });
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function answersOf(entry: AccessEntry): readonly (readonly [string, string])[] {
  const anything = chainKind(entry.service.protocol) === "tcp" ? "TCP" : "any request";
  const { routes, shares } = passingOf(entry.tree, anything);
  const whatever = shares.get(anything) ?? new Map<string, number>();
  return [...shares]
    .map(([request, own]) => {
      const answering = new Map(own);
      if (request !== anything) for (const [backend, share] of whatever) credit(answering, backend, share);
      return [request, answerText(entry, answering, routes.get(request))] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function passingOf(tree: CallTree, anything: string): Passing {
  const routes = new Map<string, Route>();
  const shares = new Map<string, Map<string, number>>();
  const pass = (request: string, backend: string, share: number): void => {
    let known = shares.get(request);
    if (known === undefined) shares.set(request, (known = new Map()));
    credit(known, backend, share);
  };
  const visit = (node: CallTree, share: number): void => {
    switch (node.kind) {
      case "http":
        return visit(node.tree, share);
      case "egress-routes":
        return visit(node.onward, share);
      case "choice": {
        const total = node.branches.reduce((sum, { weight }) => sum + weight, 0);
        for (const { weight, tree: child } of node.branches) if (weight > 0) visit(child, (share * weight) / total);
        return;
      }
      case "end":
        if (node.outcome === "allowed") pass(anything, node.backend ?? "", share);
        return;
      case "server-routes":
        for (const route of new Map(node.table.routes.map((one) => [one.key, one])).values()) {
          if (route.methods.length === 0 || !passes(route, node.identity)) continue;
          routes.set(routeText(route), route);
          pass(routeText(route), node.backend, share);
        }
    }
  };
  visit(tree, 1);
  return { routes, shares };
}

function credit(shares: Map<string, number>, backend: string, share: number): void {
  shares.set(backend, (shares.get(backend) ?? 0) + share);
}

/** `allowed`, or the Services that answer where it is not the one that was asked. */
function answerText({ service, tree }: AccessEntry, shares: ReadonlyMap<string, number>, route?: Route): string {
  const backends = [...shares].sort(([a], [b]) => (a < b ? -1 : 1));
  const own = `${service.namespace}/`;
  const texts = backends.map(([backend, share]) => {
    const name = backend.startsWith(own) ? backend.slice(own.length) : backend;
    return share > 0.9995 ? name : `${name} ${String(Math.round(share * 1000) / 10)} %`;
  });
  const alone = backends.length === 1 && texts[0] === service.name;
  const text = alone ? "allowed" : texts.join(", ");
  const total = backends.reduce((sum, [, share]) => sum + share, 0);
  const sure = route === undefined ? total > 0.9995 : alwaysPasses(tree, route, `${fullName(service)}:${service.port}`);
  return sure ? text : `${text}, may fail`;
}

/** Whether every request of the route passes, whichever way the mesh takes. */
function alwaysPasses(tree: CallTree, route: Route, authority: string): boolean {
  try {
    const failing = subtractSets(requestsMeeting(route, authority), certain(tree, "allowed", authority));
    return exampleRequest(failing) === undefined;
  } catch (error) {
    if (error instanceof TooComplexError) return false;
    throw error;
  }
}
