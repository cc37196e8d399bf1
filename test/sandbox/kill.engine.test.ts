import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resourcesInAzure, resourcesInState } from "./azure";
import { operate, prepareStack, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, creationsUnderWay, openTestSandbox, plannedSteps, programsOf, stateOf } from "./in-sandbox";

const stack = "dev";

/**
 * Starts `up`, one resource at a time, and kills the engine with SIGKILL when it has said that it made the first of a type: at once,
 * when it has not noted it in its state yet, or after some milliseconds, when it has and the next one is under way.
 *
 * @param types those after which an engine was killed already; the next is added.
 * @returns whether it was killed; false when it ended by itself.
 */
async function upUntilNextType(sandbox: Sandbox, types: Set<string>, delay: number): Promise<boolean> {
  const args = ["up", "--stack", stack, "--yes", "--skip-preview", "--non-interactive", "--parallel", "1"];
  const child = spawn(sandbox.tools.path("pulumi"), args, {
    cwd: sandbox.paths.project,
    env: sandbox.environment,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = false;
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (said) return;
    const made = [...output.matchAll(/ \+ +(\S+) \S+ created \(/g)].map(([, type = ""]) => type);
    const next = made.find((type) => !types.has(type));
    if (next === undefined) return;
    said = true;
    types.add(next);
    setTimeout(() => child.kill("SIGKILL"), delay);
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (signal !== "SIGKILL") expect(code, output).toBe(0);
  return signal === "SIGKILL";
}

describe.sequential("an engine that is killed after the first resource of every type in turn", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openTestSandbox();
    await prepareStack(sandbox, stack);
  });
  afterAll(() => closeTestSandbox(sandbox));

  it("converges, and nothing is there twice", { timeout: 3_600_000 }, async () => {
    const types = new Set<string>();
    const cutOff: string[] = [];
    while (await upUntilNextType(sandbox, types, types.size % 2 === 0 ? 0 : 100)) {
      cutOff.push(...(await creationsUnderWay(sandbox, stack)));
      await prepareStack(sandbox, stack);
    }
    const last = await operate(sandbox, "up", stack);
    expect(last.code, last.stdout + last.stderr).toBe(0);
    const { resources } = await stateOf(sandbox, stack);
    expect(resources.length).toBeGreaterThan(50);
    expect([...types].filter((type) => type.startsWith("azure-native:")).length).toBeGreaterThan(5);
    expect([...types].filter((type) => type.startsWith("kubernetes:")).length).toBeGreaterThan(8);
    // The API server has some of these: it would refuse to create them again.
    expect(cutOff.filter((type) => type.startsWith("kubernetes:"))).not.toEqual([]);
    // Those of the dead engines end too.
    await expect.poll(() => programsOf(sandbox), { timeout: 120_000 }).toEqual([]);
    expect([...(await plannedSteps(sandbox, stack)).entries()]).toEqual([]);
    expect(await resourcesInAzure(sandbox)).toEqual(resourcesInState((await stateOf(sandbox, stack)).resources));

    const destroyed = await operate(sandbox, "destroy", stack);
    expect(destroyed.code, destroyed.stdout + destroyed.stderr).toBe(0);
    expect(await resourcesInAzure(sandbox)).toEqual([]);
  });
});
