import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resourcesInAzure, resourcesInState, unregisterFeature } from "./azure";
import { type Exit } from "../../sandbox/engine";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, openTestSandbox, plannedSteps, stateOf, up } from "./in-sandbox";

/** A fault as the emulator takes it. Without `match` it strikes the first requests that it can. */
interface Fault {
  readonly name: string;
  readonly count: number;
  readonly match?: string;
}

/** Faults that a run comes through. Those of one run strike apart from each other: azure-native gives a request up after four failures. */
const weathered: readonly { readonly title: string; readonly faults: readonly Fault[] }[] = [
  {
    title: "throttling, a slow operation, replicas that disagree about the feature, and 503s",
    faults: [
      { name: "throttle", count: 5 },
      { name: "slow-operation", count: 1 },
      { name: "feature-flapping", count: 6 },
      { name: "unavailable", count: 3, match: "agentPools" },
    ],
  },
  {
    title: "reset connections, late CRDs, and 500s",
    faults: [
      { name: "connection-reset", count: 3 },
      { name: "late-crds", count: 1 },
      { name: "server-error", count: 3, match: "agentPools" },
    ],
  },
];

/** Faults that end a run, in the order in which a run meets them, and what it says. */
const ending: readonly { readonly title: string; readonly fault: Fault; readonly says: RegExp }[] = [
  { title: "a feature that waits for approval", fault: { name: "feature-pending", count: 50 }, says: /Pending/ },
  { title: "no quota", fault: { name: "quota", count: 1 }, says: /[Qq]uota/ },
  {
    title: "a creation of the cluster that fails in the end",
    fault: { name: "failed-operation", count: 1, match: "managedClusters" },
    says: /./,
  },
  {
    title: "a conflict with another operation on the cluster",
    fault: { name: "conflict", count: 1, match: "agentPools" },
    says: /OperationNotAllowed/,
  },
];

describe.sequential("a run under faults, and the one after it", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openTestSandbox();
  });
  afterAll(() => closeTestSandbox(sandbox));

  /** Runs `up` under faults, each of which has to strike. */
  async function upUnder(faults: readonly Fault[]): Promise<Exit> {
    for (const fault of faults) await sandbox.emulator.control("POST", "faults", fault);
    const exit = await operate(sandbox, "up", "dev");
    const { active } = (await sandbox.emulator.control("GET", "faults")) as { active: Fault[] };
    const untouched = active.filter(({ name, count }) =>
      faults.some((one) => one.name === name && one.count === count),
    );
    expect(untouched, "each fault has to have struck").toEqual([]);
    await sandbox.emulator.control("DELETE", "faults");
    return exit;
  }

  /** There is nothing to do, and Azure has what the state says. Then all of it goes, and the feature with it. */
  async function isWholeAndGoes(): Promise<void> {
    expect([...(await plannedSteps(sandbox, "dev")).entries()]).toEqual([]);
    expect(await resourcesInAzure(sandbox)).toEqual(resourcesInState((await stateOf(sandbox, "dev")).resources));
    const destroyed = await operate(sandbox, "destroy", "dev");
    expect(destroyed.code, destroyed.stdout + destroyed.stderr).toBe(0);
    expect(await resourcesInAzure(sandbox)).toEqual([]);
    await unregisterFeature(sandbox);
  }

  it.each(weathered)("comes through $title", async ({ faults }) => {
    const { code, stdout, stderr } = await upUnder(faults);
    expect(code, stdout + stderr).toBe(0);
    await isWholeAndGoes();
  });

  // Each of these runs takes up what the one before has left, as far as the next fault.
  it.each(ending)("ends with what is wrong: $title", async ({ fault, says }) => {
    const { code, stdout, stderr } = await upUnder([fault]);
    expect(code, stdout + stderr).not.toBe(0);
    expect(stdout + stderr).toMatch(says);
  });

  it("is made whole by the next run, whatever ended those before it", async () => {
    await up(sandbox, "dev");
    await isWholeAndGoes();
  });
});
