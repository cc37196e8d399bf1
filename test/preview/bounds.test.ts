import { describe, expect, it } from "vitest";
import { beyondLimits, outsideOwnNamespaces } from "../../preview/bounds";
import { type EngineResource } from "../../preview/plan";

function resource(type: string, inputs: Record<string, unknown> = {}, custom = true): EngineResource {
  return { urn: `urn:pulumi:pr-1::aks-mesh::${type}::thing`, type, custom, inputs };
}

function object(kind: string, name: string, namespace?: string): EngineResource {
  return resource(`kubernetes:core/v1:${kind}`, { apiVersion: "v1", kind, metadata: { name, namespace } });
}

describe("a preview on the shared cluster", () => {
  it("may have objects in its namespaces, and what Pulumi itself needs", () => {
    const resources = [
      resource("pulumi:pulumi:Stack"),
      resource("pulumi:pulumi:StackReference"),
      resource("pulumi:providers:kubernetes"),
      resource("aks-mesh:index:Bookstore", {}, false),
      object("Namespace", "pr-1-bookstore"),
      object("Service", "bookstore", "pr-1-bookstore"),
      object("Secret", "mysql", "pr-1-bookstore"),
    ];
    expect(outsideOwnNamespaces(1, resources)).toEqual([]);
  });

  it.each([
    ["a shared namespace", object("Service", "gift", "bookstore")],
    ["another preview's namespace", object("Service", "gift", "pr-2-bookstore")],
    ["a namespace of a longer number", object("Service", "gift", "pr-11-bookstore")],
    ["a namespace that has its name within", object("Service", "gift", "shop-pr-1-bookstore")],
    ["a secret in such a namespace", object("Secret", "gift", "shop-pr-1-bookstore")],
    ["no namespace at all", object("ClusterRole", "root")],
    ["a secret elsewhere", object("Secret", "gift", "kube-system")],
    ["a namespace of another name", object("Namespace", "bookstore")],
    ["the mesh's settings", object("MeshConfig", "osm-mesh-config", "kube-system")],
    ["a list of objects in a chart", resource("kubernetes:helm.sh/v3:Release", { namespace: "pr-1-x" })],
    ["an Azure resource", resource("azure-native:resources:ResourceGroup")],
    ["code that runs at deployment", resource("pulumi-nodejs:dynamic:Resource")],
  ])("may not have %s", (_, wrong) => {
    expect(outsideOwnNamespaces(1, [wrong])).toHaveLength(1);
  });
});

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
