import { describe, expect, it } from "vitest";
import { beyondLimits } from "../../preview/bounds";
import { type EngineResource } from "../../preview/plan";

function resource(type: string, inputs: Record<string, unknown> = {}, custom = true): EngineResource {
  return { urn: `urn:pulumi:pr-1::aks-mesh::${type}::thing`, type, custom, inputs };
}

describe("a preview with a cluster of its own", () => {
  const pool = (vmSize: string, inputs: Record<string, unknown>) =>
    resource("azure-native:containerservice:AgentPool", { vmSize, ...inputs });
  const limits = { nodes: 3, nodeSizes: ["small"] };

  it("may have as many nodes as allowed, of allowed sizes", () => {
    expect(beyondLimits([pool("small", { count: 1 }), pool("small", { minCount: 1, maxCount: 2 })], limits)).toEqual(
      [],
    );
  });

  it("is told of every limit that it breaks", () => {
    const profiles = [{ name: "bootstrap", vmSize: "huge" }];
    const cluster = resource("azure-native:containerservice:ManagedCluster", { agentPoolProfiles: profiles });
    expect(beyondLimits([cluster, cluster, pool("large", { maxCount: 4 })], limits)).toEqual([
      "Nodes of size huge are not allowed (small).",
      "Nodes of size large are not allowed (small).",
      "The cluster could grow to 4 nodes; at most 3 are allowed.",
      "There would be 2 clusters; a preview has one.",
    ]);
  });
});
