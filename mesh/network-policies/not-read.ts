/** API groups with policies of other network plugins, and of Kubernetes itself above the namespaces. This analysis reads none of them. */
const groups: Readonly<Record<string, string>> = {
  "crd.projectcalico.org": "Calico",
  "projectcalico.org": "Calico",
  "cilium.io": "Cilium",
  "policy.networking.k8s.io": "Kubernetes, cluster-wide",
};

/** API groups whose policies over connections are not read. */
export const unreadPolicyGroups: readonly string[] = Object.keys(groups);

/** Kinds of these groups that let connections pass or stop them. */
const kinds: ReadonlySet<string> = new Set([
  "NetworkPolicy",
  "GlobalNetworkPolicy",
  "StagedNetworkPolicy",
  "CiliumNetworkPolicy",
  "CiliumClusterwideNetworkPolicy",
  "CiliumLocalRedirectPolicy",
  "AdminNetworkPolicy",
  "BaselineAdminNetworkPolicy",
  "ClusterNetworkPolicy",
]);

/** Whose policy an object is, where it decides over connections and is not read; undefined for all others. */
export function notRead({
  apiVersion,
  kind,
}: {
  readonly apiVersion: string;
  readonly kind: string;
}): string | undefined {
  const [group = ""] = apiVersion.split("/");
  return kinds.has(kind) && Object.hasOwn(groups, group) ? groups[group] : undefined;
}
