import { describe, expect, test } from "vitest";
import { diffResource } from "../../../../sandbox/providers/azure-native/diff";
import { objectSchema, resourceSchema } from "../../../../sandbox/providers/azure-native/schema/schema";
import { resourceTypes } from "../../../../sandbox/providers/azure-native/resource-types";
import { unknown, type DiffResult, type PropertyMap } from "../../../../sandbox/providers/protocol";
import { identityOf } from "./fake-arm";

const token = "azure-native:containerservice:ManagedCluster";

function diff(oldInputs: PropertyMap, newInputs: PropertyMap, oldOutputs: PropertyMap = {}, of = token): DiffResult {
  const type = resourceTypes[of];
  if (type === undefined) throw new Error(`no ${of}`);
  return diffResource(type, { ...identityOf(of), id: "/id", oldInputs, newInputs, oldOutputs, ignoreChanges: [] });
}

const kinds = (result: DiffResult): Record<string, string> =>
  Object.fromEntries(Object.entries(result.detailedDiff).map(([path, { kind }]) => [path, kind]));

describe("what replaces a cluster", () => {
  test.each([
    ["location", "a", "b"],
    ["dnsPrefix", "a", "b"],
    ["fqdnSubdomain", "a", "b"],
    ["nodeResourceGroup", "a", "b"],
    ["diskEncryptionSetID", "a", "b"],
    ["resourceName", "a", "b"],
    ["resourceGroupName", "a", "b"],
  ])("%s", (property, before, after) => {
    expect(kinds(diff({ [property]: before }, { [property]: after }))).toEqual({ [property]: "update-replace" });
  });

  test.each([
    "serviceCidr",
    "dnsServiceIP",
    "networkMode",
    "networkPlugin",
    "networkPluginMode",
    "podCidr",
    "networkDataplane",
    "networkPolicy",
    "outboundType",
  ])("networkProfile.%s", (property) => {
    const result = diff({ networkProfile: { [property]: "a" } }, { networkProfile: { [property]: "b" } });
    expect(kinds(result)).toEqual({ [`networkProfile.${property}`]: "update-replace" });
  });

  test("anything below linuxProfile", () => {
    expect(kinds(diff({ linuxProfile: { adminUsername: "a" } }, { linuxProfile: { adminUsername: "b" } }))).toEqual({
      "linuxProfile.adminUsername": "update-replace",
    });
  });
});

describe("what does not", () => {
  test("inline agent pools: Azure refuses the change itself", () => {
    const pools = (vmSize: string): PropertyMap => ({ agentPoolProfiles: [{ name: "system", vmSize }] });
    expect(kinds(diff(pools("a"), pools("b")))).toEqual({ "agentPoolProfiles[0].vmSize": "update" });
  });

  test("a property written down that Azure had chosen so already", () => {
    expect(kinds(diff({}, { nodeResourceGroup: "MC_a" }, { nodeResourceGroup: "MC_a" }))).toEqual({
      nodeResourceGroup: "add",
    });
    expect(kinds(diff({}, { nodeResourceGroup: "mine" }, { nodeResourceGroup: "MC_a" }))).toEqual({
      nodeResourceGroup: "add-replace",
    });
  });

  test("another spelling of the location", () => {
    expect(diff({ location: "West US 2" }, { location: "westus2" }).changes).toBe("none");
  });

  test("the provider's own marks, and null", () => {
    expect(diff({ __createBeforeDelete: true, tags: null }, {}).changes).toBe("none");
  });
});

test("unknown values are changes, and replace where a known one would", () => {
  expect(
    kinds(diff({ dnsPrefix: "a", kubernetesVersion: "1" }, { dnsPrefix: unknown, kubernetesVersion: unknown })),
  ).toEqual({ dnsPrefix: "update-replace", kubernetesVersion: "update" });
});

test("elements and members come and go", () => {
  expect(
    kinds(
      diff(
        { agentPoolProfiles: [{ name: "a" }, { name: "b" }], tags: { "a.b": "1", c: "2" } },
        { agentPoolProfiles: [{ name: "a", count: 1 }], tags: { c: "2", d: "3" } },
      ),
    ),
  ).toEqual({
    "agentPoolProfiles[0].count": "add",
    "agentPoolProfiles[1]": "delete",
    'tags["a.b"]': "delete",
    "tags.d": "add",
  });
});

test("a random name lets the new resource come first", () => {
  const changed = [{ dnsPrefix: "a" }, { dnsPrefix: "b" }] as const;
  expect(diff(changed[0], changed[1]).deleteBeforeReplace).toBe(true);
  expect(diff({ ...changed[0], __createBeforeDelete: true }, changed[1]).deleteBeforeReplace).toBe(false);
  expect(diff({ tags: { a: "1" } }, { tags: { a: "2" } }).deleteBeforeReplace).toBe(false);
});

test("a pool is replaced for another size, not for another count", () => {
  const pool = "azure-native:containerservice:AgentPool";
  expect(kinds(diff({ vmSize: "a", count: 1 }, { vmSize: "b", count: 2 }, {}, pool))).toEqual({
    vmSize: "update-replace",
    count: "update",
  });
});

test("every path of the tables is one that the SDK has", () => {
  const missing = Object.entries(resourceTypes).flatMap(([of, type]) => {
    const { inputs, outputs } = resourceSchema(of);
    const has = (path: string): boolean => {
      const [first = "", ...rest] = path.split(".");
      const [inner] = rest;
      const declared = inputs.properties[first];
      if (declared === undefined) return false;
      return inner === undefined || objectSchema(declared)?.properties[inner] !== undefined;
    };
    const renamed = Object.keys(type.renames ?? {}).filter((name) => !has(name) && outputs[name] === undefined);
    const others = [
      ...type.envelope,
      ...type.replaceOnChanges,
      ...(type.subresources ?? []),
      type.autoname?.input ?? "",
    ];
    return [...renamed, ...others.filter((path) => path !== "" && !has(path))].map((path) => `${of} ${path}`);
  });
  expect(missing).toEqual([]);
});
