import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type Json, type JsonObject, stringAt } from "../../../sandbox/arm/json";
import { type PlaceholderRecord } from "../../../sandbox/arm/placeholder-backend";
import { clusterPath, clusterWith, createCluster, errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await startTestEmulator();
  await emulator.control("PUT", "settings", { requireFeature: false });
  await emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/rg", { location: "westus2" });
});
afterEach(() => emulator.close());

const vault = "/subscriptions/SUB/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/authority";
const putVault = (properties: JsonObject): Promise<unknown> =>
  emulator.arm("PUT", vault, {
    location: "westus2",
    properties: {
      tenantId: emulator.identity.tenantId,
      sku: { family: "A", name: "standard" },
      enableRbacAuthorization: true,
      ...properties,
    },
  });
const putSecret = (name: string, properties: JsonObject) =>
  emulator.arm("PUT", `${vault}/secrets/${name}`, { properties });

describe("secrets of a key vault", () => {
  beforeEach(() => putVault({}));

  it("are written and described, and their values never shown", async () => {
    const made = await putSecret("ca-key", { value: "once", contentType: "text/plain" });
    expect(made.status).toBe(201);
    const read = await emulator.arm("GET", `${vault}/secrets/ca-key`);
    expect(read.body).toMatchObject({
      name: "ca-key",
      type: "Microsoft.KeyVault/vaults/secrets",
      properties: {
        contentType: "text/plain",
        attributes: { enabled: true },
        secretUri: "https://authority.vault.azure.net/secrets/ca-key",
      },
    });
    const again = await putSecret("ca-key", { value: "twice" });
    const version = (answer: { body: Json }): string | undefined =>
      stringAt(answer.body, "properties", "secretUriWithVersion");
    expect(version(again)).not.toBe(version(made));
    const list = await emulator.arm("GET", `${vault}/secrets`);
    const vaults = await emulator.arm("GET", vault);
    for (const { body } of [made, read, again, list, vaults]) expect(JSON.stringify(body)).not.toMatch(/once|twice/);
    expect(emulator.log.join("\n")).not.toMatch(/once|twice/);
  });

  it.each<[string, string, JsonObject, number, RegExp]>([
    ["no value", "a", {}, 400, /properties\.value is missing/],
    ["an empty value", "a", { value: "" }, 400, /properties\.value is missing/],
    ["a value that is no text", "a", { value: 1 }, 400, /properties\.value is missing/],
    ["a long value", "a", { value: "v".repeat(25_601) }, 400, /longer than 25600 bytes/],
    ["a name with an underscore", "a_b", { value: "v" }, 400, /'a_b' is invalid/],
  ])("are refused with %s", async (_, name, properties, status, message) => {
    const answer = await putSecret(name, properties);
    expect(answer.status).toBe(status);
    expect(errorOf(answer).message).toMatch(message);
  });

  it("need their vault, and are not deleted by Azure Resource Manager", async () => {
    const elsewhere = await emulator.arm("PUT", `${vault}2/secrets/a`, { properties: { value: "v" } });
    expect(errorOf(elsewhere).code).toBe("ParentResourceNotFound");
    await putSecret("a", { value: "v" });
    expect((await emulator.arm("DELETE", `${vault}/secrets/a`)).status).toBe(405);
  });
});

describe("a mesh's certificate authority from a key vault", () => {
  const names = ["root-cert", "ca-cert", "ca-key", "cert-chain"];
  const config = (rotationPollInterval: string): JsonObject => ({ enableSecretRotation: "true", rotationPollInterval });
  const meshed = (addonConfig: JsonObject): JsonObject =>
    clusterWith({
      addonProfiles: { azureKeyvaultSecretsProvider: { enabled: true, config: addonConfig } },
      serviceMeshProfile: {
        mode: "Istio",
        istio: {
          certificateAuthority: {
            plugin: {
              keyVaultId: vault.replace("SUB", emulator.identity.subscriptionId),
              rootCertObjectName: "root-cert",
              certObjectName: "ca-cert",
              keyObjectName: "ca-key",
              certChainObjectName: "cert-chain",
            },
          },
        },
      },
    });
  const found = (): PlaceholderRecord["authority"] => [...emulator.backend.clusters.values()][0]?.authority;
  const whole = (version: string): JsonObject =>
    Object.fromEntries(names.map((name) => [`${name}.pem`, `${name} ${version}`]));
  const putAll = async (version: string): Promise<void> => {
    for (const name of names) await putSecret(name, { value: `${name} ${version}` });
  };
  const addonIdentity = async (): Promise<string> =>
    stringAt(
      (await emulator.arm("GET", clusterPath)).body,
      ...["properties", "addonProfiles", "azureKeyvaultSecretsProvider", "identity", "objectId"],
    ) ?? "";
  const allow = async (roleId: string, at = vault): Promise<unknown> =>
    emulator.arm("PUT", `${at}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`, {
      properties: {
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
        principalId: await addonIdentity(),
        principalType: "ServicePrincipal",
      },
    });
  const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6";
  const reader = "21090545-7ca7-4776-b22c-e363652d74d2";
  /** Changes nothing of the cluster; at the end of any change the vault is looked at. */
  const look = async (addonConfig: JsonObject): Promise<PlaceholderRecord["authority"]> => {
    await emulator.finish(await emulator.arm("PUT", clusterPath, meshed(addonConfig)));
    return found();
  };
  const said = (text: string | RegExp): Promise<void> =>
    expect.poll(found).toMatchObject({ problem: expect.stringMatching(text) });

  it("is missed until there is a vault, the add-on may read secrets, and the last secret is there", async () => {
    await createCluster(emulator, meshed(config("1s")));
    await said(/objectName:root-cert,.*the key vault 'authority' was not found/i);
    await putVault({});
    await said(
      /Status=403 Code="Forbidden".*does not have secrets get permission on key vault 'authority;location=westus2'/,
    );
    await allow(reader);
    await putAll("1");
    await putSecret("cert-chain", { value: "cert-chain 1", attributes: { enabled: false } });
    expect(await look(config("1s"))).toMatchObject({ problem: expect.stringContaining("secrets get permission") });
    await allow(secretsUser, "/subscriptions/SUB/resourceGroups/rg");
    await said(/objectName:cert-chain,.*Operation get is not allowed on the secret cert-chain, which is disabled/);
    await putAll("1");
    await expect.poll(found).toEqual(whole("1"));
  });

  it("follows the vault after a restart too, until the mesh is off", async () => {
    await putVault({});
    await putAll("1");
    await createCluster(emulator, meshed(config("1s")));
    await allow(secretsUser);
    await expect.poll(found).toEqual(whole("1"));
    await emulator.restart();
    await putAll("2");
    await expect.poll(found).toEqual(whole("2"));
    await emulator.finish(
      await emulator.arm("PUT", clusterPath, clusterWith({ serviceMeshProfile: { mode: "Disabled" } })),
    );
    await putAll("3");
    // Any change of the cluster would look at the vault at once.
    await emulator.finish(
      await emulator.arm("PUT", clusterPath, clusterWith({ serviceMeshProfile: { mode: "Disabled" } })),
    );
    expect(found()).toEqual(whole("2"));
  });

  it("is read by the vault's access policies where it does not go by Azure RBAC", async () => {
    await putVault({ enableRbacAuthorization: false });
    await putAll("1");
    await createCluster(emulator, meshed({ enableSecretRotation: "false" }));
    await allow(secretsUser);
    const rotationOff = { enableSecretRotation: "false" };
    expect(await look(rotationOff)).toMatchObject({ problem: expect.stringContaining("secrets get permission") });
    const policy = (secrets: string[]): JsonObject => ({
      enableRbacAuthorization: false,
      accessPolicies: [{ tenantId: emulator.identity.tenantId, objectId: policyReader, permissions: { secrets } }],
    });
    const policyReader = await addonIdentity();
    await putVault(policy(["list"]));
    expect(await look(rotationOff)).toMatchObject({ problem: expect.stringContaining("secrets get permission") });
    await putVault(policy(["Get", "List"]));
    await expect.poll(found).toEqual(whole("1"));
  });

  it("goes with its vault", async () => {
    await putVault({});
    await putAll("1");
    await createCluster(emulator, meshed(config("1s")));
    await allow(secretsUser);
    await expect.poll(found).toEqual(whole("1"));
    await emulator.arm("DELETE", vault);
    await said("was not found");
    await putVault({ createMode: "recover" });
    await allow(secretsUser);
    await said("SecretNotFound");
  });
});
