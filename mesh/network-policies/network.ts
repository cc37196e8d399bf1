import { type NamespaceState, type PodState } from "../cluster/workloads";
import { type PodEnds, podEnds } from "./ends";
import { type NetworkPolicy } from "./network-policy";
import { type NetworkEnd, type NetworkPolicies, networkPolicies, type Passage, passage } from "./reach";

/** The network below the mesh: connections between pods, by the addresses and ports that they have after kube-proxy. */
export interface Network {
  readonly policies: NetworkPolicies;
  readonly ends: PodEnds;
  /** What happens to a connection to a port of the other end. Default: TCP. */
  passage(from: NetworkEnd, to: NetworkEnd, port: number, protocol?: string): Passage;
  /** Equal for pods of one namespace that policies cannot tell apart. */
  classOf(pod: PodState): string;
}

/** Undefined where no NetworkPolicy is there, so that everything passes. */
export function networkOf(
  all: readonly NetworkPolicy[],
  namespaces: ReadonlyMap<string, NamespaceState>,
): Network | undefined {
  if (all.length === 0) return undefined;
  const policies = networkPolicies(all);
  const ends = podEnds(namespaces);
  const keys = labelKeys(all);
  return {
    policies,
    ends,
    passage: (from, to, port, protocol = "TCP") => passage(policies, from, to, { port, protocol }),
    classOf: (pod) => JSON.stringify([pod.hostNetwork, ...keys.map((key) => pod.labels[key] ?? null)]),
  };
}

/** The labels that any policy asks for. */
function labelKeys(all: readonly NetworkPolicy[]): readonly string[] {
  const selectors = all.flatMap(({ podSelector, ingress = [], egress = [] }) => [
    podSelector,
    ...[...ingress, ...egress].flatMap(({ peers = [] }) =>
      peers.flatMap((peer) => (peer.kind === "pods" ? [peer.podSelector ?? []] : [])),
    ),
  ]);
  return [...new Set(selectors.flat().map(({ key }) => key))];
}
