import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { formatApiVersions, generateApiVersions } from "../../../sandbox/arm/resource-manager/generate-api-versions";
import { clusterPath, createCluster, errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

const group = (name: string): string => `/subscriptions/SUB/resourceGroups/${name}`;

describe("subscriptions", () => {
  it("lists the one there is, its tenant and its regions", async () => {
    const { subscriptionId, tenantId } = emulator.identity;
    expect((await emulator.arm("GET", "/subscriptions")).body).toMatchObject({
      value: [{ subscriptionId, tenantId, state: "Enabled" }],
    });
    expect((await emulator.arm("GET", "/tenants")).body).toMatchObject({ value: [{ tenantId }] });
    const { body } = await emulator.arm("GET", "/subscriptions/SUB/locations");
    expect(body["value"]).toContainEqual(expect.objectContaining({ name: "westeurope", displayName: "West Europe" }));
  });

  it("knows no other, and wants an api-version", async () => {
    expect(errorOf(await emulator.arm("GET", "/subscriptions/11111111-2222-4333-8444-555555555555")).code).toBe(
      "SubscriptionNotFound",
    );
    const bare = await emulator.arm("GET", "/subscriptions?api-version=");
    expect(errorOf(bare).code).toBe("MissingApiVersionParameter");
  });
});

describe("resource groups", () => {
  it("are 404 first, 201 when made, 200 when put again, and found whatever the casing", async () => {
    expect((await emulator.arm("GET", group("First"))).status).toBe(404);
    expect((await emulator.arm("HEAD", group("First"))).status).toBe(404);
    const made = await emulator.arm("PUT", group("First"), { location: "West Europe", tags: { a: "1" } });
    expect(made).toMatchObject({ status: 201, body: { name: "First", location: "westeurope", tags: { a: "1" } } });
    expect((await emulator.arm("PUT", group("first"), { location: "westeurope" })).status).toBe(200);
    expect((await emulator.arm("HEAD", group("FIRST"))).status).toBe(204);
    expect((await emulator.arm("GET", "/subscriptions/SUB/resourcegroups/fIRST")).body["id"]).toBe(
      `/subscriptions/${emulator.identity.subscriptionId}/resourceGroups/First`,
    );
    expect((await emulator.arm("PATCH", group("first"), { tags: { b: "2" } })).body["tags"]).toEqual({ b: "2" });
  });

  it.each([
    ["a missing location", "x", {}, "LocationRequired"],
    ["an unknown region", "x", { location: "atlantis" }, "LocationNotAvailableForResourceGroup"],
    ["another region", "First", { location: "eastus" }, "InvalidResourceGroupLocation"],
    ["an unknown property", "x", { location: "eastus", tag: {} }, "InvalidRequestContent"],
    ["a bad name", "ends.", { location: "eastus" }, "InvalidParameter"],
  ])("refuse %s", async (_, name, body, code) => {
    expect(errorOf(await emulator.arm("PUT", group(name), body)).code).toBe(code);
  });

  it("take everything inside with them, clusters and node resource groups included", async () => {
    await createCluster(emulator);
    await emulator.arm("PUT", `${group("rg")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine`, {
      location: "westus2",
    });
    expect(emulator.backend.clusters.size).toBe(1);
    expect((await emulator.arm("HEAD", group("MC_rg_mesh_westus2"))).status).toBe(204);
    await emulator.control("PUT", "latency", { seconds: { resourceGroupDelete: 60 } });
    const answer = await emulator.arm("DELETE", group("rg"));
    expect(answer.status).toBe(202);
    expect(answer.headers["location"]).toContain("/operationresults/");
    expect(errorOf(await emulator.arm("PUT", group("rg"), { location: "westus2" })).code).toBe(
      "ResourceGroupBeingDeleted",
    );
    await emulator.control("PUT", "latency", { scale: 0.02 });
    await emulator.pass(60);
    expect((await emulator.finish(answer)).status).toBe(200);
    expect(emulator.backend.clusters.size).toBe(0);
    for (const path of [group("rg"), group("MC_rg_mesh_westus2"), clusterPath]) {
      expect((await emulator.arm("GET", path)).status).toBe(404);
    }
    expect((await emulator.arm("DELETE", group("rg"))).status).toBe(404);
  });
});

describe("any other resource", () => {
  const workspace = `${group("Store")}/providers/Microsoft.OperationalInsights/workspaces/Logs`;

  it("is kept with its casing, found without it, and listed", async () => {
    expect(errorOf(await emulator.arm("PUT", workspace, { location: "westus2" })).code).toBe("ResourceGroupNotFound");
    await emulator.arm("PUT", group("Store"), { location: "westus2" });
    expect(errorOf(await emulator.arm("GET", workspace)).code).toBe("ResourceNotFound");
    const made = await emulator.arm("PUT", workspace.replace("Store", "STORE"), {
      location: "West US 2",
      properties: { retentionInDays: 31 },
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: `/subscriptions/${emulator.identity.subscriptionId}/resourceGroups/Store/providers/Microsoft.OperationalInsights/workspaces/Logs`,
        location: "westus2",
        properties: { retentionInDays: 31, provisioningState: "Succeeded", customerId: expect.any(String) },
      },
    });
    expect((await emulator.arm("GET", workspace.toLowerCase())).status).toBe(200);
    expect((await emulator.arm("PUT", workspace, { location: "westus2" })).status).toBe(200);
    expect(errorOf(await emulator.arm("PUT", workspace, { location: "eastus" })).code).toBe("InvalidResourceLocation");
    expect(errorOf(await emulator.arm("PUT", workspace, {})).code).toBe("LocationRequired");
    for (const list of [
      `${group("store")}/providers/microsoft.operationalinsights/WORKSPACES`,
      "/subscriptions/SUB/providers/Microsoft.OperationalInsights/workspaces",
      `${group("store")}/resources`,
      "/subscriptions/SUB/resources?$filter=resourceType eq 'Microsoft.OperationalInsights/workspaces'",
    ]) {
      expect((await emulator.arm("GET", encodeURI(list))).body["value"]).toEqual([
        expect.objectContaining({ name: "Logs" }),
      ]);
    }
    expect((await emulator.arm("POST", `${workspace}/sharedKeys`)).body).toMatchObject({
      primarySharedKey: expect.any(String),
    });
    expect((await emulator.arm("PATCH", workspace, { tags: { x: "y" } })).body).toMatchObject({
      tags: { x: "y" },
      properties: { provisioningState: "Succeeded" },
    });
  });

  it("needs its parent, or the resource it extends, and goes with it", async () => {
    const network = `${group("Store")}/providers/Microsoft.Network/virtualNetworks/net`;
    const subnet = `${network}/subnets/nodes`;
    expect(errorOf(await emulator.arm("PUT", subnet, { properties: {} })).code).toBe("ParentResourceNotFound");
    await emulator.arm("PUT", network, {
      location: "westus2",
      properties: { addressSpace: { addressPrefixes: ["10.0.0.0/8"] } },
    });
    expect((await emulator.arm("PUT", subnet, { properties: { addressPrefix: "10.1.0.0/16" } })).status).toBe(201);
    expect((await emulator.arm("GET", `${network}/subnets`)).body["value"]).toHaveLength(1);
    const diagnostics = "providers/Microsoft.Insights/diagnosticSettings/audit";
    expect(errorOf(await emulator.arm("PUT", `${network}x/${diagnostics}`, { properties: {} })).code).toBe(
      "ResourceNotFound",
    );
    expect((await emulator.arm("PUT", `${network}/${diagnostics}`, { properties: {} })).status).toBe(200);
    expect((await emulator.arm("DELETE", network)).status).toBe(200);
    expect((await emulator.arm("GET", subnet)).status).toBe(404);
    expect((await emulator.arm("GET", `${network}/${diagnostics}`)).status).toBe(404);
    expect((await emulator.arm("DELETE", network)).status).toBe(204);
  });
});

describe("role assignments", () => {
  const role =
    "/subscriptions/SUB/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7";
  const principalId = "0b5f4d0a-6a52-4d0e-9d1b-6a2f6f6f3a01";
  const at = (scope: string, name: string): string =>
    `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  const first = "a1111111-1111-4111-8111-111111111111";
  const second = "b2222222-2222-4222-8222-222222222222";

  it("exist once for a principal, a role and a scope", async () => {
    await emulator.arm("PUT", group("roles"), { location: "westus2" });
    const scope = group("roles");
    const body = {
      properties: { principalId, roleDefinitionId: role.replace("SUB", emulator.identity.subscriptionId) },
    };
    expect((await emulator.arm("PUT", at(scope, first), body)).status).toBe(201);
    expect((await emulator.arm("PUT", at(scope, first), body)).status).toBe(201);
    expect(errorOf(await emulator.arm("PUT", at(scope, second), body))).toMatchObject({
      code: "RoleAssignmentExists",
      message: expect.stringContaining(first.replaceAll("-", "")),
    });
    expect(
      errorOf(await emulator.arm("PUT", at(scope, first), { properties: { ...body.properties, principalId: second } }))
        .code,
    ).toBe("RoleAssignmentUpdateNotPermitted");
    expect(errorOf(await emulator.arm("PUT", at(scope, "not-a-guid"), body)).code).toBe("InvalidRoleAssignmentId");
    const filtered = (filter: string, where = scope) =>
      emulator.arm(
        "GET",
        `${where}/providers/Microsoft.Authorization/roleAssignments?$filter=${encodeURIComponent(filter)}`,
      );
    expect((await filtered(`principalId eq '${principalId}'`)).body["value"]).toHaveLength(1);
    expect((await filtered(`principalId eq '${second}'`)).body["value"]).toHaveLength(0);
    expect((await filtered("atScope()", "/subscriptions/SUB")).body["value"]).toHaveLength(0);
    expect((await filtered("", "/subscriptions/SUB")).body["value"]).toHaveLength(1);
    expect((await emulator.arm("DELETE", at(scope, first))).status).toBe(200);
    expect((await emulator.arm("DELETE", at(scope, first))).status).toBe(204);
  });

  it("go with the resource they are at", async () => {
    await emulator.arm("PUT", group("roles2"), { location: "westus2" });
    const identity = `${group("roles2")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id`;
    const body = { properties: { principalId, roleDefinitionId: role } };
    expect(errorOf(await emulator.arm("PUT", at(identity, first), body)).code).toBe("ResourceNotFound");
    await emulator.arm("PUT", identity, { location: "westus2" });
    expect((await emulator.arm("PUT", at(identity, first), body)).status).toBe(201);
    await emulator.arm("DELETE", identity);
    expect((await emulator.arm("GET", at(identity, first))).status).toBe(404);
  });
});

describe("API versions", () => {
  it("are what the installed SDK declares", () => {
    const file = join(__dirname, "..", "..", "..", "sandbox", "arm", "resource-manager", "api-versions.json");
    expect(readFileSync(file, "utf8")).toBe(formatApiVersions(generateApiVersions()));
  });

  const network = `${group("versions")}/providers/Microsoft.Network/virtualNetworks/network`;

  it("that a type never had are refused, with its location where it has one, and with the versions that there are", async () => {
    await emulator.arm("PUT", group("versions"), { location: "westeurope" });
    const body = { location: "West Europe", properties: { addressSpace: { addressPrefixes: ["10.0.0.0/16"] } } };
    const refused = await emulator.arm("PUT", `${network}?api-version=2024-13-01`, body);
    expect({ status: refused.status, code: errorOf(refused).code }).toEqual({
      status: 400,
      code: "InvalidApiVersionParameter",
    });
    const never = await emulator.arm("PUT", `${network}?api-version=2024-02-01`, body);
    expect(never.status).toBe(400);
    expect(errorOf(never)).toMatchObject({ code: "NoRegisteredProviderFound" });
    expect(errorOf(never).message).toMatch(
      /location 'westeurope' and API version '2024-02-01' for type 'virtualNetworks'\. The supported api-versions are '.*2024-01-01/,
    );
    expect((await emulator.arm("PUT", `${network}?api-version=2024-01-01`, body)).status).toBeLessThan(300);
    expect(errorOf(await emulator.arm("GET", `${network}?api-version=2024-02-01`)).code).toBe(
      "NoRegisteredProviderFound",
    );
    const nowhere = await emulator.arm("GET", `${network}/subnets/none?api-version=2024-02-01`);
    expect({ status: nowhere.status, code: errorOf(nowhere).code }).toEqual({
      status: 404,
      code: "InvalidResourceType",
    });
  });

  it("newer than the newest known one, and those of types without a list, are taken", async () => {
    expect((await emulator.arm("GET", `${network}?api-version=2026-11-01`)).status).toBe(200);
    const other = `${group("versions")}/providers/Microsoft.Web/sites/site?api-version=2024-02-01`;
    expect((await emulator.arm("PUT", other, { location: "westeurope", properties: {} })).status).toBeLessThan(300);
  });

  it("are listed by their provider", async () => {
    const { body } = await emulator.arm("GET", "/subscriptions/SUB/providers/Microsoft.KeyVault");
    expect(body["resourceTypes"]).toContainEqual(
      expect.objectContaining({ resourceType: "vaults", apiVersions: expect.arrayContaining(["2024-11-01"]) }),
    );
  });
});
