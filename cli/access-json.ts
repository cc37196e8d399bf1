import { type Access, type CallTree, chainKind, fullName } from "../mesh/osm";

/** The relation as data: what each caller's requests end with, by route, and what everything else gets. */
export function accessJson(relation: Access): unknown {
  return {
    callers: relation.callers,
    services: relation.services.map((service) => ({
      name: service.name,
      namespace: service.namespace,
      port: service.port,
      targetPort: service.targetPort,
      protocol: service.protocol,
    })),
    entries: relation.entries.map(({ callers, service, tree }) => ({
      from: callers,
      to: `${fullName(service)}:${String(service.port)}`,
      protocol: chainKind(service.protocol) === "tcp" ? "tcp" : "http",
      calls: treeJson(tree),
    })),
    otherwise: { outcome: "refused", status: null },
  };
}

function treeJson(tree: CallTree): unknown {
  switch (tree.kind) {
    case "http":
      return treeJson(tree.tree);
    case "end":
      return {
        outcome: tree.outcome,
        ...(tree.backend !== undefined && { backend: tree.backend }),
        because: tree.because.map(({ text }) => text),
      };
    case "choice":
      return {
        "varies-by": tree.by,
        because: tree.because.map(({ text }) => text),
        branches: tree.branches.map((branch) => ({ weight: branch.weight, calls: treeJson(branch.tree) })),
      };
    case "egress-routes":
      return {
        routes: tree.routes.map(({ methods, path, headers }) => ({
          methods,
          path,
          headers: Object.fromEntries(headers ?? []),
        })),
        then: treeJson(tree.onward),
        otherwise: { outcome: "no-route", status: 404 },
      };
    case "server-routes": {
      const { table, identity, backend } = tree;
      return {
        backend,
        // The first of a target's routes that matches may win; of several targets it is undefined which one's.
        targets: table.byTarget.map(({ target, routes }) => ({
          target: `${target.namespace}/${target.name}`,
          routes: routes.map(({ methods, path, headers, principals }) => ({
            methods,
            path,
            headers: Object.fromEntries(headers),
            outcome: principals?.has(identity) === false ? "denied" : "allowed",
          })),
        })),
        otherwise: { outcome: "no-route", status: 404 },
      };
    }
  }
}
