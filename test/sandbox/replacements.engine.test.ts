import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resourcesInAzure, resourcesInState } from "./azure";
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
});
