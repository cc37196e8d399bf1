import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { run } from "../../sandbox/engine";
import { podProblem } from "../../sandbox/data-plane/runner";
import { programDirectory } from "../../sandbox/paths";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { stackCluster } from "../../sandbox/traffic/cluster";
import { closeTestSandbox, configure, kubectl, openTestSandbox } from "./in-sandbox";
import { startTraffic } from "./traffic-process";
import { until } from "./until";

const program = join(__dirname, "programs", "rollout");
const stack = "dev";
const root = "bookstore/bookstore";
let sandbox: Sandbox;
let problem: string | undefined;
let traffic: ChildProcess | undefined;

beforeAll(async () => {
  problem = await podProblem();
  sandbox = await openTestSandbox({ program });
});
afterAll(async () => {
  if (traffic !== undefined && traffic.exitCode === null) {
    traffic.kill("SIGINT");
    await once(traffic, "close");
  }
  await closeTestSandbox(sandbox);
});

/** Leaves the test out where pods cannot run, and says why. */
function needsPods({ skip }: TestContext): void {
  if (problem !== undefined) skip(problem);
}

async function up(): Promise<string> {
  const exit = await operate(sandbox, "up", stack);
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
  return exit.stdout;
}

/** Runs `aks-mesh rollout …` where the sandbox keeps the stack. */
function rollout(...args: string[]) {
  return run(process.execPath, [join(programDirectory, "cli", "bin.js"), "rollout", ...args, "--stack", stack], {
    cwd: sandbox.paths.project,
    environment: sandbox.environment,
  });
}

interface State {
  readonly weight: number;
  readonly phase: string;
  readonly version: string;
  readonly reason: string;
  readonly requests?: Readonly<Record<string, number>>;
}

/** Where the rollout stands. */
async function standing(...args: string[]): Promise<State> {
  const exit = await rollout("status", "--json", ...args);
  expect(exit.code, exit.stderr).toBe(0);
  const { rollouts } = JSON.parse(exit.stdout) as { rollouts: Record<string, State> };
  return rollouts[root] ?? expect.fail(exit.stdout);
}

/** The weights in the cluster. */
async function weights(): Promise<string> {
  const template = "{range .spec.backends[*]}{.service}={.weight} {end}";
  const exit = await kubectl(
    sandbox,
    stack,
    "get",
    "trafficsplit",
    "-n",
    "bookstore",
    "bookstore-split",
    `--output=jsonpath=${template}`,
  );
  expect(exit.code, exit.stderr).toBe(0);
  return exit.stdout.trim();
}

/** Asks for a step until the gate can tell. */
function stepUntilMoved(): Promise<{ code: number; state: State }> {
  let before: State | undefined;
  return until(async () => {
    before ??= await standing();
    const { code, stdout, stderr } = await rollout("step");
    expect([0, 3], stdout + stderr).toContain(code);
    const state = await standing();
    return state.weight === before.weight && state.phase === before.phase ? undefined : { code, state };
  });
}

describe.sequential("a phased rollout by the program", () => {
  it("begins with its first step, and stays there without anybody who counts", async () => {
    expect(await up()).toContain("rollout of bookstore/bookstore: 25 % to bookstore-v2: the rollout of version");
    expect(await weights()).toBe("bookstore-v1=75 bookstore-v2=25");
    const exit = await rollout("step");
    expect(exit.code, exit.stderr).toBe(0);
    expect(exit.stdout).toContain("stays at 25 % to bookstore-v2: the gate cannot tell: no Prometheus is known");
  });

  it("gives a good version all calls, as callers' sidecars count", async (context) => {
    needsPods(context);
    const { prometheus } = await openedMetrics();
    await configure(sandbox, stack, { prometheus });
    const all = await stepUntilMoved();
    expect(all.state).toMatchObject({ weight: 100, phase: "progressing" });
    expect(all.state.reason).toMatch(/^0\.0 % of [\d,]+ requests failed in \d+s, at most 1 % may$/);
    expect(await weights()).toBe("bookstore-v2=100");
    const counted = await until(async () => {
      const { requests = {} } = await standing("--prometheus", prometheus);
      return (requests["bookstore-v2"] ?? 0) > 100 ? requests : undefined;
    });
    expect(counted["bookstore-v2"]).toBeGreaterThan(counted["bookstore-v1"] ?? 0);
    expect((await stepUntilMoved()).state).toMatchObject({ weight: 100, phase: "finished" });
  });

  it("sends a bad version back at its first step, says so with its exit code, and leaves it there", async (context) => {
    needsPods(context);
    const { version } = await standing();
    await configure(sandbox, stack, { failPercent: 20 });
    const refused = await rollout("step");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/nothing was changed\. .*update Deployment .*bookstore-v2/);
    expect(await up()).toMatch(/100 % → 25 % to bookstore-v2: version \w+ takes the place of/);
    const back = await stepUntilMoved();
    expect(back).toMatchObject({ code: 3, state: { weight: 0, phase: "failed" } });
    expect(back.state.version).not.toBe(version);
    const [, percent] = /^([\d.]+) % of [\d,]+ requests failed/.exec(back.state.reason) ?? [];
    expect(Number(percent)).toBeGreaterThan(10);
    expect(await weights()).toBe("bookstore-v1=100");
    const again = await rollout("step");
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/stays at 0 % to bookstore-v2: it failed at .*Deploy another version/);
  });

  it("goes on where a person says so, and back", async () => {
    await configure(sandbox, stack, { prometheus: undefined, failPercent: undefined });
    await up();
    expect((await rollout("next", "--root", root)).stdout).toContain(
      "25 % → 100 % to bookstore-v2: somebody asked for it",
    );
    expect(await weights()).toBe("bookstore-v2=100");
    expect((await rollout("back")).stdout).toContain("100 % → 0 % to bookstore-v2: somebody asked for it");
    expect(await standing()).toMatchObject({ weight: 0, phase: "stopped" });
    expect(await weights()).toBe("bookstore-v1=100");
  });
});

/** Starts the pods with a Prometheus beside them, which run until the tests end. */
async function openedMetrics(): Promise<{ prometheus: string }> {
  traffic = startTraffic(sandbox, ["--stack", stack, "--metrics", "--seconds", "3600"], { TEST_PROGRAM: program });
  const { directory } = await stackCluster(sandbox, stack);
  const file = join(directory, "metrics", "ports.json");
  return until(async () => {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const { prometheus } = JSON.parse(text) as { prometheus: number };
    return { prometheus: `http://127.0.0.1:${String(prometheus)}` };
  });
}
