import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { toOutputs, toRequestBody, type Translation } from "../../../../sandbox/providers/azure-native/body";
import { resourceTypes } from "../../../../sandbox/providers/azure-native/resource-types";
import { buildResourceId, parseResourceId } from "../../../../sandbox/providers/azure-native/resource-path";
import { resourceSchema } from "../../../../sandbox/providers/azure-native/schema/schema";
import { formatSchema, generateSchema } from "../../../../sandbox/providers/azure-native/schema/generate";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { context, identityOf, providerFor, startFakeArm, type FakeArm } from "./fake-arm";

function translation(token: string): Translation {
  const type = resourceTypes[token];
  if (type === undefined) throw new Error(`no ${token}`);
  return { type, schema: resourceSchema(token) };
}

test("schema.json is what the installed SDK declares", () => {
  const file = join(__dirname, "../../../../sandbox/providers/azure-native/schema/schema.json");
  expect(readFileSync(file, "utf8")).toBe(formatSchema(generateSchema()));
}, 30_000);

describe("shapes", () => {
  test("subnets within a network have properties of their own", () => {
    const vnet = translation("azure-native:network:VirtualNetwork");
    const inputs = {
      resourceGroupName: "rg",
      virtualNetworkName: "v",
      location: "westus2",
      addressSpace: { addressPrefixes: ["10.0.0.0/8"] },
      subnets: [
        {
          name: "a",
          addressPrefix: "10.0.0.0/16",
          networkSecurityGroup: { id: "/nsg" },
          delegations: [{ name: "d", serviceName: "s" }],
        },
      ],
    };
    const body = {
      location: "westus2",
      properties: {
        addressSpace: { addressPrefixes: ["10.0.0.0/8"] },
        subnets: [
          {
            name: "a",
            properties: {
              addressPrefix: "10.0.0.0/16",
              networkSecurityGroup: { id: "/nsg" },
              delegations: [{ name: "d", properties: { serviceName: "s" } }],
            },
          },
        ],
      },
    };
    expect(toRequestBody(vnet, inputs)).toEqual(body);
    expect(toOutputs(vnet, "v", { ...body, id: "/v", name: "v" })).toMatchObject({
      subnets: inputs.subnets,
      addressSpace: inputs.addressSpace,
    });
  });

  test("Application Insights has names of its own in ARM", () => {
    const component = translation("azure-native:applicationinsights:Component");
    const inputs = {
      resourceGroupName: "rg",
      resourceName: "c",
      kind: "web",
      applicationType: "web",
      retentionInDays: 30,
    };
    expect(toRequestBody(component, inputs)).toEqual({
      kind: "web",
      properties: { Application_Type: "web", RetentionInDays: 30 },
    });
    expect(
      toOutputs(component, "v", { kind: "web", properties: { Application_Type: "web", ConnectionString: "x" } }),
    ).toEqual({ azureApiVersion: "v", kind: "web", applicationType: "web", connectionString: "x" });
  });

  test("vaults keep their properties, a workspace's sku is one of them, a role assignment is nothing but", () => {
    expect(
      toRequestBody(translation("azure-native:keyvault:Vault"), { location: "l", properties: { tenantId: "t" } }),
    ).toEqual({ location: "l", properties: { tenantId: "t" } });
    expect(
      toRequestBody(translation("azure-native:operationalinsights:Workspace"), { location: "l", sku: { name: "x" } }),
    ).toEqual({ location: "l", properties: { sku: { name: "x" } } });
    expect(
      toRequestBody(translation("azure-native:authorization:RoleAssignment"), {
        scope: "/s",
        roleAssignmentName: "n",
        principalId: "p",
      }),
    ).toEqual({ properties: { principalId: "p" } });
  });

  test("nulls and undeclared members are no outputs", () => {
    const outputs = toOutputs(translation("azure-native:resources:ResourceGroup"), "v", {
      id: "/g",
      name: "g",
      location: "l",
      tags: null,
      surprise: 1,
      properties: { provisioningState: "Succeeded", error: null },
    });
    expect(outputs).toEqual({
      azureApiVersion: "v",
      id: "/g",
      name: "g",
      location: "l",
      properties: { provisioningState: "Succeeded" },
    });
  });
});

describe("resource ids", () => {
  const assignment = resourceTypes["azure-native:authorization:RoleAssignment"]?.path ?? "";
  const pool = resourceTypes["azure-native:containerservice:AgentPool"]?.path ?? "";

  test("scopes are paths", () => {
    const id = buildResourceId(assignment, { scope: "/subscriptions/s/resourceGroups/rg/", roleAssignmentName: "n" });
    expect(id).toBe("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/n");
    expect(parseResourceId(assignment, id)).toEqual({
      scope: "/subscriptions/s/resourceGroups/rg",
      roleAssignmentName: "n",
    });
  });

  test("ARM's fixed parts may come in any case, names are kept", () => {
    const id = "/subscriptions/S/resourcegroups/RG/providers/microsoft.containerservice/managedclusters/C/agentpools/P";
    expect(parseResourceId(pool, id)).toEqual({
      subscriptionId: "S",
      resourceGroupName: "RG",
      resourceName: "C",
      agentPoolName: "P",
    });
  });

  test("names are encoded, and a missing one is named", () => {
    const values = { subscriptionId: "s", resourceGroupName: "a b", resourceName: "c", agentPoolName: "p" };
    expect(buildResourceId(pool, values)).toContain("/resourceGroups/a%20b/");
    expect(() => buildResourceId(pool, { ...values, agentPoolName: "" })).toThrow(
      "missing required property 'agentPoolName'",
    );
  });
});

describe("subresources", () => {
  let arm: FakeArm;
  beforeEach(async () => {
    arm = await startFakeArm();
  });
  afterEach(() => arm.close());

  const type = "azure-native:network:VirtualNetwork";
  const path = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v";
  const inputs = { resourceGroupName: "rg", virtualNetworkName: "v", location: "westus2" };
  const network = { status: 200, body: { id: path, properties: { subnets: [{ name: "own" }], dhcpOptions: {} } } };

  test("are none in a new network", async () => {
    arm.answer(`GET ${path}`, { status: 404 }, network);
    arm.answer(`PUT ${path}`, network);
    const provider = await providerFor(arm);
    await provider.create({ ...identityOf(type), inputs, preview: false }, context());
    expect(arm.requests.find(({ method }) => method === "PUT")?.body).toEqual({
      location: "westus2",
      properties: { subnets: [], virtualNetworkPeerings: [] },
    });
  });

  test("stay in an update that does not name them", async () => {
    arm.answer(`GET ${path}`, network);
    arm.answer(`PUT ${path}`, network);
    const provider = await providerFor(arm);
    const request = { ...identityOf(type), id: path, oldInputs: inputs, oldOutputs: {}, ignoreChanges: [] };
    await provider.update({ ...request, newInputs: { ...inputs, tags: { a: "1" } }, preview: false }, context());
    expect(arm.requests.find(({ method }) => method === "PUT")?.body).toEqual({
      location: "westus2",
      tags: { a: "1" },
      properties: { subnets: [{ name: "own" }] },
    });
  });
});
