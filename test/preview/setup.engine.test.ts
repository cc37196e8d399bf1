import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openProject, type Project } from "../../preview/project";
import { containers, identities, roles } from "../../preview/setup/identities";
import { type Exit, run } from "../../sandbox/engine";
import { type Sandbox } from "../../sandbox/sandbox";
import { arm } from "../sandbox/azure";
import { closeTestSandbox, openTestSandbox } from "../sandbox/in-sandbox";

let sandbox: Sandbox;
let project: Project;

/** A command in a copy of the project's settings: the checkout stays as it is. */
async function setUp(...args: readonly string[]): Promise<Exit> {
  const exit = await run(sandbox.tools.path("pulumi"), [...args, "--non-interactive"], {
    cwd: project.directory,
    environment: sandbox.environment,
  });
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
  return exit;
}

/** Who has which role where, as Azure answers. */
let assignments: readonly { readonly principalId: string; readonly role: string; readonly scope: string }[];
/** Ids of the principals, by the identity's name. */
const principals = new Map<string, string>();

beforeAll(async () => {
  sandbox = await openTestSandbox();
  project = await openProject(resolve(__dirname, "../../preview/setup"));
  await setUp("stack", "init", "team");
  const settings = {
    repository: "acme/shop",
    location: "westeurope",
    storageAccount: "acmestate",
    vault: "acme-pulumi",
    registry: "acmepreviews",
  };
  for (const [key, value] of Object.entries(settings)) await setUp("config", "set", key, value);
  await setUp("up", "--yes");
  await setUp("preview", "--expect-no-changes");

  const list = await arm(sandbox, "GET", "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01");
  const { value } = list.body as {
    value: { properties: { principalId: string; roleDefinitionId: string; scope: string } }[];
  };
  assignments = value.map(({ properties: { principalId, roleDefinitionId, scope } }) => ({
    principalId,
    role: roleDefinitionId.split("/").at(-1) ?? "",
    scope,
  }));
  const { stdout } = await setUp("stack", "output", "--json");
  const outputs = JSON.parse(stdout) as { identities: Record<string, { principalId: string }> };
  for (const [name, { principalId }] of Object.entries(outputs.identities)) principals.set(name, principalId);
});
afterAll(async () => {
  await project.close();
  await closeTestSandbox(sandbox);
});

/** What Azure's roles let one do with data (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles). */
const dataActions: Readonly<Record<string, readonly string[]>> = {
  [roles["Storage Blob Data Contributor"]]: ["read blob", "write blob"],
  [roles["Storage Blob Data Reader"]]: ["read blob"],
  [roles["Key Vault Crypto User"]]: ["decrypt"],
  [roles.AcrPull]: ["pull image"],
  [roles.AcrPush]: ["pull image", "push image"],
};

function may(identity: string, action: string, on: string): boolean {
  const principal = principals.get(identity);
  expect(principal).toBeDefined();
  return assignments.some(
    ({ principalId, role, scope }) =>
      principalId === principal &&
      (dataActions[role] ?? []).includes(action) &&
      `${on}/`.toLowerCase().startsWith(`${scope}/`.toLowerCase()),
  );
}

const group = () =>
  `/subscriptions/${sandbox.emulator.credentials.subscriptionId}/resourceGroups/aks-mesh-state/providers`;
const blobIn = (container: string, path: string) =>
  `${group()}/Microsoft.Storage/storageAccounts/acmestate/blobServices/default/containers/${container}/blobs/${path}`;
const stateOf = (container: string, stack: string) => blobIn(container, `.pulumi/stacks/aks-mesh/${stack}.json`);
const registry = () => `${group()}/Microsoft.ContainerRegistry/registries/acmepreviews`;
const key = (name: string) => `${group()}/Microsoft.KeyVault/vaults/acme-pulumi/keys/${name}`;

describe("the identities that preview/setup makes", () => {
  it.each([
    ["reads the state of dev", "read blob", () => stateOf("nonprod", "dev")],
    ["writes the state of dev", "write blob", () => stateOf("nonprod", "dev")],
    ["reads the state of prod", "read blob", () => stateOf("prod", "prod")],
    ["writes the state of prod", "write blob", () => stateOf("prod", "prod")],
    ["writes what is published of dev", "write blob", () => stateOf("shared", "dev")],
    ["opens the secrets of dev", "decrypt", () => key("pulumi-nonprod")],
    ["opens the secrets of prod", "decrypt", () => key("pulumi-prod")],
  ])("refuse a pull request that %s", (_, action, on) => {
    for (const [name, { runsPullRequests }] of Object.entries(identities)) {
      if (runsPullRequests) expect(may(name, action, on()), name).toBe(false);
    }
  });

  it("let previews keep their own states, and read what is published", () => {
    expect(may("aks-mesh-preview", "write blob", stateOf("previews", "pr-1"))).toBe(true);
    expect(may("aks-mesh-preview", "decrypt", key("pulumi-previews"))).toBe(true);
    expect(may("aks-mesh-preview", "read blob", stateOf("shared", "dev"))).toBe(true);
  });

  it("let only the one that runs no pull request publish", () => {
    expect(may("aks-mesh-publish", "read blob", stateOf("nonprod", "dev"))).toBe(true);
    expect(may("aks-mesh-publish", "write blob", stateOf("nonprod", "dev"))).toBe(false);
    expect(may("aks-mesh-publish", "write blob", stateOf("shared", "dev"))).toBe(true);
    const publishers = Object.keys(identities).filter((name) => may(name, "write blob", stateOf("shared", "dev")));
    expect(publishers).toEqual(["aks-mesh-publish"]);
  });

  it("let only the one that builds images push them, and it has nothing else", async () => {
    const pushers = Object.keys(identities).filter((name) => may(name, "push image", registry()));
    expect(pushers).toEqual(["aks-mesh-preview-images"]);
    expect(may("aks-mesh-preview", "pull image", registry())).toBe(true);
    const images = principals.get("aks-mesh-preview-images");
    const all = assignments.filter(({ principalId }) => principalId === images);
    expect(all.map(({ role, scope }) => [role, scope.toLowerCase()])).toEqual([
      [roles.AcrPush, registry().toLowerCase()],
    ]);
    const { body } = await arm(
      sandbox,
      "GET",
      "/resourceGroups/aks-mesh-state/providers/Microsoft.ContainerRegistry/registries/acmepreviews?api-version=2023-07-01",
    );
    expect(body).toMatchObject({ properties: { adminUserEnabled: false } });
  });

  it("are made for jobs in one environment each, and no container is open to the public", async () => {
    for (const [name, { environment }] of Object.entries(identities)) {
      const identity = `/resourceGroups/aks-mesh-state/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
      const answer = await arm(sandbox, "GET", `${identity}/federatedIdentityCredentials?api-version=2023-01-31`);
      expect(answer.body).toMatchObject({
        value: [{ properties: { subject: `repo:acme/shop:environment:${environment}` } }],
      });
    }
    const account = "/resourceGroups/aks-mesh-state/providers/Microsoft.Storage/storageAccounts/acmestate";
    const { body } = await arm(sandbox, "GET", `${account}?api-version=2024-01-01`);
    expect(body).toMatchObject({ properties: { allowBlobPublicAccess: false, allowSharedKeyAccess: false } });
    for (const container of Object.values(containers)) {
      const path = `${account}/blobServices/default/containers/${container}?api-version=2024-01-01`;
      expect((await arm(sandbox, "GET", path)).status).toBe(200);
    }
  });
});
