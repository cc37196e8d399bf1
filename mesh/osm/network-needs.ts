import { type UnmetAssumption } from "../analysis/mesh";
import { type NetworkEnd, type NetworkPolicy } from "../network-policies";
import { type ControlPlane } from "./control-plane";
import { type AccountKey, keyOf, type PodState } from "./state";

/** Port of osm-controller at which sidecars get their configuration. */
export const discoveryPort = 15128;

/** Where the control plane and the cluster's DNS run: the AKS add-on's namespace, and the default of OSM's own chart. */
const meshNamespaces = ["kube-system", "osm-system"];

/** What sidecars cannot do without, and network policies keep them from. */
export interface BlockedNeed {
  readonly account: AccountKey;
  /** The mesh's control plane, or the server of names. */
  readonly need: "configuration" | "names";
  /** One that stops it. */
  readonly policy: NetworkPolicy;
}

/** Accounts whose sidecars network policies let reach neither the mesh's control plane nor the names' server. */
export function blockedNeeds({ network, state }: Pick<ControlPlane, "network" | "state">): readonly BlockedNeed[] {
  if (network === undefined) return [];
  const found = new Map<string, BlockedNeed>();
  const stopping = (
    pod: PodState,
    ends: readonly NetworkEnd[],
    port: number,
    protocol: string,
  ): NetworkPolicy | undefined => {
    let policy: NetworkPolicy | undefined;
    for (const end of ends) {
      const { passes, stoppedBy } = network.passage(network.ends.of(pod), end, port, protocol);
      const egress = stoppedBy.find(({ direction }) => direction === "egress");
      if (passes !== "no" || egress === undefined) return undefined;
      policy ??= egress.policies[0];
    }
    return policy;
  };
  const controllers = meshNamespaces.map((namespace) => network.ends.unseen(namespace, { app: "osm-controller" }));
  const servers = [network.ends.unseen("kube-system", { "k8s-app": "kube-dns" })];
  for (const pod of state.pods) {
    if (!state.hasSidecar(pod)) continue;
    const account = keyOf(pod.namespace, pod.serviceAccount);
    const blocked = {
      configuration: stopping(pod, controllers, discoveryPort, "TCP"),
      names: stopping(pod, servers, 53, "UDP"),
    };
    for (const need of ["configuration", "names"] as const) {
      const policy = blocked[need];
      const key = `${account} ${need}`;
      if (policy !== undefined && !found.has(key)) found.set(key, { account, need, policy });
    }
  }
  return [...found.values()];
}

/** What answers rest on and is not so, by account. */
export function unmetAssumptions(
  plane: Pick<ControlPlane, "network" | "state">,
): ReadonlyMap<AccountKey, readonly UnmetAssumption[]> {
  const found = new Map<AccountKey, UnmetAssumption[]>();
  for (const { account, need, policy } of blockedNeeds(plane)) {
    const by = `NetworkPolicy ${keyOf(policy.namespace, policy.name)}`;
    const text =
      need === "configuration"
        ? `It is assumed that the sidecars of ${account} have their configuration, which is not so: ${by} keeps them from osm-controller. New ones refuse every call, running ones go by what they were told last.`
        : `It is assumed that pods of ${account} can resolve names, which is not so: ${by} keeps them from the cluster's DNS.`;
    const unmet = { text, mayOpen: need === "configuration" };
    const list = found.get(account);
    if (list === undefined) found.set(account, [unmet]);
    else list.push(unmet);
  }
  return found;
}
