import { isJsonObject } from "../mesh/manifests";
import { type EngineResource } from "./plan";
import { type PreviewPolicy } from "./settings";

/** Where a cluster of a preview's own is larger than the team allows, one sentence each. */
export function beyondLimits(
  resources: readonly EngineResource[],
  { nodes, nodeSizes }: Pick<PreviewPolicy, "nodes" | "nodeSizes">,
): readonly string[] {
  const pools = resources.flatMap(({ type, inputs }): readonly unknown[] => {
    if (type === "azure-native:containerservice:AgentPool") return [inputs];
    const profiles = inputs["agentPoolProfiles"];
    return type === "azure-native:containerservice:ManagedCluster" && Array.isArray(profiles) ? profiles : [];
  });
  const known = pools.filter(isJsonObject);
  const sizes = new Set(known.map(({ vmSize }) => String(vmSize)).filter((size) => !nodeSizes.includes(size)));
  const own = resources.filter(({ type }) => type === "azure-native:containerservice:AgentPool");
  const count = own.reduce((sum, { inputs }) => sum + mostNodes(inputs), 0);
  const clusters = resources.filter(({ type }) => type === "azure-native:containerservice:ManagedCluster").length;
  return [
    ...[...sizes].map((size) => `Nodes of size ${size} are not allowed (${nodeSizes.join(", ")}).`),
    ...(count > nodes ? [`The cluster could grow to ${count} nodes; at most ${nodes} are allowed.`] : []),
    ...(clusters > 1 ? [`There would be ${clusters} clusters; a preview has one.`] : []),
  ];
}

function mostNodes({ maxCount, count }: EngineResource["inputs"]): number {
  if (typeof maxCount === "number") return maxCount;
  return typeof count === "number" ? count : 1;
}
