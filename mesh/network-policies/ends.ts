import { type NamespaceState, type PodState } from "../cluster/workloads";
import { type PodEnd } from "./reach";
import { type KnownLabels } from "./selector";

/** The label that Kubernetes itself gives every namespace: its name. */
const nameLabel = "kubernetes.io/metadata.name";

/** The pods of a cluster as ends of connections. */
export interface PodEnds {
  /** A pod that the objects show, or that a workload of theirs would make. */
  of(pod: PodState): PodEnd;
  /** A pod of which no object tells more than the namespace, and perhaps some labels. */
  unseen(namespace: string, labels?: Readonly<Record<string, string>>): PodEnd;
}

/** @param namespaces Those that objects show. Of others the name is known, and no further label. */
export function podEnds(namespaces: ReadonlyMap<string, NamespaceState>): PodEnds {
  const known = new WeakMap<PodState, PodEnd>();
  const labelsOf = (namespace: string): KnownLabels => {
    const found = namespaces.get(namespace);
    return { labels: { ...found?.labels, [nameLabel]: namespace }, complete: found !== undefined };
  };
  return {
    of: (pod) => {
      let end = known.get(pod);
      if (end === undefined) {
        end = {
          kind: "pod",
          namespace: pod.namespace,
          namespaceLabels: labelsOf(pod.namespace),
          labels: { labels: pod.labels, complete: pod.assumed !== true },
          ips: pod.addressAssumed === true || pod.ips.length === 0 ? undefined : pod.ips,
          hostNetwork: pod.hostNetwork,
          namedPorts: pod.assumed === true ? undefined : pod.namedPorts,
        };
        known.set(pod, end);
      }
      return end;
    },
    unseen: (namespace, labels = {}) => ({
      kind: "pod",
      namespace,
      namespaceLabels: labelsOf(namespace),
      labels: { labels, complete: false },
      ips: undefined,
      hostNetwork: false,
      namedPorts: undefined,
    }),
  };
}
