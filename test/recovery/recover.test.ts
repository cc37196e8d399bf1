import { describe, expect, it } from "vitest";
import { recover } from "../../recovery";
import { armId } from "../../recovery/arm-ids";

const subscriptionId = "00000000-0000-0000-0000-000000000001";

describe("the ARM id of a resource from its inputs", () => {
  it.each([
    [
      "azure-native:resources:ResourceGroup",
      { resourceGroupName: "rg" },
      `/subscriptions/${subscriptionId}/resourceGroups/rg`,
    ],
    [
      "azure-native:containerservice:AgentPool",
      { resourceGroupName: "rg", resourceName: "c", agentPoolName: "system1a2b3c" },
      `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c/agentPools/system1a2b3c`,
    ],
    [
      "azure-native:authorization:RoleAssignment",
      { scope: "/subscriptions/x/resourceGroups/rg", roleAssignmentName: "guid" },
      "/subscriptions/x/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/guid",
    ],
  ])("%s", (type, inputs, id) => expect(armId(type, inputs, subscriptionId)).toBe(id));

  it("is unknown for other types and for missing inputs", () => {
    expect(armId("kubernetes:core/v1:Namespace", { name: "x" }, subscriptionId)).toBeUndefined();
    expect(armId("azure-native:resources:ResourceGroup", {}, subscriptionId)).toBeUndefined();
  });
});

/** A Pulumi CLI that plays back checkpoints: each `stack export` answers with the next one, the last one again and again. */
function fakePulumi(checkpoints: readonly object[]) {
  const calls: string[][] = [];
  let exports = 0;
  return {
    calls,
    run: async (args: readonly string[]) => {
      calls.push([...args]);
      const next = checkpoints[Math.min(exports, checkpoints.length - 1)];
      if (args[1] === "export") exports += 1;
      return { code: 0, stdout: JSON.stringify({ deployment: next }), stderr: "" };
    },
  };
}

describe("recover", () => {
  const clusterUrn = "urn:pulumi:dev::aks-mesh::azure-native:containerservice:ManagedCluster::aks-mesh-dev";
  const cluster = {
    urn: clusterUrn,
    type: "azure-native:containerservice:ManagedCluster",
    inputs: { resourceGroupName: "rg", resourceName: "c" },
  };
  const namespace = { urn: "urn:namespace", type: "kubernetes:core/v1:Namespace", inputs: {} };
  const options = { stack: "dev", subscriptionId, report: () => undefined, pollMilliseconds: 1 };

  it("does nothing where nothing was under way", async () => {
    const pulumi = fakePulumi([{ resources: [cluster] }]);
    expect(await recover({ ...options, pulumi: pulumi.run })).toBe(0);
    expect(pulumi.calls).toHaveLength(1);
  });

  it("adopts what Azure was creating, drops the rest, and waits until Azure is done", async () => {
    const pulumi = fakePulumi([
      {
        pending_operations: [
          { type: "creating", resource: cluster },
          { type: "creating", resource: namespace },
        ],
      },
      { resources: [{ ...cluster, outputs: { provisioningState: "Creating" } }] },
      { resources: [{ ...cluster, outputs: { provisioningState: "Succeeded" } }] },
    ]);
    expect(await recover({ ...options, pulumi: pulumi.run })).toBe(2);
    const refreshes = pulumi.calls.filter(([command]) => command === "refresh");
    expect(refreshes).toHaveLength(2);
    const id = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c`;
    expect(refreshes[0]?.join(" ")).toContain(`--import-pending-creates ${clusterUrn} --import-pending-creates ${id}`);
    expect(refreshes[0]?.join(" ")).not.toContain("urn:namespace");
    expect(refreshes[1]).toContain(clusterUrn);
  });

  it("gives up with the names when Azure does not finish", async () => {
    const pulumi = fakePulumi([
      { pending_operations: [{ type: "creating", resource: cluster }] },
      { resources: [{ ...cluster, outputs: { provisioningState: "Creating" } }] },
    ]);
    await expect(recover({ ...options, pulumi: pulumi.run, timeoutMilliseconds: 0 })).rejects.toThrow("aks-mesh-dev");
  });
});
