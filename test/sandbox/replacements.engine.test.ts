import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arm, resourcesInAzure, resourcesInState } from "./azure";
import { operate, prepareStack, pulumi, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, configure, kubectl, openTestSandbox, plannedSteps, stateOf } from "./in-sandbox";

const stack = "dev";

/** What a stack is, but for the time of its last change. */
async function snapshot(sandbox: Sandbox) {
  const { resources } = await stateOf(sandbox, stack);
  return { inState: resources.map(({ urn, id }) => [urn, id]).sort(), inAzure: await resourcesInAzure(sandbox) };
}

describe.sequential("a running stack", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openTestSandbox();
    await prepareStack(sandbox, stack);
  });
  afterAll(() => closeTestSandbox(sandbox));

  it("goes to another region where the first one had no quota, so that there is no cluster yet", async () => {
    await sandbox.emulator.control("POST", "faults", { name: "quota", count: 1 });
    const failed = await operate(sandbox, "up", stack);
    expect(failed.code).not.toBe(0);
    expect(failed.stdout + failed.stderr).toMatch(/quota/i);
    await sandbox.emulator.control("DELETE", "faults");
    await configure(sandbox, stack, { location: "swedencentral" });
    const exit = await operate(sandbox, "up", stack);
    expect(exit.code, exit.stdout + exit.stderr).toBe(0);
    const { resources } = await stateOf(sandbox, stack);
    const cluster = resources.find(({ type }) => type.endsWith(":ManagedCluster"));
    expect(cluster?.outputs["location"]).toBe("swedencentral");
    expect([...(await plannedSteps(sandbox, stack))]).toEqual([]);
    expect(await resourcesInAzure(sandbox)).toEqual(resourcesInState(resources));
  });

  it("refuses another region before anything is touched, with or without a preview", async () => {
    const before = await snapshot(sandbox);
    const { stdout: location } = await pulumi(sandbox, ["config", "get", "aks-mesh:location", "--stack", stack]);
    await configure(sandbox, stack, { location: "northeurope" });
    const preview = ["preview", "--stack", stack, "--non-interactive"];
    const up = ["up", "--stack", stack, "--non-interactive", "--yes", "--skip-preview"];
    for (const args of [preview, up]) {
      const { code, stdout, stderr } = await pulumi(sandbox, args);
      expect(code, args[0]).not.toBe(0);
      expect(stdout + stderr).toContain("cannot be changed so");
      expect(stdout + stderr).toContain(`"${location.trim()}" → "northeurope"`);
      expect(stdout + stderr).toContain("make a second stack");
      expect(stdout + stderr, "no trace").not.toMatch(/^\s+at /m);
    }
    expect(await snapshot(sandbox)).toEqual(before);
    await configure(sandbox, stack, { location: location.trim() });
    expect([...(await plannedSteps(sandbox, stack))]).toEqual([]);
  });

  it("refuses disks with a key of one's own, which Azure gives a cluster only when it makes it", async () => {
    const { stdout } = await pulumi(sandbox, ["config", "get", "aks-mesh:location", "--stack", stack]);
    const location = stdout.trim();
    const group = "/resourceGroups/keys?api-version=2024-03-01";
    const set = "/resourceGroups/keys/providers/Microsoft.Compute/diskEncryptionSets/disks";
    expect((await arm(sandbox, "PUT", group, { location })).status).toBe(201);
    const made = await arm(sandbox, "PUT", `${set}?api-version=2024-03-02`, {
      location,
      identity: { type: "SystemAssigned" },
      properties: { activeKey: { keyUrl: "https://keys.vault.azure.net/keys/disks/1" } },
    });
    expect(made.status, JSON.stringify(made.body)).toBeLessThan(300);
    const before = await snapshot(sandbox);
    const { id } = made.body as { id: string };
    await configure(sandbox, stack, { diskEncryptionSetId: id });
    const { code, stdout: said, stderr } = await pulumi(sandbox, ["preview", "--stack", stack, "--non-interactive"]);
    expect(code).not.toBe(0);
    expect(said + stderr).toContain(`diskEncryptionSetID: not set → "${id}"`);
    expect(await snapshot(sandbox)).toEqual(before);
    await configure(sandbox, stack, { diskEncryptionSetId: undefined });
    await arm(sandbox, "DELETE", group);
    await expect.poll(async () => (await arm(sandbox, "GET", group)).status, { timeout: 300_000 }).toBe(404);
  });

  it("does not say that all is well over a cluster whose objects are gone", async () => {
    const gone = await kubectl(sandbox, stack, "delete", "deployment/bookbuyer", "--namespace", "bookbuyer");
    expect(gone.code, gone.stderr).toBe(0);
    const preview = await pulumi(sandbox, ["preview", "--stack", stack, "--non-interactive"]);
    expect(preview.code, preview.stderr).toBe(0);
    const up = await operate(sandbox, "up", stack);
    expect(up.code).not.toBe(0);
    for (const { stdout, stderr } of [preview, up]) {
      expect(stdout + stderr).toContain("Deployment bookbuyer/bookbuyer");
      expect(stdout + stderr).toContain("Run `pulumi refresh`, then `pulumi up`.");
    }
    const refreshed = await pulumi(sandbox, [
      "refresh",
      "--stack",
      stack,
      "--yes",
      "--skip-preview",
      "--non-interactive",
    ]);
    expect(refreshed.code, refreshed.stdout + refreshed.stderr).toBe(0);
    const healed = await operate(sandbox, "up", stack);
    expect(healed.code, healed.stdout + healed.stderr).toBe(0);
    expect([...(await plannedSteps(sandbox, stack))]).toEqual([]);
  });

  const clusterPath = "/resourceGroups/aks-mesh-dev/providers/Microsoft.ContainerService/managedClusters/aks-mesh-dev";

  /** The stack is whole: nothing to do, Azure has what the state says, and the objects are there. */
  async function expectWhole(): Promise<void> {
    expect([...(await plannedSteps(sandbox, stack))]).toEqual([]);
    const { resources } = await stateOf(sandbox, stack);
    expect(await resourcesInAzure(sandbox)).toEqual(resourcesInState(resources));
    const pods = ["get", "deployments,traffictargets", "--all-namespaces", "--output", "name"];
    const { stdout } = await kubectl(sandbox, stack, ...pods);
    expect(stdout).toContain("deployment.apps/bookbuyer");
    expect(stdout.match(/^traffictarget/gm)).toHaveLength(4);
  }

  it("comes back with `up` from a destroy that a lock of Azure stopped halfway", async () => {
    const before = (await snapshot(sandbox)).inState;
    const lock = `${clusterPath}/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01`;
    expect((await arm(sandbox, "PUT", lock, { properties: { level: "CanNotDelete" } })).status).toBe(201);
    const refused = await operate(sandbox, "destroy", stack);
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toContain("ScopeLocked");
    const left = (await snapshot(sandbox)).inState.map(([urn]) => urn);
    // What would have gone with the cluster has left the state, and is still there.
    expect(left.filter((urn) => urn?.includes("kubernetes:"))).toEqual([]);
    expect((await arm(sandbox, "DELETE", lock)).status).toBe(200);
    const up = await operate(sandbox, "up", stack);
    expect(up.code, up.stdout + up.stderr).toBe(0);
    expect((await snapshot(sandbox)).inState.map(([urn]) => urn)).toEqual(before.map(([urn]) => urn));
    await expectWhole();
  });

  it("is made anew where somebody deleted its cluster in Azure", async () => {
    const gone = `${clusterPath}?api-version=2025-09-01`;
    await arm(sandbox, "DELETE", gone);
    await expect.poll(async () => (await arm(sandbox, "GET", gone)).status, { timeout: 300_000 }).toBe(404);
    const preview = await pulumi(sandbox, ["preview", "--stack", stack, "--non-interactive"]);
    expect(preview.code).not.toBe(0);
    expect(preview.stdout + preview.stderr).toContain(
      "The cluster aks-mesh-dev is in the stack's state and not in Azure: somebody deleted it. Run `PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh`",
    );
    expect(preview.stdout + preview.stderr, "no trace").not.toMatch(/^\s+at /m);
    const environment = { ...sandbox.environment, PULUMI_K8S_DELETE_UNREACHABLE: "true" };
    const refresh = ["refresh", "--stack", stack, "--yes", "--skip-preview", "--non-interactive"];
    const refreshed = await pulumi({ ...sandbox, environment }, refresh);
    expect(refreshed.code, refreshed.stdout + refreshed.stderr).toBe(0);
    const up = await operate(sandbox, "up", stack);
    expect(up.code, up.stdout + up.stderr).toBe(0);
    await expectWhole();
  });
});
