import { afterAll, beforeAll, expect, it } from "vitest";

import { type Json, type JsonObject } from "../../../sandbox/arm/json";
import { errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
  await emulator.arm("PUT", group, { location: "westeurope" });
});
afterAll(() => emulator.close());

const group = "/subscriptions/SUB/resourceGroups/templates";
const deployment = (name: string, action = ""): string =>
  `${group}/providers/Microsoft.Resources/deployments/${name}${action}`;

/** A network whose subnets come from a loop, before it in the template and after it in the deployment. */
const template: JsonObject = {
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  parameters: {
    name: { type: "string", minLength: 2 },
    subnets: { type: "array", defaultValue: ["nodes", "pods"] },
  },
  variables: { network: "[format('{0}-net', parameters('name'))]" },
  resources: [
    {
      type: "Microsoft.Network/virtualNetworks/subnets",
      apiVersion: "2023-04-01",
      name: "[concat(variables('network'), '/', parameters('subnets')[copyIndex()])]",
      copy: { name: "subnets", count: "[length(parameters('subnets'))]" },
      dependsOn: ["[resourceId('Microsoft.Network/virtualNetworks', variables('network'))]"],
      properties: { addressPrefix: "[concat('10.20.', copyIndex(), '.0/24')]" },
    },
    {
      type: "Microsoft.Network/virtualNetworks",
      apiVersion: "2023-04-01",
      name: "[variables('network')]",
      location: "[resourceGroup().location]",
      properties: { addressSpace: { addressPrefixes: ["10.20.0.0/16"] } },
    },
  ],
  outputs: {
    range: {
      type: "string",
      value:
        "[reference(resourceId('Microsoft.Network/virtualNetworks', variables('network'))).addressSpace.addressPrefixes[0]]",
    },
  },
};

/** One resource whose name is an expression. */
const named = (name: string): JsonObject => ({
  $schema: "x",
  contentVersion: "1.0.0.0",
  resources: [{ type: "Microsoft.Network/routeTables", apiVersion: "2023-04-01", name, location: "westeurope" }],
});

const asked = (whole: JsonObject, parameters: JsonObject = {}): Json => ({
  properties: { mode: "Incremental", template: whole, parameters },
});
const web = { name: { value: "web" } };

it("previews, writes in the order of dependencies, says its outputs, and previews no change", async () => {
  const preview = await emulator.arm("POST", deployment("first", "/whatIf"), asked(template, web));
  expect(preview.body).toMatchObject({
    properties: { changes: [{ changeType: "Create" }, { changeType: "Create" }, { changeType: "Create" }] },
  });
  const answer = await emulator.arm("PUT", deployment("first"), asked(template, web));
  expect(answer).toMatchObject({ status: 201, body: { properties: { provisioningState: "Running" } } });
  expect((await emulator.finish(answer)).body).toMatchObject({ status: "Succeeded" });
  expect((await emulator.arm("GET", deployment("first"))).body).toMatchObject({
    properties: { provisioningState: "Succeeded", outputs: { range: { type: "string", value: "10.20.0.0/16" } } },
  });
  const network = `${group}/providers/Microsoft.Network/virtualNetworks/web-net`;
  expect((await emulator.arm("GET", network)).body).toMatchObject({
    location: "westeurope",
    properties: {
      subnets: [
        { name: "nodes", properties: { addressPrefix: "10.20.0.0/24" } },
        { name: "pods", properties: { addressPrefix: "10.20.1.0/24" } },
      ],
    },
  });
  const again = await emulator.arm("POST", deployment("first", "/whatIf"), asked(template, web));
  expect(again.body).toMatchObject({
    properties: { changes: [{ changeType: "NoChange" }, { changeType: "NoChange" }, { changeType: "NoChange" }] },
  });
  const steps = await emulator.arm("GET", deployment("first", "/operations"));
  expect(steps.body["value"]).toHaveLength(3);
});

it("fails with the refusal of the resource that failed", async () => {
  const subnet = {
    ...template,
    parameters: { ...Object(template["parameters"]), subnets: { type: "array", defaultValue: ["a/b"] } },
  };
  expect(errorOf(await emulator.arm("PUT", deployment("bad"), asked(subnet, web))).message).toMatch(/3|segments/);
  const far: JsonObject = {
    $schema: "x",
    contentVersion: "1.0.0.0",
    resources: [
      { type: "Microsoft.Network/virtualNetworks", apiVersion: "2023-04-01", name: "far", location: "atlantis" },
    ],
  };
  const answer = await emulator.arm("PUT", deployment("far"), asked(far));
  expect((await emulator.finish(answer)).body).toMatchObject({
    status: "Failed",
    error: { code: "DeploymentFailed", message: expect.stringContaining("LocationNotAvailableForResourceType") },
  });
  expect((await emulator.arm("GET", deployment("far"))).body).toMatchObject({
    properties: { provisioningState: "Failed" },
  });
});

it.each<[string, JsonObject, RegExp]>([
  ["a parameter without a value", template, /'name' is not provided/],
  ["no resources", { $schema: "x", contentVersion: "1.0.0.0" }, /'resources' not found/],
  ["an unknown function", named("[nowhere('x')]"), /'nowhere' is not valid/],
  ["an unreadable expression", named("[concat('x']"), /cannot be read at position/],
  ["functions of its own", { ...template, functions: [{ namespace: "x" }] }, /'functions'/],
])("refuses by name: %s", async (_, whole, message) => {
  const answer = await emulator.arm("POST", deployment("x", "/validate"), asked(whole));
  expect(answer.status).toBe(400);
  expect(errorOf(answer)).toMatchObject({ code: "InvalidTemplate", message: expect.stringMatching(message) });
});
