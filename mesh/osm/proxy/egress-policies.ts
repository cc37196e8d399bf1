import { type AccountKey, type ClusterState, type EgressPolicy, keyOf } from "../state";

type Known = Pick<ClusterState, "isMonitored" | "settings" | "egresses">;

/** Why OSM makes nothing of an Egress, or undefined where it does not (pkg/policy/client.go, pkg/catalog/egress.go). */
export function voidBecause(
  { isMonitored, settings }: Omit<Known, "egresses">,
  egress: EgressPolicy,
): string | undefined {
  if (!isMonitored(egress.namespace)) return `namespace ${egress.namespace} is not in the mesh`;
  const missing = egress.matches.find(
    ({ kind, apiGroup, name }) =>
      kind === "UpstreamTrafficSetting" &&
      apiGroup === "policy.openservicemesh.io/v1alpha1" &&
      !settings.some((one) => one.namespace === egress.namespace && one.name === name),
  );
  return missing && `there is no UpstreamTrafficSetting ${keyOf(egress.namespace, missing.name)}`;
}

/** The Egress objects that count for an account. */
export function egressPolicies(state: Known, account: AccountKey): readonly EgressPolicy[] {
  return state.egresses.filter(
    (egress) =>
      egress.sources.some(({ kind, key }) => kind === "ServiceAccount" && key === account) &&
      voidBecause(state, egress) === undefined,
  );
}
