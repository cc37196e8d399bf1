import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type JsonObject, valueAt } from "../../../sandbox/arm/json";
import { clusterPath, clusterWith, createCluster, startTestEmulator, type TestEmulator } from "./emulator";

const user = "c3333333-3333-4333-8333-333333333333";
const roles = {
  clusterAdmin: "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
  admin: "3498e952-d568-435e-9b2c-8d77e338d7f7",
  writer: "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb",
  reader: "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
};

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
  await createCluster(emulator, clusterWith({ aadProfile: { managed: true, enableAzureRBAC: true } }));
});
afterAll(() => emulator.close());

async function allows(attributes: JsonObject, who: JsonObject = { user, uid: user }): Promise<boolean> {
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: { ...who, ...attributes },
  };
  const path = `guard${clusterPath.toLowerCase().replace("/sub/", "/SUB/")}`;
  const answer = await emulator.control("POST", path, review);
  expect(answer).toMatchObject({
    status: 200,
    body: { kind: "SubjectAccessReview", apiVersion: "authorization.k8s.io/v1" },
  });
  expect(valueAt(answer.body, "status", "denied")).toBeUndefined();
  return valueAt(answer.body, "status", "allowed") === true;
}

const at = (verb: string, group: string, resource: string, namespace = "shop") => ({
  resourceAttributes: { verb, group, resource, namespace },
});
const questions = {
  readPods: at("list", "", "pods"),
  writeDeployments: at("patch", "apps", "deployments"),
  readSecrets: at("get", "", "secrets"),
  bindRoles: at("create", "rbac.authorization.k8s.io", "rolebindings"),
  writeTrafficTargets: at("create", "access.smi-spec.io", "traffictargets"),
  createNamespaces: at("create", "", "namespaces", ""),
  readHealth: { nonResourceAttributes: { path: "/healthz", verb: "get" } },
};

async function granted(roleId: string, scope: string): Promise<string[]> {
  const name = "d4444444-4444-4444-8444-444444444444";
  const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  const roleDefinitionId = `/subscriptions/${emulator.identity.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`;
  const answer = await emulator.arm("PUT", path, { properties: { principalId: user, roleDefinitionId } });
  expect(answer.status).toBe(201);
  const allowed = [];
  for (const [question, attributes] of Object.entries(questions)) if (await allows(attributes)) allowed.push(question);
  await emulator.arm("DELETE", path);
  return allowed;
}

describe("guard", () => {
  it("allows nobody anything without a role assignment", async () => {
    for (const attributes of Object.values(questions)) expect(await allows(attributes)).toBe(false);
  });

  it.each([
    ["clusterAdmin", Object.keys(questions)],
    ["admin", ["readPods", "writeDeployments", "readSecrets", "bindRoles"]],
    ["writer", ["readPods", "writeDeployments", "readSecrets"]],
    ["reader", ["readPods"]],
  ] as const)("grants what Azure's %s role says", async (role, expected) => {
    expect(await granted(roles[role], clusterPath)).toEqual(expected);
  });

  it("honours assignments at the group, the subscription and one namespace, and no other scope", async () => {
    const group = "/subscriptions/SUB/resourceGroups/rg";
    expect(await granted(roles.reader, group)).toEqual(["readPods"]);
    expect(await granted(roles.reader, "/subscriptions/SUB")).toEqual(["readPods"]);
    expect(await granted(roles.reader, `${clusterPath}/namespaces/shop`)).toEqual(["readPods"]);
    expect(await granted(roles.reader, `${clusterPath}/namespaces/other`)).toEqual([]);
    await emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/r", { location: "westus2" });
    expect(await granted(roles.reader, "/subscriptions/SUB/resourceGroups/r")).toEqual([]);
  });

  it("knows other roles of the name only, and other people not at all", async () => {
    expect(await granted("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", clusterPath)).toEqual([]);
    expect(await allows(questions.readPods, { user: "somebody@example.com", uid: "x" })).toBe(false);
  });
});
