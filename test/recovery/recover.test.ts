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
    expect(armId("azure-native:keyvault:Vault", { vaultName: "x" }, subscriptionId)).toBeUndefined();
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
    custom: true,
    inputs: { resourceGroupName: "rg", resourceName: "c" },
  };
  const group = { urn: "urn:group", type: "azure-native:resources:ResourceGroup", inputs: { resourceGroupName: "rg" } };
  const namespace = {
    urn: "urn:namespace",
    type: "kubernetes:core/v1:Namespace",
    custom: true,
    inputs: { kind: "Namespace", metadata: { name: "bookstore" } },
  };
  const options = { stack: "dev", subscriptionId, report: () => undefined, pollMilliseconds: 1 };
  const id = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c`;

  it("does nothing where nothing was under way, a failed creation included", async () => {
    const failed = { ...namespace, initErrors: ["2 pods are not ready"], outputs: { metadata: { name: "bookstore" } } };
    const pulumi = fakePulumi([{ resources: [cluster, failed] }]);
    expect(await recover({ ...options, pulumi: pulumi.run })).toBe(0);
    expect(pulumi.calls).toHaveLength(1);
  });

  it("writes into the state what was being created, forgets the rest, and waits until Azure is done", async () => {
    const read = { ...namespace, id: "bookstore", outputs: {} };
    const pulumi = fakePulumi([
      {
        manifest: { version: "v" },
        resources: [group],
        pending_operations: [
          { type: "creating", resource: cluster },
          { type: "creating", resource: namespace },
          { type: "reading", resource: group },
        ],
      },
      { resources: [group, { ...cluster, outputs: { provisioningState: "Creating" } }, read] },
      { resources: [group, { ...cluster, outputs: { provisioningState: "Succeeded" } }, read] },
    ]);
    expect(await recover({ ...options, pulumi: pulumi.run })).toBe(3);
    const initErrors = [expect.stringContaining("cut off")];
    expect(pulumi.imported).toEqual([
      {
        version: 3,
        deployment: {
          manifest: { version: "v" },
          resources: [group, { ...cluster, id, initErrors }, { ...namespace, id: "bookstore", initErrors }],
          pending_operations: [],
        },
      },
    ]);
    const refreshes = pulumi.calls.filter(([command]) => command === "refresh");
    expect(refreshes.map((args) => args.filter((arg) => arg.startsWith("urn:")))).toEqual([
      [clusterUrn, namespace.urn],
      [clusterUrn],
    ]);
  });

  it("goes on where an earlier recovery was cut off before its refresh, or while Azure was at work", async () => {
    const first = fakePulumi([{ pending_operations: [{ type: "creating", resource: namespace }] }]);
    const unreachable = async (args: readonly string[]) =>
      args[0] === "refresh" ? { code: 255, stdout: "", stderr: "unreachable cluster" } : first.run(args);
    await expect(recover({ ...options, pulumi: unreachable })).rejects.toThrow("unreachable cluster");
    const [{ deployment }] = first.imported as [{ deployment: object }];

    const second = fakePulumi([deployment, { resources: [] }]);
    expect(await recover({ ...options, pulumi: second.run })).toBe(1);
    expect(second.calls.map(([command]) => command)).toEqual(["stack", "refresh", "stack"]);
    expect(second.imported).toEqual([]);

    const atWork = { ...cluster, outputs: { provisioningState: "Updating" } };
    const third = fakePulumi([{ resources: [atWork] }, { resources: [atWork] }, { resources: [] }]);
    expect(await recover({ ...options, pulumi: third.run })).toBe(1);
    expect(third.calls.filter(([command]) => command === "refresh")).toHaveLength(2);
  });

  it("says what may be there without anybody knowing under which name", async () => {
    const said: string[] = [];
    const unnamed = { ...namespace, inputs: { metadata: { generateName: "x-" } } };
    const pulumi = fakePulumi([{ pending_operations: [{ type: "creating", resource: unnamed }] }, {}]);
    await recover({ ...options, pulumi: pulumi.run, report: (message) => said.push(message) });
    expect(said[1]).toBe("kubernetes:core/v1:Namespace urn:namespace may have been created: look, and delete it.");
    expect(pulumi.imported).toHaveLength(1);
  });

  it("takes up what a destroy has left, and not what another made meanwhile", async () => {
    const stack = { urn: "urn:stack", type: "pulumi:pulumi:Stack", outputs: { kubeconfig: "encrypted" } };
    const live = { ...cluster, id, outputs: { provisioningState: "Succeeded" } };
    const provider = { urn: "urn:k8s", type: "pulumi:providers:kubernetes", custom: true, id: "p" };
    const left = [stack, live, provider];
    const ofName = (name: string) => ({
      ...namespace,
      urn: `urn:${name}`,
      inputs: { kind: "Namespace", metadata: { name } },
      provider: "urn:k8s::p",
      deletedWith: clusterUrn,
    });
    const steps = ["ours", "theirs", "gone"].map((name) => ({ op: "create", newState: ofName(name) }));
    const madeBy = (name: string, manager: string) => ({
      ...ofName(name),
      id: name,
      outputs: { metadata: { name, managedFields: [{ manager }] } },
    });
    const refreshed = [...left, madeBy("ours", "pulumi-kubernetes"), madeBy("theirs", "kubectl-create")];
    const fake = fakePulumi([{ resources: left }, { resources: refreshed }]);
    const pulumi = async (args: readonly string[]) =>
      args[0] === "preview" ? { code: 0, stdout: JSON.stringify({ steps }), stderr: "" } : fake.run(args);
    const told: string[] = [];
    expect(await recover({ ...options, pulumi, report: (message) => told.push(message) })).toBe(1);
    expect(told.at(-1)).toBe("It had left 1 resource(s), which are in the state again.");
    const [first, second] = fake.imported as { deployment: { resources: { urn: string }[] } }[];
    const urns = left.map(({ urn }) => urn);
    expect(first?.deployment.resources.map(({ urn }) => urn)).toEqual([...urns, "urn:ours", "urn:theirs", "urn:gone"]);
    expect(second?.deployment.resources.map(({ urn }) => urn)).toEqual([...urns, "urn:ours"]);

    const said: string[] = [];
    const again = fakePulumi([{ resources: left }]);
    const unplanned = async (args: readonly string[]) =>
      args[0] === "preview" ? { code: 255, stdout: "", stderr: "" } : again.run(args);
    expect(await recover({ ...options, pulumi: unplanned, report: (message) => said.push(message) })).toBe(0);
    expect(again.imported).toEqual([]);
    expect(said.at(-1)).toContain("nothing is taken up");
  });

  it("gives up with the names when Azure does not finish", async () => {
    const pulumi = fakePulumi([
      { pending_operations: [{ type: "creating", resource: cluster }] },
      { resources: [{ ...cluster, outputs: { provisioningState: "Creating" } }] },
    ]);
    await expect(recover({ ...options, pulumi: pulumi.run, timeoutMilliseconds: -1 })).rejects.toThrow("aks-mesh-dev");
  });
});
