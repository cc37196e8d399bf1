import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { resourcesInAzure, resourcesInState, unregisterFeature } from "./azure";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, openTestSandbox, plannedSteps, stateOf } from "./in-sandbox";

/** A fault and how a run under it ends: well at once, or with an error that says this, after which the next run ends well. */
interface FaultCase {
  readonly title: string;
  readonly fault: { name: string; count: number; match?: string };
  readonly ends: "well" | RegExp;
}

const putCluster = "PUT /subscriptions/";
const cases: readonly FaultCase[] = [
  { title: "throttling", fault: { name: "throttle", count: 5 }, ends: "well" },
  { title: "500s", fault: { name: "server-error", count: 3 }, ends: "well" },
  { title: "503s", fault: { name: "unavailable", count: 3 }, ends: "well" },
  { title: "reset connections", fault: { name: "connection-reset", count: 3 }, ends: "well" },
  { title: "a slow operation", fault: { name: "slow-operation", count: 1 }, ends: "well" },
  {
    title: "a conflict with another operation on the cluster",
    fault: { name: "conflict", count: 1, match: "agentPools" },
    ends: /OperationNotAllowed/,
  },
  {
    title: "an operation that fails in the end",
    fault: { name: "failed-operation", count: 1, match: putCluster },
    ends: /./,
  },
  { title: "no quota", fault: { name: "quota", count: 1 }, ends: /[Qq]uota/ },
  { title: "replicas that disagree about the feature", fault: { name: "feature-flapping", count: 6 }, ends: "well" },
  { title: "a feature that waits for approval", fault: { name: "feature-pending", count: 50 }, ends: /Pending/ },
  { title: "late CRDs", fault: { name: "late-crds", count: 1 }, ends: "well" },
];

describe.sequential("a run under each fault, and the one after it", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openTestSandbox();
  });
  afterAll(() => closeTestSandbox(sandbox));

  afterEach(async () => {
    await sandbox.emulator.control("DELETE", "faults");
  });

  it.each(cases)("$title", async ({ fault, ends }) => {
    await sandbox.emulator.control("POST", "faults", fault);
    const first = await operate(sandbox, "up", "dev");
    const { active } = (await sandbox.emulator.control("GET", "faults")) as { active: { count?: number }[] };
    expect(
      active.map(({ count }) => count),
      "the fault has to have struck",
    ).not.toContain(fault.count);
    await sandbox.emulator.control("DELETE", "faults");
    const printed = first.stdout + first.stderr;
    if (ends === "well") expect(first.code, printed).toBe(0);
    else {
      expect(first.code, printed).not.toBe(0);
      expect(printed).toMatch(ends);
      const second = await operate(sandbox, "up", "dev");
      expect(second.code, second.stdout + second.stderr).toBe(0);
    }
    expect([...(await plannedSteps(sandbox, "dev")).entries()]).toEqual([]);
    expect(await resourcesInAzure(sandbox)).toEqual(resourcesInState((await stateOf(sandbox, "dev")).resources));

    const destroyed = await operate(sandbox, "destroy", "dev");
    expect(destroyed.code, destroyed.stdout + destroyed.stderr).toBe(0);
    expect(await resourcesInAzure(sandbox)).toEqual([]);
    await unregisterFeature(sandbox);
  });
});
