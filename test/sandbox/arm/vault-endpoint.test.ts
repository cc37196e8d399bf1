import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Json, stringAt } from "../../../sandbox/arm/json";
import {
  type Answer,
  clusterPath,
  clusterWith,
  createCluster,
  errorOf,
  startTestEmulator,
  type TestEmulator,
} from "./emulator";

const group = "/subscriptions/SUB/resourceGroups/rg/providers";
const vault = `${group}/Microsoft.KeyVault/vaults/authority`;
const identity = `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/carrier`;
const subject = "system:serviceaccount:mesh-authority:carrier";
const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6";
const secretsOfficer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

let emulator: TestEmulator;
let carrier: { readonly clientId: string; readonly principalId: string };
/** A token of a service account of the cluster. */
let accountToken: (subject?: string, audience?: string) => Promise<string>;

beforeAll(async () => {
  emulator = await startTestEmulator();
  await createCluster(emulator, clusterWith({ oidcIssuerProfile: { enabled: true } }));
  const cluster = await emulator.arm("GET", clusterPath);
  const issuer = stringAt(cluster.body, "properties", "oidcIssuerProfile", "issuerURL") ?? "";
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const [record] = emulator.backend.clusters.values();
  expect(record?.spec.serviceAccountIssuer).toBe(issuer);
  record?.keys.push({ ...(await exportJWK(publicKey)), kid: "one", alg: "RS256" });
  accountToken = (sub = subject, audience = "api://AzureADTokenExchange") =>
    new SignJWT({})
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .setIssuer(issuer)
      .setSubject(sub)
      .setAudience(audience)
      .setExpirationTime("1h")
      .sign(privateKey);
  const made = await emulator.arm("PUT", identity, { location: "westus2" });
  carrier = {
    clientId: stringAt(made.body, "properties", "clientId") ?? "",
    principalId: stringAt(made.body, "properties", "principalId") ?? "",
  };
  await emulator.arm("PUT", `${identity}/federatedIdentityCredentials/carrier`, {
    properties: { issuer, subject, audiences: ["api://AzureADTokenExchange"] },
  });
  await emulator.arm("PUT", vault, {
    location: "westus2",
    properties: {
      tenantId: emulator.identity.tenantId,
      sku: { family: "A", name: "standard" },
      enableRbacAuthorization: true,
    },
  });
});
afterAll(() => emulator.close());

function login(assertion: string, scope = "https://vault.azure.net/.default"): Promise<Answer> {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: carrier.clientId,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ...{ client_assertion: assertion, scope },
  });
  return emulator.raw("POST", `/${emulator.identity.tenantId}/oauth2/v2.0/token`, form.toString());
}

async function bearer(scope?: string): Promise<string> {
  return `Bearer ${stringAt((await login(await accountToken(), scope)).body, "access_token") ?? ""}`;
}

/** A request to the vault's own endpoint. */
function ask(method: string, path: string, authorization?: string, body?: Json): Promise<Answer> {
  const headers = { host: "authority.vault.azure.net", ...(authorization !== undefined && { authorization }) };
  return emulator.raw(
    method,
    `${path}?api-version=7.4`,
    body === undefined ? undefined : JSON.stringify(body),
    headers,
  );
}

const roleAssignments = `${vault}/providers/Microsoft.Authorization/roleAssignments`;
const give = (role: string, last: number) =>
  emulator.arm("PUT", `${roleAssignments}/00000000-0000-0000-0000-00000000000${last}`, {
    properties: {
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      principalId: carrier.principalId,
      principalType: "ServicePrincipal",
    },
  });

describe("a managed identity", () => {
  it("is taken by the service account that a federated credential names, by its cluster's keys", async () => {
    expect((await login(await accountToken())).status).toBe(200);
    const other = await login(await accountToken("system:serviceaccount:default:default"));
    expect(stringAt(other.body, "error_description")).toMatch(/^AADSTS700213: No matching federated identity record/);
    expect((await login(await accountToken(subject, "https://elsewhere.example"))).status).toBe(401);
    expect((await login("no token")).status).toBe(401);
  });

  it("sees no subscription, and may nothing in Azure Resource Manager", async () => {
    const authorization = await bearer("https://management.core.windows.net//.default");
    const subscriptions = await emulator.raw("GET", "/subscriptions?api-version=2022-12-01", undefined, {
      authorization,
    });
    expect(subscriptions).toMatchObject({ status: 200, body: { value: [] } });
    const read = await emulator.raw("GET", `${vault}?api-version=2024-11-01`, undefined, { authorization });
    expect(errorOf(read).code).toBe("AuthorizationFailed");
  });
});

describe("a key vault's own endpoint", () => {
  it("tells who comes without a token where to get one, and takes none that is for something else", async () => {
    const bare = await ask("GET", "/secrets/a/");
    expect(bare.status).toBe(401);
    expect(bare.headers["www-authenticate"]).toBe(
      `Bearer authorization="${emulator.url}/${emulator.identity.tenantId}", resource="https://vault.azure.net"`,
    );
    const elsewhere = await ask("GET", "/secrets/a/", await bearer("https://management.core.windows.net//.default"));
    expect(elsewhere.status).toBe(401);
  });

  it("shows secrets to whom a role lets read, and takes them from whom one lets write", async () => {
    const authorization = await bearer();
    const value = { value: "once", tags: { "file-encoding": "utf-8" } };
    expect(errorOf(await ask("GET", "/secrets/a/", authorization)).message).toMatch(/secrets get permission/);
    await give(secretsUser, 1);
    expect(await ask("GET", "/secrets/a/", authorization)).toMatchObject({
      status: 404,
      body: { error: { code: "SecretNotFound" } },
    });
    expect(errorOf(await ask("PUT", "/secrets/a", authorization, value)).message).toMatch(/secrets set permission/);
    await give(secretsOfficer, 2);
    const first = await ask("PUT", "/secrets/a", authorization, value);
    expect(first).toMatchObject({ status: 200, body: { value: "once", tags: value.tags } });
    expect(stringAt(first.body, "id")).toMatch(/^https:\/\/authority\.vault\.azure\.net\/secrets\/a\/[0-9a-f]{32}$/);
    await ask("PUT", "/secrets/a", authorization, { value: "twice" });
    expect((await ask("GET", "/secrets/a/", authorization)).body).toMatchObject({ value: "twice" });
    const version = stringAt(first.body, "id")?.split("/").at(-1) ?? "";
    expect((await ask("GET", `/secrets/a/${version}`, authorization)).status).toBe(404);
    expect(emulator.log.join("\n")).not.toMatch(/once|twice/);
  });

  it("refuses what it does not know by name, and what no vault takes", async () => {
    const authorization = await bearer();
    expect(errorOf(await ask("DELETE", "/secrets/a", authorization)).message).toMatch(
      /do not know DELETE \/secrets\/a/,
    );
    expect((await ask("PUT", "/secrets/a", authorization, { value: "" })).status).toBe(400);
  });
});
