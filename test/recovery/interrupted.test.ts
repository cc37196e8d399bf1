import { describe, expect, it } from "vitest";
import { isOpen, type StateResource, takeUp, workOn } from "../../recovery/interrupted";

const subscription = "00000000-0000-0000-0000-000000000001";
const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" };

function object(name: string, type: string, metadata: object, more: Partial<StateResource> = {}): StateResource {
  const inputs = { kind: type.split(":").at(-1), metadata };
  return { urn: `urn:pulumi:dev::aks-mesh::${type}::${name}`, type, custom: true, inputs, ...more };
}

const namespace = object("bookstore", "kubernetes:core/v1:Namespace", { name: "bookstore" });
const service = object("front", "kubernetes:core/v1:Service", { namespace: "bookstore", name: "front" });
const component: StateResource = { urn: "urn:component", type: "aks-mesh:index:Bookstore", custom: false };
const group: StateResource = {
  urn: "urn:group",
  type: "azure-native:resources:ResourceGroup",
  custom: true,
  id: `/subscriptions/${subscription}/resourceGroups/rg`,
  inputs: { resourceGroupName: "rg" },
};

const creating = (resource: StateResource) => ({ type: "creating", resource });
const ids = (resources: readonly StateResource[]) => resources.map(({ id }) => id);

describe("what was being created", () => {
  it("goes into the state under its id, open, with what the engine knew of it and secrets as they are", () => {
    const pulls = object("pulls", "kubernetes:core/v1:Secret", { namespace: "bookstore", name: "pulls" });
    const secrets = { ...pulls, inputs: { ...pulls.inputs, data: secret }, provider: "urn:provider::id" };
    const taken = takeUp([component], [creating(namespace), creating(secrets), creating(group)], subscription);
    expect(taken.untold).toEqual([]);
    expect(taken.resources).toEqual([
      component,
      { ...namespace, id: "bookstore", initErrors: [expect.stringContaining("cut off")] },
      { ...secrets, id: "bookstore/pulls", initErrors: [expect.stringContaining("cut off")] },
      { ...group, initErrors: [expect.stringContaining("cut off")] },
    ]);
    expect(taken.resources.map(isOpen)).toEqual([false, true, true, true]);
  });

  it("is created again where that does no harm: patches, and our dynamic resources", () => {
    const patch = object("config", "kubernetes:config.openservicemesh.io/v1alpha2:MeshConfigPatch", {
      namespace: "kube-system",
      name: "osm-mesh-config",
    });
    const asPatch = { ...patch, inputs: { ...patch.inputs, kind: "MeshConfig" } };
    const dynamic = { urn: "urn:ready", type: "pulumi-nodejs:dynamic:Resource", custom: true, inputs: {} };
    expect(takeUp([], [creating(asPatch), creating(dynamic)], subscription)).toEqual({ resources: [], untold: [] });
    // A kind that is itself called so is an object like any other.
    expect(ids(takeUp([], [creating(patch)], subscription).resources)).toEqual(["kube-system/osm-mesh-config"]);
  });

  it.each([
    ["a secret name", object("x", "kubernetes:core/v1:ConfigMap", { namespace: "n", name: secret })],
    ["a secret namespace", object("x", "kubernetes:core/v1:ConfigMap", { namespace: secret, name: "n" })],
    ["no name", object("x", "kubernetes:batch/v1:Job", { namespace: "n", generateName: "x-" })],
    ["secret metadata", object("x", "kubernetes:core/v1:ConfigMap", secret)],
    [
      "another type",
      { urn: "urn:vault", type: "azure-native:keyvault:Vault", custom: true, inputs: { vaultName: "v" } },
    ],
  ])("is told where its id is not known: %s", (_, resource) => {
    expect(takeUp([group], [creating(resource)], subscription)).toEqual({ resources: [group], untold: [resource] });
  });

  it("is what the state has already, where a later run made it", () => {
    const made = { ...service, id: "bookstore/front", outputs: { kind: "Service" } };
    const { resources, untold } = takeUp([made, component], [creating(service)], subscription);
    expect(untold).toEqual([]);
    expect(resources).toEqual([{ ...made, initErrors: [expect.any(String)] }, component]);
  });

  it("replaces what the state has under another id: the old one is to be deleted", () => {
    const old = { ...service, id: "bookstore/front-1a2b", inputs: { old: true } };
    const { resources } = takeUp([namespace, old, component], [creating(service)], subscription);
    expect(resources).toEqual([
      namespace,
      expect.objectContaining({ id: "bookstore/front" }),
      { ...old, delete: true },
      component,
    ]);
    expect(resources.map(isOpen)).toEqual([false, true, false, false]);
  });

  it("takes the place of one that was deleted first, under the same id or another", () => {
    for (const id of ["bookstore/front", "bookstore/old"]) {
      const old = { ...service, id, pendingReplacement: true };
      const { resources } = takeUp([old, component], [creating(service)], subscription);
      expect(resources).toEqual([{ ...service, id: "bookstore/front", initErrors: [expect.any(String)] }, component]);
    }
  });

  it("leaves alone what is to be deleted under the same name", () => {
    const old = { ...service, id: "bookstore/front", delete: true };
    const { resources } = takeUp([old], [creating(service)], subscription);
    expect(resources).toEqual([
      old,
      expect.objectContaining({ id: "bookstore/front", initErrors: [expect.any(String)] }),
    ]);
  });

  it("is taken up once, however many runs were killed at it; of several names the last run's", () => {
    const named = (name: string) => object("job", "kubernetes:batch/v1:Job", { namespace: "n", name });
    const pending = [named("job-new"), named("job-new"), named("job-old")].map(creating);
    const { resources, untold } = takeUp([], pending, subscription);
    expect(ids(resources)).toEqual(["n/job-new"]);
    expect(ids(untold)).toEqual(["n/job-old"]);
  });
});

describe("what was being changed or deleted", () => {
  const known = { ...service, id: "bookstore/front", outputs: { kind: "Service" } };

  it.each(["updating", "deleting"])("is open until a refresh has seen it: %s", (type) => {
    const { resources } = takeUp([group, known], [{ type, resource: service }], subscription);
    expect(resources).toEqual([group, { ...known, initErrors: [expect.any(String)] }]);
  });

  it("is nothing where the state does not hold it, or nothing outside of the state is meant", () => {
    const provider = { urn: "urn:provider", type: "pulumi:providers:kubernetes", custom: true, id: "x" };
    const replaced = { ...known, pendingReplacement: true };
    const resources = [provider, replaced, component];
    const pending = [provider, known, component, group].map((resource) => ({ type: "deleting", resource }));
    expect(takeUp(resources, pending, subscription).resources).toEqual(resources);
  });

  it("and what was being read is nothing at all", () => {
    expect(takeUp([known], [{ type: "reading", resource: known }], subscription).resources).toEqual([known]);
  });
});

describe("work that goes on outside", () => {
  const withOutputs = (outputs: Record<string, unknown>) => ({ ...group, outputs });
  it.each([
    [{ provisioningState: "Creating" }, "Creating"],
    [{ provisioningState: "Succeeded" }, undefined],
    [{ metadata: { deletionTimestamp: "2026-11-27T12:00:00Z" } }, "Terminating"],
    [{ metadata: { name: "x" } }, undefined],
    [{ metadata: secret, provisioningState: secret }, undefined],
  ])("%j: %s", (outputs, work) => expect(workOn(withOutputs(outputs))).toBe(work));

  it("is that of the living, not of the old half of a replacement", () => {
    const deleting = withOutputs({ provisioningState: "Deleting" });
    expect(isOpen(deleting)).toBe(true);
    expect(isOpen({ ...deleting, delete: true })).toBe(false);
  });
});
