import { type AccountKey } from "../cluster/keys";
import { type Labels } from "../cluster/workloads";
import { istioKinds, type Sidecar } from "../istio/kinds";
import { type ConvertedEgress } from "./egress";
import { type Grant } from "./grants";

/**
 * Sidecars are told of nothing but what is called: those of OSM know no other Services either, those outside of the mesh among them,
 * which no policy guards. One for a namespace, and one for each account that is let out to hosts outside.
 */
export function sidecarsOf(
  namespaces: readonly string[],
  grants: Iterable<Grant>,
  outside: ConvertedEgress["hosts"],
): readonly Sidecar[] {
  const called = calledNamespaces(grants);
  return namespaces.flatMap((namespace) => {
    const accounts = [...outside].filter(([account]) => account.startsWith(`${namespace}/`));
    // Hosts outside are told of in the same namespace, and are not for all.
    const own = accounts.length === 0 ? "./*" : `./*.${namespace}.svc.cluster.local`;
    const hosts = [...(called.get(namespace) ?? [])].sort().map((one) => (one === namespace ? own : `${one}/*`));
    return [
      sidecar(namespace, "default", undefined, hosts),
      ...accounts.flatMap(([account, { labels, hosts: more }]) => {
        const name = nameFor(account);
        return labels.map((one, index) =>
          sidecar(namespace, labels.length === 1 ? name : `${name}-${String(index + 1)}`, one, [...hosts, ...more]),
        );
      }),
    ];
  });
}

function nameFor(account: AccountKey): string {
  return `egress-${account.split("/")[1] ?? ""}`;
}

function sidecar(namespace: string, name: string, labels: Labels | undefined, hosts: readonly string[]): Sidecar {
  return {
    apiVersion: istioKinds.Sidecar.apiVersion,
    kind: "Sidecar",
    metadata: { name, namespace },
    spec: {
      ...(labels && { workloadSelector: { labels } }),
      egress: [{ hosts: hosts.length === 0 ? ["~/*"] : hosts }],
      outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
    },
  };
}

/** Namespaces that callers of a namespace may call into. */
function calledNamespaces(grants: Iterable<Grant>): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { server, callers } of grants) {
    const [called = ""] = server.split("/");
    for (const caller of callers) {
      const [namespace = ""] = caller.split("/");
      const known = found.get(namespace);
      if (known === undefined) found.set(namespace, new Set([called]));
      else known.add(called);
    }
  }
  return found;
}
