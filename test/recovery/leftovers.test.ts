import { describe, expect, it } from "vitest";
import { isOpen, type StateResource } from "../../recovery/interrupted";
import { destroyWasCutOff, isOurs, withLeftovers } from "../../recovery/leftovers";

const subscription = "00000000-0000-0000-0000-000000000001";
const encrypted = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" };
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const urn = (type: string, name: string): string => `urn:pulumi:dev::aks-mesh::${type}::${name}`;

const stack: StateResource = {
  urn: urn("pulumi:pulumi:Stack", "dev"),
  type: "pulumi:pulumi:Stack",
  outputs: { kubeconfig: encrypted },
};
const azure: StateResource = {
  urn: urn("pulumi:providers:azure-native", "default"),
  type: "pulumi:providers:azure-native",
  custom: true,
  id: "a1",
};
const cluster: StateResource = {
  urn: urn("azure-native:containerservice:ManagedCluster", "c"),
  type: "azure-native:containerservice:ManagedCluster",
  custom: true,
  id: "/cluster",
};
const look: StateResource = {
  urn: urn("pulumi-nodejs:dynamic/aks-mesh:ObjectsInPlace", "look"),
  type: "pulumi-nodejs:dynamic/aks-mesh:ObjectsInPlace",
  custom: true,
};
const left = [stack, azure, cluster];

describe("a destroy that did not come to its end", () => {
  it("has taken the look at the end of `up` out of the state, and not the cluster", () => {
    expect(destroyWasCutOff(left)).toBe(true);
    expect(destroyWasCutOff([...left, look])).toBe(false);
    expect(destroyWasCutOff([stack, azure])).toBe(false);
  });

  it("is not an `up` that was never complete: that has no outputs", () => {
    expect(destroyWasCutOff([{ ...stack, outputs: {} }, azure, cluster])).toBe(false);
  });
});

const provider = { urn: urn("pulumi:providers:kubernetes", "k"), type: "pulumi:providers:kubernetes", custom: true };
const component = { urn: urn("aks-mesh:index:Bookstore", "b"), type: "aks-mesh:index:Bookstore", parent: stack.urn };
const planned = (type: string, name: string, inputs: object, more: Partial<StateResource> = {}) => ({
  op: "create",
  newState: {
    urn: urn(type, name),
    type,
    custom: true,
    inputs: { ...inputs },
    parent: component.urn,
    provider: `${provider.urn}::${unknown}`,
    deletedWith: cluster.urn,
    ...more,
  },
});
const namespace = planned("kubernetes:core/v1:Namespace", "n", { kind: "Namespace", metadata: { name: "shop" } });
const secret = planned(
  "kubernetes:core/v1:Secret",
  "s",
  { kind: "Secret", metadata: { namespace: "shop", name: "s" }, stringData: encrypted, type: "Opaque" },
  { deletedWith: namespace.newState.urn, dependencies: [namespace.newState.urn, look.urn] },
);
const pool = planned(
  "azure-native:containerservice:AgentPool",
  "p",
  { resourceGroupName: "rg", resourceName: "c", agentPoolName: "work", orchestratorVersion: unknown },
  { provider: `${azure.urn}::a1` },
);
const above = [
  { op: "create", newState: { ...component, custom: false } },
  { op: "create", newState: { ...provider, parent: stack.urn, inputs: { kubeconfig: "[secret]" } } },
];

describe("what a destroy has left", () => {
  const taken = withLeftovers(left, [...above, namespace, secret, pool], subscription, () => "new-id");
  const added = taken.slice(left.length);

  it("is in the state under its ids, open, behind what it cannot be without", () => {
    expect(taken.slice(0, left.length)).toEqual(left);
    expect(added.map(({ type, id }) => [type.split(":").at(-1), id])).toEqual([
      ["kubernetes", "new-id"],
      ["Bookstore", undefined],
      ["Namespace", "shop"],
      ["Secret", "shop/s"],
      [
        "AgentPool",
        `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c/agentPools/work`,
      ],
    ]);
    expect(added.map(isOpen)).toEqual([false, false, true, true, true]);
  });

  it("has the providers of the state, or one with the kubeconfig that the stack told, encrypted", () => {
    expect(added[0]?.inputs).toEqual({ kubeconfig: encrypted });
    expect(added.slice(2).map((resource) => resource.provider)).toEqual([
      `${provider.urn}::new-id`,
      `${provider.urn}::new-id`,
      `${azure.urn}::a1`,
    ]);
    const kept = { ...provider, id: "old-id" };
    const again = withLeftovers([...left, kept], [...above, namespace], subscription, () => "new-id");
    expect(again.at(-1)?.provider).toBe(`${provider.urn}::old-id`);
  });

  it("has neither what a preview withholds nor links to what is not there", () => {
    expect(added[3]).toMatchObject({
      inputs: { kind: "Secret", metadata: { namespace: "shop", name: "s" }, type: "Opaque" },
      deletedWith: namespace.newState.urn,
      dependencies: [namespace.newState.urn],
    });
    expect(JSON.stringify(added.slice(1))).not.toMatch(/4dabf18193072939515e22adb298388d|04da6b54/);
  });

  it("is nothing that a deletion deletes for itself, nor what the state has, nor a patch", () => {
    const own = planned("kubernetes:core/v1:Namespace", "o", { metadata: { name: "o" } }, { deletedWith: undefined });
    const patch = planned("kubernetes:core/v1:ConfigMapPatch", "x", { kind: "ConfigMap", metadata: { name: "x" } });
    const same = { ...namespace, op: "same" };
    expect(withLeftovers(left, [...above, own, patch, same], subscription, () => "x")).toEqual(left);
  });

  it("is not what somebody else made under the same name", () => {
    const madeBy = (manager: string): StateResource => ({
      ...namespace.newState,
      outputs: { metadata: { name: "shop", managedFields: [{ manager, operation: "Update" }] } },
    });
    expect(isOurs(madeBy("pulumi-kubernetes"))).toBe(true);
    expect(isOurs(madeBy("pulumi-kubernetes-1a2b"))).toBe(true);
    expect(isOurs(madeBy("kubectl-create"))).toBe(false);
    expect(isOurs({ ...namespace.newState, outputs: {} })).toBe(false);
    expect(isOurs(pool.newState)).toBe(true);
  });
});
