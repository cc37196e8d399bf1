import { describe, expect, it } from "vitest";
import { driftOf } from "../../recovery/drift";

const urn = (type: string, name: string) => `urn:pulumi:dev::aks-mesh::aks-mesh:index:AksCluster$${type}::${name}`;
const cluster = urn("azure-native:containerservice:ManagedCluster", "aks-mesh-dev");
const service = urn("kubernetes:core/v1:Service", "bookstore");

function refresh(...steps: readonly object[]): string {
  return JSON.stringify({ config: {}, steps, changeSummary: {} });
}

describe("drift", () => {
  it("is nothing where nothing differs", () => {
    expect(driftOf(refresh({ op: "refresh", urn: service }, { op: "same", urn: cluster }))).toEqual([]);
  });

  it("is what is gone, and what differs", () => {
    const steps = [
      { op: "delete", urn: service },
      { op: "update", urn: cluster, diffReasons: ["sku"] },
    ];
    expect(driftOf(refresh(...steps))).toEqual([
      { urn: service, kind: "gone", properties: [] },
      { urn: cluster, kind: "changed", properties: ["sku"] },
    ]);
  });

  it("is not the node pools that azure-native reads into the cluster, but what differs beside them", () => {
    const pools = { op: "update", urn: cluster, diffReasons: ["agentPoolProfiles"] };
    expect(driftOf(refresh(pools))).toEqual([]);
    const more = { ...pools, diffReasons: ["agentPoolProfiles", "tags"] };
    expect(driftOf(refresh(more))).toEqual([{ urn: cluster, kind: "changed", properties: ["tags"] }]);
    expect(driftOf(refresh({ ...pools, urn: service }))).toHaveLength(1);
  });

  it("refuses another output", () => {
    expect(() => driftOf("{}")).toThrow(/no steps/);
    expect(() => driftOf("error: no stack")).toThrow(/no JSON/);
  });
});
