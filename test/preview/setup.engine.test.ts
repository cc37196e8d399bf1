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
  // Here one subscription stands for all: the policies come when the states' own account is there.
  await setUp("config", "set", "ownClustersSubscription", sandbox.emulator.credentials.subscriptionId);
  await setUp("config", "set", "--path", "ownClustersContacts[0]", "team@example.com");
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

describe("clusters of previews' own", () => {
  const group = "/resourceGroups/aks-mesh-pr-7";
  const cluster = `${group}/providers/Microsoft.ContainerService/managedClusters/aks-mesh-pr-7`;
  const allowed = "Standard_D2ds_v5";
  const pool = (properties: Record<string, unknown>) => ({ name: "system", mode: "System", ...properties });
  const withPools = (...agentPoolProfiles: unknown[]) => ({
    location: "westeurope",
    identity: { type: "SystemAssigned" },
    properties: { agentPoolProfiles },
  });
  const inGroup = (type: string, name: string) => `${group}/providers/${type}/${name}`;

  /** Asks Azure itself, beside the command, and says by which code it refuses. */
  async function ask(path: string, body: unknown): Promise<{ code: string; message: string }> {
    const answer = await arm(sandbox, "PUT", path, body);
    const {
      error,
      code = "",
      message = "",
    } = answer.body as {
      error?: { code: string; message: string };
      code?: string;
      message?: string;
    };
    return error ?? { code, message };
  }

  beforeAll(async () => {
    expect((await ask(`${group}?api-version=2022-09-01`, { location: "westeurope" })).code).toBe("");
  });

  const nodes = "Clusters of previews have nodes of the sizes of previewNodeSizes";
  const types = "A preview has a resource group of its own";
  const pools = `${cluster}/agentPools/more?api-version=2025-09-01`;
  const whole = `${cluster}?api-version=2025-09-01`;
  const older = `${cluster}/agentPools/more?api-version=2024-09-01`;
  it.each<[string, string, unknown, string]>([
    ["a cluster with large nodes inside", whole, withPools(pool({ count: 1, vmSize: "Standard_D64ds_v5" })), nodes],
    [
      "one of an older version",
      `${cluster}?api-version=2023-04-01`,
      withPools(pool({ count: 1, vmSize: "Standard_D64ds_v5" })),
      nodes,
    ],
    ["too many nodes inside", whole, withPools(pool({ count: 5, vmSize: allowed })), nodes],
    [
      "nodes that may become too many",
      whole,
      withPools(pool({ count: 1, maxCount: 5, enableAutoScaling: true, vmSize: allowed })),
      nodes,
    ],
    ["many pools", whole, withPools(...[1, 2, 3, 4, 5].map(() => pool({ count: 1, vmSize: allowed }))), nodes],
    [
      "one allowed pool and one that is not",
      whole,
      withPools(pool({ count: 1, vmSize: allowed }), pool({ count: 1, vmSize: "Standard_NC24ads_A100_v4" })),
      nodes,
    ],
    ["a size that is not said", whole, withPools(pool({ count: 1 })), nodes],
    ["a number that is none", whole, withPools(pool({ count: "1", vmSize: allowed })), nodes],
    ["machines of sizes elsewhere", whole, withPools(pool({ type: "VirtualMachines", vmSize: allowed })), nodes],
    [
      "a cluster that chooses its nodes",
      whole,
      { ...withPools(), sku: { name: "Automatic", tier: "Standard" } },
      nodes,
    ],
    [
      "one that provisions them",
      whole,
      { location: "westeurope", properties: { nodeProvisioningProfile: { mode: "Auto" } } },
      nodes,
    ],
    ["a pool of large nodes", pools, { properties: { count: 1, vmSize: "Standard_D64ds_v5" } }, nodes],
    ["one of an older version of the API", older, { properties: { count: 1, vmSize: "Standard_D64ds_v5" } }, nodes],
    ["a pool of many nodes", pools, { properties: { count: 5, vmSize: allowed } }, nodes],
    [
      "a pool that may become large",
      pools,
      { properties: { count: 1, maxCount: 5, enableAutoScaling: true, vmSize: allowed } },
      nodes,
    ],
    ["a pool of a size that is not said", pools, { properties: { count: 1 } }, nodes],
    [
      "a virtual machine",
      `${inGroup("Microsoft.Compute/virtualMachines", "vm")}?api-version=2024-07-01`,
      { location: "westeurope", properties: {} },
      types,
    ],
    [
      "a scale set",
      `${inGroup("Microsoft.Compute/virtualMachineScaleSets", "vms")}?api-version=2024-07-01`,
      { location: "westeurope", properties: {} },
      types,
    ],
    [
      "a storage account",
      `${inGroup("Microsoft.Storage/storageAccounts", "previewdata")}?api-version=2024-01-01`,
      { location: "westeurope", sku: { name: "Standard_LRS" }, kind: "StorageV2" },
      types,
    ],
    [
      "a container elsewhere",
      `${inGroup("Microsoft.ContainerInstance/containerGroups", "miner")}?api-version=2023-05-01`,
      { location: "westeurope", properties: {} },
      types,
    ],
    [
      "a group that no reaper knows",
      "/resourceGroups/hidden?api-version=2022-09-01",
      { location: "westeurope" },
      types,
    ],
  ])("are refused by Azure itself with %s", async (_, path, body, message) => {
    const refusal = await ask(path, body);
    expect(refusal.code).toBe("RequestDisallowedByPolicy");
    expect(refusal.message).toContain(message);
  });

  it.each<[string, string, unknown, string]>([
    // The container service itself refuses these two: a whole cluster comes up in own-cluster.engine.test.ts, under the same policies.
    ["a small cluster", whole, withPools(pool({ name: "UPPER", count: 4, vmSize: allowed })), "InvalidParameter"],
    [
      "a small pool",
      pools,
      { properties: { count: 1, maxCount: 4, enableAutoScaling: true, vmSize: allowed } },
      "ParentResourceNotFound",
    ],
    [
      "an identity",
      `${inGroup("Microsoft.ManagedIdentity/userAssignedIdentities", "id")}?api-version=2023-01-31`,
      { location: "westeurope" },
      "",
    ],
    [
      "a workspace",
      `${inGroup("Microsoft.OperationalInsights/workspaces", "logs")}?api-version=2023-09-01`,
      { location: "westeurope", properties: {} },
      "",
    ],
  ])("may have %s", async (_, path, body, code) => {
    expect((await ask(path, body)).code).toBe(code);
  });

  it("are made by a role of few actions; whoever has it gives nobody another, and people are told what is spent", async () => {
    const access = "/providers/Microsoft.Authorization";
    const list = await arm(
      sandbox,
      "GET",
      `${access}/roleDefinitions?api-version=2022-04-01&$filter=type%20eq%20'CustomRole'`,
    );
    const [role] = (list.body as { value: { name: string; properties: { permissions: { actions: string[] }[] } }[] })
      .value;
    const actions = role?.properties.permissions.flatMap((one) => one.actions) ?? [];
    expect(actions).toContain("Microsoft.ContainerService/managedClusters/agentPools/write");
    const authorization = /Microsoft\.Authorization\/(?!roleAssignments\/(write|delete)$)/;
    for (const action of actions.filter((one) => one !== "*/read")) {
      expect(action).not.toMatch(/\*|Microsoft\.(Compute|Storage|Network)\/(?!register\/)/);
      expect(action).not.toMatch(authorization);
    }
    const own = await arm(sandbox, "GET", `${access}/roleAssignments?api-version=2022-04-01`);
    const { value } = own.body as {
      value: {
        properties: { principalId: string; roleDefinitionId: string; scope: string; condition: string | null };
      }[];
    };
    const granted = value
      .map(({ properties }) => properties)
      .filter(
        ({ principalId, scope }) => principalId === principals.get("aks-mesh-preview") && !/resourceGroups/.test(scope),
      )
      .map(({ roleDefinitionId, condition }) => [roleDefinitionId.split("/").at(-1), condition] as const);
    expect(granted).toEqual(
      expect.arrayContaining([
        [roles.Reader, null],
        [role?.name, expect.stringContaining("GuidEquals {b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b}")],
      ]),
    );
    expect(granted).toHaveLength(2);
    const budget = await arm(
      sandbox,
      "GET",
      "/providers/Microsoft.Consumption/budgets/aks-mesh-own-clusters?api-version=2024-08-01",
    );
    expect(budget.body).toMatchObject({
      properties: { amount: 200, notifications: { all: { threshold: 100, contactEmails: ["team@example.com"] } } },
    });
  });
});
