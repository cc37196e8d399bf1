import { type Access, addressOf, type CallTree, type RequestChange, type RequestCondition } from "../mesh";
import { schemaOf } from "./schemas";

/** The relation as data, see schemas/v1/access.json: what each caller's requests end with, by route, and what everything else gets. */
export function accessJson(relation: Access): unknown {
  return {
    $schema: schemaOf("access"),
    callers: relation.callers,
    unseen: relation.unseen,
    outsiders: relation.outsiders,
    services: relation.services.map((service) => ({
      name: service.name,
      namespace: service.namespace,
      port: service.port,
      targetPort: service.targetPort,
      protocol: service.protocol,
    })),
    entries: relation.entries.map(({ callers, service, tree }) => ({
      from: callers,
      to: addressOf(service),
      protocol: service.kind === "tcp" ? "tcp" : "http",
      ...(service.tls && { tls: { "server-name": service.tls.serverName } }),
      calls: treeJson(tree),
    })),
    otherwise: { outcome: relation.otherwise ?? "fails", status: null },
  };
}

function treeJson(tree: CallTree): unknown {
  switch (tree.kind) {
    case "http":
    case "normalised":
      return treeJson(tree.tree);
    case "changed":
      return { "sent-on": changeJson(tree.change), calls: treeJson(tree.tree) };
    case "end":
      return {
        outcome: tree.outcome,
        ...(tree.status !== undefined && { status: tree.status }),
        ...(tree.backend !== undefined && { backend: tree.backend }),
        because: tree.because.map(({ text }) => text),
      };
    case "choice":
      return {
        "varies-by": tree.by,
        because: tree.because.map(({ text }) => text),
        // Without weights nothing defines how often it is which.
        branches: tree.branches.map(({ weight, tree: child }) => ({
          ...(tree.undefined !== true && { weight }),
          calls: treeJson(child),
        })),
      };
    case "rules":
      return {
        // The first rule of a group that a request meets may win; of several groups it is undefined which one's.
        groups: tree.list.groups.map(({ source, rules }) => ({
          from: source,
          rules: rules.map((rule) => ({
            ...conditionJson(rule),
            calls: treeJson(tree.then(rule)),
          })),
        })),
        otherwise: treeJson(tree.otherwise),
      };
  }
}

/** What a proxy makes of a request before others see it. A header that is taken off is null, and so is the token. */
function changeJson({ path, authority, headers, withoutToken }: RequestChange): object {
  return {
    ...(path !== undefined && { path }),
    ...(authority !== undefined && { host: authority }),
    headers: Object.fromEntries(Array.from(headers, ([name, value]) => [name, value ?? null])),
    ...(withoutToken === true && { token: null }),
  };
}

/** A condition on requests. What it has beside a path, methods and headers narrows it. */
function conditionJson({ methods, path, headers, also, except }: RequestCondition): object {
  return {
    methods,
    path,
    headers: Object.fromEntries(headers ?? []),
    ...(also && also.length > 0 && { also: also.map(conditionJson) }),
    ...(except && except.length > 0 && { except: except.map(conditionJson) }),
  };
}
