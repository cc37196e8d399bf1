import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Json, type JsonObject, objectAt, objectsAt, stringAt } from "../../../sandbox/arm/json";
import { type Answer, errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
  for (const name of ["blue", "green"]) await emulator.arm("PUT", group(name), { location: "westeurope" });
});
afterAll(() => emulator.close());

const group = (name: string): string => `/subscriptions/SUB/resourceGroups/${name}`;
const definition = (name: string): string =>
  `/subscriptions/SUB/providers/Microsoft.Authorization/policyDefinitions/${name}`;
const assignment = (name: string, scope = "/subscriptions/SUB"): string =>
  `${scope}/providers/Microsoft.Authorization/policyAssignments/${name}`;
const identity = (name: string, owner = "blue"): string =>
  `${group(owner)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const cluster = `${group("blue")}/providers/Microsoft.ContainerService/managedClusters/shop`;

const define = (name: string, condition: JsonObject, others: JsonObject = {}, effect = "deny"): Promise<Answer> =>
  emulator.arm("PUT", definition(name), {
    properties: { mode: "All", policyRule: { if: condition, then: { effect } }, ...others },
  });

/** The id as a body has to say it: paths alone know `SUB`. */
const idOf = (path: string): string => path.replace("SUB", emulator.identity.subscriptionId);

const assign = (name: string, properties: JsonObject = {}, scope?: string): Promise<Answer> =>
  emulator.arm("PUT", assignment(name, scope), {
    properties: { policyDefinitionId: idOf(definition(name)), ...properties },
  });

/** What becomes of a request while one condition is denied. */
async function under(condition: JsonObject, path: string, body: JsonObject, parameters: JsonObject = {}) {
  const types: Record<string, Json> = Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key, { type: Array.isArray(value) ? "Array" : "Integer" }]),
  );
  const defined = await define("probe", condition, { parameters: types });
  expect(defined.status, JSON.stringify(defined.body)).toBeLessThan(300);
  const given = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, { value }]));
  const assigned = await assign("probe", { parameters: given });
  expect(assigned.status, JSON.stringify(assigned.body)).toBe(201);
  const answer = await emulator.arm("PUT", path, body);
  await emulator.arm("DELETE", assignment("probe"));
  return answer.status === 403 ? errorOf(answer).code : "allowed";
}
const denied = "RequestDisallowedByPolicy";

describe("a denied request", () => {
  it("is answered as Azure does, and what it would make is not there", async () => {
    await define("no-identities", { field: "type", equals: "microsoft.managedidentity/USERASSIGNEDIDENTITIES" });
    const assigned = await assign("no-identities");
    const answer = await emulator.arm("PUT", identity("a"), { location: "westeurope" });
    expect(answer.status).toBe(403);
    expect(objectAt(answer.body, "error")).toMatchObject({
      code: denied,
      target: "a",
      additionalInfo: [
        {
          type: "PolicyViolation",
          info: { policyAssignmentId: stringAt(assigned.body, "id"), policyDefinitionEffect: "deny" },
        },
      ],
    });
    expect(stringAt(errorOf(answer), "message")).toMatch(
      /^Resource 'a' was disallowed by policy\. Policy identifiers: '\[\{"policyAssignment":\{"name":"no-identities"/,
    );
    expect((await emulator.arm("GET", identity("a"))).status).toBe(404);
    await assign("no-identities", { nonComplianceMessages: [{ message: "Ask us." }] });
    const told = await emulator.arm("PUT", identity("a"), { location: "westeurope" });
    expect(stringAt(errorOf(told), "message")).toBe(
      "Resource 'a' was disallowed by policy. Reasons: 'Ask us.'. See error details for policy resource IDs.",
    );
    await emulator.arm("DELETE", assignment("no-identities"));
    expect((await emulator.arm("PUT", identity("a"), { location: "westeurope" })).status).toBe(201);
  });

  it("is one within the scope, outside of its exceptions, where it is enforced", async () => {
    const identities = { field: "type", equals: "Microsoft.ManagedIdentity/userAssignedIdentities" };
    await define("tagged", { allOf: [identities, { field: "tags['team']", exists: "false" }] });
    const make = async (owner: string, body: JsonObject = { location: "westeurope" }) =>
      (await emulator.arm("PUT", identity("b", owner), body)).status;
    await assign("tagged", {}, group("blue"));
    expect(await make("blue")).toBe(403);
    expect(await make("green")).toBeLessThan(300);
    expect(await make("blue", { location: "westeurope", tags: { Team: "mesh" } })).toBeLessThan(300);
    // What a PATCH leaves out stays: the tag is still there.
    expect((await emulator.arm("PATCH", identity("b"), { properties: {} })).status).toBe(200);
    expect((await emulator.arm("PATCH", identity("b"), { tags: {} })).status).toBe(403);
    await emulator.arm("DELETE", assignment("tagged", group("blue")));
    await assign("tagged", { notScopes: [idOf(group("blue"))] });
    expect(await make("blue")).toBeLessThan(300);
    expect(await make("green")).toBe(403);
    await assign("tagged", { enforcementMode: "DoNotEnforce" });
    expect(await make("green")).toBeLessThan(300);
    await emulator.arm("DELETE", assignment("tagged"));
  });

  it("is one of a template too", async () => {
    await define("no-identities", { field: "type", equals: "Microsoft.ManagedIdentity/userAssignedIdentities" });
    await assign("no-identities");
    const resources = [
      {
        type: "Microsoft.ManagedIdentity/userAssignedIdentities",
        apiVersion: "2023-01-31",
        name: "t",
        location: "westeurope",
      },
    ];
    const template = {
      $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
      contentVersion: "1.0.0.0",
      resources,
    };
    const started = await emulator.arm("PUT", `${group("blue")}/providers/Microsoft.Resources/deployments/d`, {
      properties: { mode: "Incremental", template },
    });
    const ended = await emulator.finish(started);
    expect(JSON.stringify(ended.body)).toContain(denied);
    expect((await emulator.arm("GET", identity("t"))).status).toBe(404);
    await emulator.arm("DELETE", assignment("no-identities"));
  });

  it("is none of a definition that only audits, and none of the mode Indexed for what has no location", async () => {
    const pools = { field: "type", equals: "Microsoft.ContainerService/managedClusters/agentPools" };
    const pool = `${cluster}/agentPools/one`;
    await define("watched", pools, {}, "audit");
    await assign("watched");
    expect(errorOf(await emulator.arm("PUT", pool, { properties: {} })).code).not.toBe(denied);
    await define("watched", pools, { mode: "Indexed" });
    expect(errorOf(await emulator.arm("PUT", pool, { properties: {} })).code).not.toBe(denied);
    await define("watched", pools);
    expect(errorOf(await emulator.arm("PUT", pool, { properties: {} })).code).toBe(denied);
    await emulator.arm("DELETE", assignment("watched"));
  });
});

const aks = "Microsoft.ContainerService/managedClusters";
const withPools = (...agentPoolProfiles: JsonObject[]): JsonObject => ({
  location: "westeurope",
  properties: { dnsPrefix: "shop", agentPoolProfiles },
});
const sizes = `${aks}/agentPoolProfiles[*].vmSize`;
/** A pool of size b with more than three nodes. */
const manyOfSizeB: JsonObject = {
  count: {
    field: `${aks}/agentPoolProfiles[*]`,
    where: {
      allOf: [
        { field: sizes, equals: "b" },
        { field: `${aks}/agentPoolProfiles[*].count`, greater: 3 },
      ],
    },
  },
  greaterOrEquals: 1,
};

describe("a condition", () => {
  it.each<[JsonObject, JsonObject, string]>([
    [{ field: "name", like: "sh*" }, withPools(), denied],
    [{ field: "name", notLike: "sh*" }, withPools(), "allowed"],
    [{ field: "location", in: ["WestEurope"] }, withPools(), denied],
    [{ field: "location", notIn: ["westeurope"] }, withPools(), "allowed"],
    [{ not: { field: "location", equals: "westeurope" } }, withPools(), "allowed"],
    [{ field: "id", contains: "/resourcegroups/blue/" }, withPools(), denied],
    [{ field: "id", notContains: "/resourceGroups/blue/" }, withPools(), "allowed"],
    // Each element has to fulfil it, and those of an empty array do.
    [{ field: sizes, equals: "a" }, withPools({ vmSize: "a" }, { vmSize: "A" }), denied],
    [{ field: sizes, equals: "a" }, withPools({ vmSize: "a" }, { vmSize: "b" }), "allowed"],
    [{ field: sizes, equals: "a" }, withPools(), denied],
    [{ count: { field: `${aks}/agentPoolProfiles[*]` }, greater: 1 }, withPools({}, {}), denied],
    [{ count: { field: `${aks}/agentPoolProfiles[*]` }, greater: 2 }, withPools({}, {}), "allowed"],
    [manyOfSizeB, withPools({ vmSize: "a", count: 9 }, { vmSize: "b", count: 3 }), "allowed"],
    [manyOfSizeB, withPools({ vmSize: "a", count: 1 }, { vmSize: "b", count: 4 }), denied],
    // An alias of another type is nowhere.
    [{ field: "Microsoft.Storage/storageAccounts/dnsPrefix", exists: true }, withPools(), "allowed"],
    [{ field: `${aks}/dnsPrefix`, exists: true }, withPools(), denied],
    [{ field: `${aks}/sku.name`, equals: "Automatic" }, { ...withPools(), sku: { name: "automatic" } }, denied],
    [{ value: "[resourceGroup().name]", equals: "blue" }, withPools(), denied],
    [{ value: "[concat(field('name'), '-x')]", equals: "shop-x" }, withPools(), denied],
    [{ field: `${aks}/agentPoolProfiles[*].count`, less: 2 }, withPools({ count: 2 }), "allowed"],
    [{ field: `${aks}/agentPoolProfiles[*].count`, lessOrEquals: 2 }, withPools({ count: 2 }), denied],
    // What is not there is not greater; what cannot be compared is denied.
    [{ field: `${aks}/agentPoolProfiles[*].count`, greater: 2 }, withPools({ vmSize: "a" }), "allowed"],
    [{ field: `${aks}/agentPoolProfiles[*].count`, greater: 2 }, withPools({ count: "1" }), denied],
  ])("%j about %j: %s", async (condition, body, expected) => {
    expect(await under(condition, cluster, body)).toBe(expected);
  });

  it("takes the parameters of its assignment", async () => {
    const condition = {
      anyOf: [
        { field: sizes, notIn: "[parameters('sizes')]" },
        { field: `${aks}/agentPoolProfiles[*].count`, greater: "[parameters('nodes')]" },
      ],
    };
    const small = { sizes: ["a"], nodes: 2 };
    expect(await under(condition, cluster, withPools({ vmSize: "a", count: 2 }), small)).toBe("allowed");
    expect(await under(condition, cluster, withPools({ vmSize: "a", count: 3 }), small)).toBe(denied);
    expect(await under(condition, cluster, withPools({ vmSize: "b", count: 1 }), small)).toBe(denied);
  });

  it("holds resource groups as well, and where a resource is in none its group cannot be asked", async () => {
    const groups = { field: "type", equals: "Microsoft.Resources/subscriptions/resourceGroups" };
    const body = { location: "westeurope" };
    expect(await under({ allOf: [groups, { field: "name", notLike: "ok-*" }] }, group("bad"), body)).toBe(denied);
    expect(await under({ allOf: [groups, { field: "name", notLike: "ok-*" }] }, group("ok-1"), body)).toBe("allowed");
    const lock = "/subscriptions/SUB/providers/Microsoft.Authorization/locks/l";
    const asked = { value: "[resourceGroup().name]", equals: "blue" };
    expect(await under(asked, lock, { properties: { level: "CanNotDelete" } })).toBe(denied);
  });
});

describe("a definition", () => {
  it.each<[string, JsonObject, string, string]>([
    ["no field", { equals: "a" }, "InvalidPolicyRule", "needs 'field', 'value' or 'count'"],
    [
      "a condition that is none",
      { field: "name", greaterThan: 5 },
      "InvalidPolicyRule",
      "Could not find member 'greaterThan'",
    ],
    ["two conditions", { field: "name", equals: "a", like: "b" }, "InvalidPolicyRule", "Could not find member 'like'"],
    ["a field that is none", { field: "colour", equals: "a" }, "InvalidPolicyRule", "no field 'colour'"],
    [
      "an alias that is none",
      { field: `${aks}/agentPoolProfiles[*].vmSizes`, equals: "a" },
      "InvalidPolicyAlias",
      "resource type 'managedClusters'",
    ],
    ["one in a count", { count: { field: `${aks}/pools[*]` }, greater: 0 }, "InvalidPolicyAlias", "pools[*]"],
    [
      "a parameter that is none",
      { field: "name", in: "[parameters('names')]" },
      "InvalidPolicyRule",
      "'names' is used and not defined",
    ],
    [
      "two wildcards",
      { field: "id", like: "/subscriptions/*/resourceGroups/*" },
      "InvalidPolicyRule",
      "more than one wildcard",
    ],
    ["allOf without a list", { allOf: {} }, "InvalidPolicyRule", "'allOf' needs an array"],
    [
      "what is not evaluated here",
      { field: "tags", containsKey: "a" },
      "UnsupportedOperation",
      "the condition 'containsKey'",
    ],
    ["a function that is not", { value: "[utcNow()]", less: "a" }, "UnsupportedOperation", "the function 'utcNow'"],
    [
      "a count over values",
      { count: { value: [1], name: "a" }, greater: 0 },
      "UnsupportedOperation",
      "'count' over values",
    ],
  ])("is refused with %s", async (_, condition, code, words) => {
    const answer = await define("wrong", condition);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code, message: expect.stringContaining(words) });
    expect((await emulator.arm("GET", definition("wrong"))).status).toBe(404);
  });

  it.each([
    [{ mode: "Microsoft.Kubernetes.Data" }, "deny", "the mode 'Microsoft.Kubernetes.Data'"],
    [{}, "modify", "the effect 'modify'"],
    [{}, "forbid", "There is no effect 'forbid'"],
    [{ policyRule: {} }, "deny", "needs the objects 'if' and 'then'"],
  ])("is refused with %j and the effect %s", async (others, effect, words) => {
    const answer = await define("wrong", { field: "name", equals: "a" }, others, effect);
    expect(answer.status).toBe(400);
    expect(stringAt(errorOf(answer), "message")).toContain(words);
  });

  it("can be read, listed and removed", async () => {
    expect((await define("kept", { field: "name", equals: "a" })).status).toBe(201);
    const list = await emulator.arm("GET", "/subscriptions/SUB/providers/Microsoft.Authorization/policyDefinitions");
    expect(objectsAt(list.body, "value").map(({ name }) => name)).toContain("kept");
    const kept = await emulator.arm("GET", definition("kept"));
    expect(objectAt(kept.body, "properties")).toMatchObject({ policyType: "Custom", mode: "All" });
    expect((await emulator.arm("DELETE", definition("kept"))).status).toBe(200);
    expect((await emulator.arm("GET", definition("kept"))).status).toBe(404);
  });
});

describe("an assignment", () => {
  beforeAll(async () => {
    const parameters = {
      nodes: { type: "Integer" },
      effect: { type: "String", defaultValue: "deny", allowedValues: ["deny", "modify"] },
    };
    const rule = { if: { field: "name", equals: "nobody" }, then: { effect: "[parameters('effect')]" } };
    const answer = await emulator.arm("PUT", definition("given"), {
      properties: { mode: "All", parameters, policyRule: rule },
    });
    expect(answer.status).toBe(201);
  });

  it.each<[JsonObject, number, string]>([
    [{}, 400, "MissingPolicyParameter"],
    [{ parameters: { nodes: { value: 1 }, more: { value: 1 } } }, 400, "UndefinedPolicyParameter"],
    [{ parameters: { nodes: { value: "1" } } }, 400, "InvalidPolicyParameterType"],
    [{ parameters: { nodes: { value: 1 }, effect: { value: "audit" } } }, 400, "PolicyParameterValueNotAllowed"],
    [{ parameters: { nodes: { value: 1 }, effect: { value: "modify" } } }, 400, "UnsupportedOperation"],
    [
      { policyDefinitionId: "/providers/Microsoft.Authorization/policyDefinitions/e56962a6" },
      404,
      "PolicyDefinitionNotFound",
    ],
    [{ policyDefinitionId: "/providers/Microsoft.Authorization/policySetDefinitions/a" }, 400, "UnsupportedOperation"],
  ])("of %j is refused", async (properties, status, code) => {
    const answer = await assign("given", properties);
    expect(answer.status).toBe(status);
    expect(errorOf(answer).code).toBe(code);
  });

  it("takes a default for what it leaves out", async () => {
    expect((await assign("given", { parameters: { nodes: { value: 1 } } })).status).toBe(201);
    expect((await emulator.arm("DELETE", assignment("given"))).status).toBe(200);
  });
});

describe("a budget", () => {
  const path = "/subscriptions/SUB/providers/Microsoft.Consumption/budgets/month";
  const properties = {
    amount: 100,
    category: "Cost",
    timeGrain: "Monthly",
    timePeriod: { startDate: "2026-11-01T00:00:00Z" },
    notifications: {
      half: { enabled: true, operator: "GreaterThan", threshold: 50, contactEmails: ["a@example.com"] },
    },
  };

  it("is kept", async () => {
    const answer = await emulator.arm("PUT", path, { properties });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(objectAt((await emulator.arm("GET", path)).body, "properties")).toMatchObject(properties);
  });

  it.each<[JsonObject, string]>([
    [{ amount: 0 }, "amount"],
    [{ category: "Usage" }, "category"],
    [{ timeGrain: "Daily" }, "timeGrain"],
    [{ timePeriod: { startDate: "2026-11-02T00:00:00Z" } }, "startDate"],
    [{ notifications: { half: { threshold: 50, contactEmails: [] } } }, "goes to nobody"],
    [{ notifications: { half: { threshold: 5000, contactEmails: ["a@example.com"] } } }, "threshold"],
  ])("is refused with %j", async (wrong, words) => {
    const answer = await emulator.arm("PUT", path, { properties: { ...properties, ...wrong } });
    expect(answer.status).toBe(400);
    expect(stringAt(errorOf(answer), "message")).toContain(words);
  });
});
