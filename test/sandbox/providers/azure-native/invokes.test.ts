import { afterEach, beforeEach, expect, test } from "vitest";
import { type PropertyMap } from "../../../../sandbox/providers/protocol";
import { claims, context, providerFor, startFakeArm, type FakeArm } from "./fake-arm";

let arm: FakeArm;
beforeEach(async () => {
  arm = await startFakeArm();
});
afterEach(() => arm.close());

const cluster = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c";

async function invoke(token: string, args: PropertyMap = {}): Promise<unknown> {
  const provider = await providerFor(arm);
  return provider.invoke({ token: `azure-native:${token}`, args }, context());
}

test("getClientConfig reads the token", async () => {
  expect(await invoke("authorization:getClientConfig")).toEqual({
    result: { clientId: claims.appid, objectId: claims.oid, tenantId: claims.tid, subscriptionId: "s" },
  });
});

test("getClientToken is for the endpoint asked for", async () => {
  const audienceOf = (outcome: unknown): string =>
    Buffer.from(JSON.stringify(outcome).match(/"token":"([\w-]+)\./)?.[1] ?? "", "base64url").toString();
  expect(audienceOf(await invoke("authorization:getClientToken"))).toBe("https://audience/");
  expect(audienceOf(await invoke("authorization:getClientToken", { endpoint: "https://other" }))).toBe("https://other");
});

test("credentials come by POST, with their query", async () => {
  const body = { kubeconfigs: [{ name: "clusterUser", value: "eA==" }] };
  arm.answer(`POST ${cluster}/listClusterUserCredential`, { status: 200, body });
  const args = { resourceGroupName: "rg", resourceName: "c", format: "exec", serverFqdn: "private" };
  expect(await invoke("containerservice:listManagedClusterUserCredentials", args)).toEqual({ result: body });
  const [request] = arm.requests;
  expect(Object.fromEntries(request?.query ?? [])).toEqual({
    "api-version": "2025-09-01",
    format: "exec",
    "server-fqdn": "private",
  });
});

test("a refusal names what was asked", async () => {
  arm.answer(`POST ${cluster}/listClusterAdminCredential`, {
    status: 400,
    body: { code: "BadRequest", message: "Getting static credential is not allowed." },
  });
  const args = { resourceGroupName: "rg", resourceName: "c" };
  await expect(invoke("containerservice:listManagedClusterAdminCredentials", args)).rejects.toThrow(
    `request failed ${cluster}/listClusterAdminCredential: Status=400 Code="BadRequest"`,
  );
});

test("get works for every type of the table", async () => {
  arm.answer(`GET ${cluster}`, { status: 200, body: { id: cluster, name: "c", properties: { fqdn: "f" } } });
  expect(await invoke("containerservice:getManagedCluster", { resourceGroupName: "rg", resourceName: "c" })).toEqual({
    result: { azureApiVersion: "2025-09-01", fqdn: "f", id: cluster, name: "c" },
  });
});

test("missing arguments are named", async () => {
  expect(await invoke("containerservice:getManagedCluster", { resourceGroupName: "rg" })).toEqual({
    failures: [{ property: "resourceName", reason: "missing required property 'resourceName'" }],
  });
  expect(await invoke("operationalinsights:getSharedKeys", { resourceGroupName: "rg" })).toEqual({
    failures: [{ property: "workspaceName", reason: "missing required property 'workspaceName'" }],
  });
});

test("a function that is not translated is named, with the place to add it", async () => {
  await expect(invoke("storage:listStorageAccountKeys")).rejects.toThrow(
    /azure-native:storage:listStorageAccountKeys not found.*invokes\.ts/,
  );
});
