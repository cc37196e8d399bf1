import { readFile } from "node:fs/promises";
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

/**
 * A Pulumi CLI that plays back states: each `stack export` answers with the next one, the last one again and again; what is
 * imported is kept.
 */
function fakePulumi(states: readonly object[]) {
  const calls: string[][] = [];
  const imported: unknown[] = [];
  let exports = 0;
  return {
    calls,
    imported,
    run: async (args: readonly string[]) => {
      calls.push([...args]);
      const deployment = states[Math.min(exports, states.length - 1)];
      if (args[1] === "export") exports += 1;
      if (args[1] === "import")
        imported.push(JSON.parse(await readFile(args[args.indexOf("--file") + 1] ?? "", "utf8")));
      return { code: 0, stdout: JSON.stringify({ version: 3, deployment }), stderr: "" };
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
  const group = { urn: "urn:group", type: "azure-native:resources:ResourceGroup", inputs: { resourceGroupName: "rg" } };
  const namespace = { urn: "urn:namespace", type: "kubernetes:core/v1:Namespace", inputs: {} };
  const options = { stack: "dev", subscriptionId, report: () => undefined, pollMilliseconds: 1 };
  const id = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c`;

  it("does nothing where nothing was under way", async () => {
    const pulumi = fakePulumi([{ resources: [cluster] }]);
    expect(await recover({ ...options, pulumi: pulumi.run })).toBe(0);
    expect(pulumi.calls).toHaveLength(1);
  });

  it("writes into the state what Azure was creating, forgets the rest, and waits until Azure is done", async () => {
    const pulumi = fakePulumi([
      {
        manifest: { version: "v" },
        resources: [group],
        pending_operations: [
          { type: "creating", resource: cluster },
          { type: "creating", resource: namespace },
          { type: "updating", resource: group },
        ],
      },
      { resources: [group, { ...cluster, outputs: { provisioningState: "Creating" } }] },
      { resources: [group, { ...cluster, outputs: { provisioningState: "Succeeded" } }] },
    ]);
    expect(await recover({ ...options, pulumi: pulumi.run })).toBe(3);
    expect(pulumi.imported).toEqual([
      {
        version: 3,
        deployment: { manifest: { version: "v" }, resources: [group, { ...cluster, id }], pending_operations: [] },
      },
    ]);
    const refreshes = pulumi.calls.filter(([command]) => command === "refresh");
    expect(refreshes).toHaveLength(2);
    for (const refresh of refreshes) expect(refresh.slice(-2)).toEqual(["--target", clusterUrn]);
  });

  it("gives up with the names when Azure does not finish", async () => {
    const pulumi = fakePulumi([
      { pending_operations: [{ type: "creating", resource: cluster }] },
      { resources: [{ ...cluster, outputs: { provisioningState: "Creating" } }] },
    ]);
    await expect(recover({ ...options, pulumi: pulumi.run, timeoutMilliseconds: -1 })).rejects.toThrow("aks-mesh-dev");
  });
});
