import { type Labels } from "../cluster/workloads";

/** Whether labels have all of those that a selector asks for; none for an empty one. */
export function isSubset(selector: Labels, labels: Labels): boolean {
  return Object.keys(selector).every((name) => labels[name] === selector[name]);
}

/**
 * Labels that istiod gives endpoints by where their nodes are, over those of their pods (pilot/pkg/serviceregistry/util/label): what a subset
 * with one of them selects, no manifest tells.
 */
const placeLabels: ReadonlySet<string> = new Set([
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
  "topology.istio.io/cluster",
  "topology.istio.io/network",
  "kubernetes.io/hostname",
]);

/** The labels of a subset that are those of pods, and whether it has others. */
export function podLabels(labels: Labels): { readonly own: Labels; readonly placed: boolean } {
  const names = Object.keys(labels);
  if (!names.some((name) => placeLabels.has(name))) return { own: labels, placed: false };
  return { own: Object.fromEntries(Object.entries(labels).filter(([name]) => !placeLabels.has(name))), placed: true };
}
