import { describe, expect, it } from "vitest";
import { beyondLimits } from "../../preview/bounds";
import { type EngineResource } from "../../preview/plan";

const agentPool = "azure-native:containerservice:AgentPool";
const managedCluster = "azure-native:containerservice:ManagedCluster";

function resource(type: string, inputs: Record<string, unknown> = {}, custom = true): EngineResource {
  return { urn: `urn:pulumi:pr-1::aks-mesh::${type}::thing`, type, custom, inputs };
}

const pool = (inputs: Record<string, unknown>, type = agentPool) => resource(type, { vmSize: "small", ...inputs });
const cluster = (...agentPoolProfiles: readonly Record<string, unknown>[]) =>
  resource(managedCluster, { agentPoolProfiles: agentPoolProfiles.map((one) => ({ vmSize: "small", ...one })) });
const unknownInside = resource(managedCluster, { agentPoolProfiles: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" });
const announcing = (profile: string) => resource("pulumi-nodejs:dynamic/aks-mesh:InlinePools", { profile });
const limits = { nodes: 3, nodeSizes: ["small"], resourceTypes: ["azure-native:cache:Redis"] };
const tooMany = "The cluster could grow to 4 nodes; at most 3 are allowed.";

describe("a preview with a cluster of its own", () => {
  it.each<[string, readonly EngineResource[]]>([
    ["as many nodes as allowed", [pool({ count: 1 }), pool({ enableAutoScaling: true, minCount: 1, maxCount: 2 })]],
    ["the pool by which a cluster begins besides", [cluster({ name: "bootstrap", count: 3 }), pool({ count: 3 })]],
    [
      "pools inside the cluster that its own plan announces",
      [
        unknownInside,
        announcing(JSON.stringify([{ name: "bootstrap", vmSize: "small", count: 1 }])),
        pool({ count: 3 }),
      ],
    ],
    ["one node where nothing is said, as Azure makes it", [pool({}), pool({ count: 2 })]],
    [
      "what a team's setting adds",
      [resource("azure-native:cache:Redis"), resource("azure-native:cache/v20240101:Redis")],
    ],
    [
      "what such a cluster is made of",
      [
        resource("pulumi:providers:kubernetes"),
        resource("kubernetes:core/v1:Namespace"),
        resource("pulumi-nodejs:dynamic/aks-mesh:MeshReady"),
        resource("azure-native:resources:ResourceGroup"),
        resource("aks-mesh:index:AksCluster", {}, false),
      ],
    ],
  ])("may have %s", (_, resources) => {
    expect(beyondLimits(resources, limits)).toEqual([]);
  });

  it.each<[string, readonly EngineResource[], string]>([
    ["more nodes by autoscaling", [pool({ enableAutoScaling: true, count: 1, maxCount: 4 })], tooMany],
    ["more nodes by count, whatever maxCount says", [pool({ count: 4, maxCount: 1 })], tooMany],
    ["more nodes in pools together", [pool({ count: 2 }), pool({ count: 2 })], tooMany],
    ["more nodes in pools inside the cluster", [cluster({ name: "a", count: 2 }, { name: "b", count: 2 })], tooMany],
    ["more nodes inside and outside of the cluster", [cluster({ name: "a", count: 2 }), pool({ count: 2 })], tooMany],
    ["a pool named like the first one that is larger", [cluster({ name: "bootstrap", count: 4 })], tooMany],
    [
      "pools of another version of the API",
      [pool({ count: 4 }, "azure-native:containerservice/v20250901:AgentPool")],
      tooMany,
    ],
    [
      "clusters of another version of the API",
      [cluster(), resource("azure-native:containerservice/v20250901:ManagedCluster")],
      "There would be 2 clusters; a preview has one.",
    ],
    ["larger nodes", [pool({ vmSize: "large" })], "Nodes of size large are not allowed (small)."],
    [
      "larger nodes inside the cluster",
      [cluster({ vmSize: "huge", count: 1 })],
      "Nodes of size huge are not allowed (small).",
    ],
    [
      "nodes of a size that is not known yet",
      [pool({ vmSize: undefined })],
      "The size of the nodes of pool thing is not known: write vmSize.",
    ],
    [
      "a number of nodes that is not known yet",
      [pool({ count: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" })],
      "How many nodes pool thing can have is not known: write count or maxCount.",
    ],
    [
      "autoscaling without an end",
      [pool({ enableAutoScaling: true, count: 1 })],
      "How many nodes pool thing can have is not known: write count or maxCount.",
    ],
    [
      "autoscaling of which nobody knows whether it is on",
      [pool({ enableAutoScaling: "04da6b54-80e4-46f7-96ec-b56ff0331ba9", count: 1, maxCount: 1 })],
      "How many nodes pool thing can have is not known: write count or maxCount.",
    ],
    [
      "pools inside the cluster that are not known yet",
      [unknownInside],
      "How many nodes agentPoolProfiles of thing can have is not known: write count or maxCount.",
    ],
    [
      "pools inside the cluster whose announcement is not known yet",
      [unknownInside, announcing("04da6b54-80e4-46f7-96ec-b56ff0331ba9")],
      "How many nodes agentPoolProfiles of thing can have is not known: write count or maxCount.",
    ],
    [
      "larger pools inside the cluster, as its own plan announces",
      [unknownInside, announcing(JSON.stringify([{ name: "bootstrap", vmSize: "small", count: 4 }]))],
      tooMany,
    ],
    [
      "a negative number that makes room",
      [pool({ count: -3 }), pool({ count: 3 })],
      "How many nodes pool thing can have is not known: write count or maxCount.",
    ],
    [
      "machines that are no nodes",
      [resource("azure-native:compute:VirtualMachineScaleSet")],
      "A preview's own cluster is made of no azure-native:compute:VirtualMachineScaleSet: see previewResourceTypes in Pulumi.yaml.",
    ],
    [
      "code of its own",
      [resource("pulumi-nodejs:dynamic:Resource")],
      "A preview's own cluster is made of no pulumi-nodejs:dynamic:Resource: see previewResourceTypes in Pulumi.yaml.",
    ],
  ])("may not have %s", (_, resources, message) => {
    expect(beyondLimits(resources, limits)).toContain(message);
  });
});
