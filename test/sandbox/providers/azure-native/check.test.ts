import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unknown, type CheckRequest, type CheckResult, type PropertyMap } from "../../../../sandbox/providers/protocol";
import { context, identityOf, providerFor, startFakeArm, type FakeArm } from "./fake-arm";

let arm: FakeArm;
beforeEach(async () => {
  arm = await startFakeArm();
});
afterEach(() => arm.close());

const cluster = "azure-native:containerservice:ManagedCluster";
const roleAssignment = "azure-native:authorization:RoleAssignment";

async function check(
  type: string,
  newInputs: PropertyMap,
  more: Partial<CheckRequest> = {},
  settings: PropertyMap = {},
): Promise<CheckResult> {
  const provider = await providerFor(arm, { settings });
  return provider.check(
    { ...identityOf(type), oldInputs: {}, newInputs, randomSeed: new Uint8Array(), ...more },
    context(),
  );
}

describe("names", () => {
  const seed = new TextEncoder().encode("seed");

  test("are the same for the same seed, and differ without one", async () => {
    const name = async (randomSeed: Uint8Array): Promise<unknown> =>
      (await check(cluster, { resourceGroupName: "rg" }, { randomSeed })).inputs["resourceName"];
    expect(await name(seed)).toBe(await name(seed));
    expect(await name(new Uint8Array())).not.toBe(await name(new Uint8Array()));
  });

  test("stay what they were", async () => {
    const oldInputs = { resourceName: "thing0a1b2c3d", __createBeforeDelete: true };
    const { inputs } = await check(cluster, { resourceGroupName: "rg" }, { oldInputs });
    expect(inputs).toMatchObject(oldInputs);
    const chosenByHand = await check(cluster, { resourceGroupName: "rg" }, { oldInputs: { resourceName: "mine" } });
    expect(chosenByHand.inputs).not.toHaveProperty("__createBeforeDelete");
  });

  test("of role assignments are UUIDs, and a proposal for names does not change that", async () => {
    const autonaming = { mode: "propose", proposedName: "thing-proposed" } as const;
    const { inputs } = await check(roleAssignment, {}, { autonaming });
    expect(inputs["roleAssignmentName"]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test("follow the user's autonaming", async () => {
    const autonaming = { mode: "enforce", proposedName: "exactly-this" } as const;
    expect((await check(roleAssignment, {}, { autonaming })).inputs["roleAssignmentName"]).toBe("exactly-this");
    const off = await check(cluster, { resourceGroupName: "rg" }, { autonaming: { mode: "disable" } });
    expect(off.failures).toContainEqual({
      property: "resourceName",
      reason: "missing required property 'resourceName'",
    });
  });

  test("of resources within another are the logical name", async () => {
    const { inputs } = await check("azure-native:network:Subnet", {
      resourceGroupName: "rg",
      virtualNetworkName: "vnet",
    });
    expect(inputs["subnetName"]).toBe("thing");
    expect(inputs).not.toHaveProperty("__createBeforeDelete");
  });
});

describe("location", () => {
  test("comes from the configuration", async () => {
    expect((await check(cluster, { resourceGroupName: "rg" })).inputs["location"]).toBe("westus2");
  });

  test("comes from the resource group where none is configured, and is asked for once", async () => {
    arm.answer("GET /subscriptions/s/resourceGroups/rg", { status: 200, body: { location: "northeurope" } });
    const provider = await providerFor(arm, { settings: { location: "" } });
    for (const name of ["a", "b"]) {
      const { inputs } = await provider.check(
        {
          ...identityOf(cluster, name),
          oldInputs: {},
          newInputs: { resourceGroupName: "rg" },
          randomSeed: new Uint8Array(),
        },
        context(),
      );
      expect(inputs["location"]).toBe("northeurope");
    }
    expect(arm.requests).toHaveLength(1);
  });

  test("is not known while the resource group is not", async () => {
    const { inputs, failures } = await check(cluster, { resourceGroupName: unknown }, {}, { location: "" });
    expect(inputs["location"]).toBe(unknown);
    expect(failures).toEqual([]);
  });

  test("is asked for where there is none, with what to do", async () => {
    const { failures } = await check(cluster, { resourceGroupName: "rg" }, {}, { location: "" });
    expect(failures).toEqual([
      {
        property: "location",
        reason:
          "missing required property 'location'. Either set it explicitly or configure it with " +
          "'pulumi config set azure-native:location <value>'.",
      },
    ]);
  });
});

describe("validation", () => {
  test("names what is missing, at every depth", async () => {
    const { failures } = await check(cluster, { agentPoolProfiles: [{ count: 1 }, unknown] });
    expect(failures?.map(({ reason }) => reason)).toEqual([
      "missing required property 'resourceGroupName'",
      "missing required property 'agentPoolProfiles[0].name'",
    ]);
  });

  test.each([
    [{ dnsPrefix: 3 }, "'dnsPrefix' should be of type 'string' but got a number"],
    [{ enableRBAC: "yes" }, "'enableRBAC' should be of type 'boolean' but got a string"],
    [{ agentPoolProfiles: { name: "x" } }, "'agentPoolProfiles' should be of type 'array' but got an object"],
    [{ dnsPrefix: ["x"] }, "'dnsPrefix' should be of type 'string' but got an array"],
    [{ tags: { a: 1 } }, "'tags.a' should be of type 'string' but got a number"],
    [{ identity: "SystemAssigned" }, "'identity' should be of type 'object' but got a string"],
  ])("%j", async (wrong, reason) => {
    const { failures } = await check(cluster, { resourceGroupName: "rg", ...wrong });
    expect(failures?.map((failure) => failure.reason)).toEqual([reason]);
  });

  test("a type that is not translated is named, with the place to add it", async () => {
    await expect(check("azure-native:cdn:Profile", {})).rejects.toThrow(
      /azure-native:cdn:Profile not found.*sandbox\/providers\/azure-native\/resource-types/,
    );
  });
});
