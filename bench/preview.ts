/**
 * `npm run bench:preview`: how long a preview takes on the shared cluster and on one of its own, what it asks for, and
 * whether the fifty-first takes longer than the first.
 *
 *     npm run bench:preview [-- STEP…] [--count 50] [--scale 0.05] [--sandbox DIR]
 *
 * Steps, in this order: first, own, fill, many, reap; all unless some are named. With --sandbox the sandbox stays, so that the
 * steps can be run one by one.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Stack } from "@pulumi/pulumi/automation";
import { openEngine } from "../preview/engine";
import { inTurns } from "../preview/list";
import { tagStack } from "../preview/tags";
import { stopEmulator } from "../sandbox/emulator";
import { programDirectory } from "../sandbox/paths";
import { terminalReport } from "../sandbox/progress";
import { openSandbox, operate, projectName, resetSandbox, type Sandbox } from "../sandbox/sandbox";
import { table } from "../sandbox/summary";
import { arm } from "../test/sandbox/azure";
import { median, seconds } from "./statistics";

const { values, positionals } = parseArgs({
  options: {
    count: { type: "string", default: "50" },
    scale: { type: "string", default: "0.05" },
    sandbox: { type: "string" },
  },
  allowPositionals: true,
});
const count = Number(values.count);
const scale = Number(values.scale);
const report = terminalReport();
const commit = "0123456789".repeat(4);

/** What of Azure's latencies no order of work can avoid for a cluster whose subscription has the feature. */
const chain = ["clusterCreate", "poolCreate", "poolDelete", "poolCreate"] as const;

/** What a command took and asked for. */
interface Measured {
  readonly milliseconds: number;
  /** Requests to Azure Resource Manager, and to Kubernetes API servers. */
  readonly requests: { readonly arm: number; readonly kubernetes: number };
  readonly output: string;
}

/** Runs `aks-mesh preview …` to its end. */
async function preview(sandbox: Sandbox, ...args: readonly string[]): Promise<Measured> {
  const log = join(sandbox.paths.directory, "requests.log");
  await rm(log, { force: true });
  await sandbox.emulator.control("DELETE", "requests");
  const start = performance.now();
  const child = spawn(process.execPath, [join(programDirectory, "cli", "bin.js"), "preview", ...args], {
    env: {
      ...sandbox.environment,
      NODE_OPTIONS: `--require ${join(__dirname, "count-requests.cjs")}`,
      AKS_MESH_COUNT_REQUESTS: log,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  const milliseconds = performance.now() - start;
  if (code !== 0) throw new Error(`preview ${args.join(" ")} failed:\n${output}`);
  const { total } = (await sandbox.emulator.control("GET", "requests")) as { total: number };
  const lines = existsSync(log) ? (await readFile(log, "utf8")).split("\n") : [];
  const kubernetes = lines.filter((line) => / \/(api|apis|version|openapi)\b/.test(line)).length;
  return { milliseconds, requests: { arm: total, kubernetes }, output };
}

/** Deploys the previews with these numbers, one after the other. They are past their end at once. */
async function up(sandbox: Sandbox, numbers: readonly number[], ...args: readonly string[]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const number of numbers) {
    report(`Preview ${number} …`);
    const given = ["--pr", String(number), "--commit", commit, "--owner", "bench", "--ttl", "1s", ...args];
    measured.push(await preview(sandbox, "up", ...given));
  }
  return measured;
}

const times = (all: readonly Measured[]) => all.map(({ milliseconds }) => milliseconds);

const requestsText = ({ requests }: Measured) => `${requests.arm} to ARM, ${requests.kubernetes} to Kubernetes`;

/** Deploys previews without looking at them first, several at a time: only to have them there. */
async function fill(sandbox: Sandbox, numbers: readonly number[]): Promise<void> {
  const never = new AbortController().signal;
  const surroundings = {
    program: programDirectory,
    project: projectName,
    environment: process.env,
    say: report,
    signal: never,
    engineSignal: never,
    secrets: new Set<string>(),
    lockTimeout: 0,
    takeOver: false,
  };
  const engine = await openEngine(surroundings, "dev");
  try {
    await inTurns(3, numbers, async (pullRequest) => {
      const name = `pr-${pullRequest}`;
      if (existsSync(join(sandbox.paths.state, ".pulumi", "stacks", projectName, `${name}.json`))) return;
      const expires = "2020-01-01T00:00:00Z";
      const settings = {
        pullRequest,
        commit,
        owner: "bench",
        expires,
        cluster: "shared",
        base: "dev",
        images: {},
        reaches: [],
      } as const;
      await engine.projectDirectory.configure(name, projectName, settings);
      const stack = await Stack.create(name, engine.workspace);
      await tagStack(engine, name, settings);
      await stack.up({ color: "never" });
      report(`${name} is there`);
    });
  } finally {
    await engine.close();
  }
}

/** A preview asks for about 1 GiB of memory; a node of dev has room for five. */
const previewsPerNode = 4;

/** Gives the shared cluster the nodes that so many previews need. Nothing scales it by itself in the sandbox. */
async function enlarge(sandbox: Sandbox, previews: number): Promise<void> {
  const pools =
    "/resourceGroups/aks-mesh-dev/providers/Microsoft.ContainerService/managedClusters/aks-mesh-dev/agentPools";
  const version = "api-version=2024-09-01";
  const { body } = await arm(sandbox, "GET", `${pools}?${version}`);
  const { value } = body as { value: { name: string; properties: Record<string, unknown> }[] };
  const user = value.find(({ properties }) => properties["mode"] === "User");
  if (user === undefined) throw new Error("The shared cluster has no pool for workloads.");
  const nodes = Math.ceil(previews / previewsPerNode) + 1;
  const properties: Record<string, unknown> = { ...user.properties, count: nodes, minCount: nodes, maxCount: nodes };
  for (const key of ["currentOrchestratorVersion", "nodeImageVersion", "eTag", "provisioningState"])
    delete properties[key];
  const { status, body: answer } = await arm(sandbox, "PUT", `${pools}/${user.name}?${version}`, { properties });
  if (status >= 300) throw new Error(`The shared cluster could not be enlarged: ${JSON.stringify(answer)}`);
}

/** Numbers from one to another, both included. */
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

const early = range(1, 3);
const late = range(count + 1, count + 3);

/** Where a sandbox that stays keeps what later steps compare with: the time of the first preview. */
const firstFile = (sandbox: Sandbox) => join(sandbox.paths.directory, "first.json");

const steps: Readonly<Record<string, (sandbox: Sandbox) => Promise<readonly (readonly string[])[]>>> = {
  first: async (sandbox) => {
    const firsts = await up(sandbox, early);
    await writeFile(firstFile(sandbox), JSON.stringify(median(times(firsts))));
    const pushes = [...(await up(sandbox, [1])), ...(await up(sandbox, [1]))];
    const [first] = firsts;
    return [
      ["first push to a ready preview on the shared cluster", seconds(times(firsts))],
      ["  what it asks for", first === undefined ? "" : requestsText(first)],
      ["every later push", seconds(times(pushes))],
    ];
  },
  own: async (sandbox) => {
    await sandbox.emulator.control("PUT", "latency", { profile: "realistic", scale });
    const { seconds: latencies } = (await sandbox.emulator.control("GET", "latency")) as {
      seconds: Record<string, number>;
    };
    const azure = chain.reduce((sum, action) => sum + (latencies[action] ?? 0), 0);
    const [own] = await up(sandbox, [900], "--cluster", "own");
    await sandbox.emulator.control("PUT", "latency", { profile: "quick", scale: 1 });
    await preview(sandbox, "down", "--pr", "900");
    if (own === undefined) return [];
    const added = own.milliseconds / 1000 - azure * scale;
    return [
      [`a cluster of its own, Azure ${1 / scale} times as fast`, seconds([own.milliseconds])],
      ["  what it asks for", requestsText(own)],
      ["  on Azure's own clock", `${(azure + added).toFixed(0)} s, of which Azure's latencies are ${azure} s`],
    ];
  },
  fill: async (sandbox) => {
    await enlarge(sandbox, count + late.length);
    await fill(sandbox, range(1, count));
    return [];
  },
  many: async (sandbox) => {
    const lasts = await up(sandbox, late);
    const first = existsSync(firstFile(sandbox)) ? Number(await readFile(firstFile(sandbox), "utf8")) : Number.NaN;
    const status = await preview(sandbox, "status");
    return [
      [`the same with ${count} previews there already`, seconds(times(lasts))],
      [
        "  against the first",
        Number.isNaN(first) ? "not known: run the step first" : `${(median(times(lasts)) / first).toFixed(2)} times`,
      ],
      [`status of ${count + late.length} previews`, seconds([status.milliseconds])],
    ];
  },
  reap: async (sandbox) => {
    const reaped = await preview(sandbox, "reap");
    const removed = reaped.output.split("\n").filter((line) => line.startsWith("removed")).length;
    return [
      [`reaping ${removed} previews`, seconds([reaped.milliseconds])],
      ["  what it asks for", requestsText(reaped)],
    ];
  },
};

async function main(): Promise<void> {
  const chosen = positionals.length > 0 ? positionals : Object.keys(steps);
  const unknown = chosen.find((name) => steps[name] === undefined);
  if (unknown !== undefined) throw new Error(`There is no step ${unknown}: ${Object.keys(steps).join(", ")}.`);
  const directory = values.sandbox ?? (await mkdtemp(join(tmpdir(), "aks-mesh-bench-")));
  const sandbox = await openSandbox(report, { directory });
  // The engine that fills the cluster runs in this process.
  Object.assign(process.env, sandbox.environment);
  const rows: (readonly string[])[] = [["WHAT", "MEASURED: MEDIAN (LEAST–MOST)"]];
  try {
    const { code, stdout, stderr } = await operate(sandbox, "up", "dev");
    if (code !== 0) throw new Error(`The shared cluster did not come up:\n${stdout}${stderr}`);
    for (const [name, step] of Object.entries(steps)) {
      if (!chosen.includes(name)) continue;
      report(`Step ${name} …`);
      rows.push(...(await step(sandbox)));
    }
    console.log(`\n${table(rows)}`);
  } finally {
    if (values.sandbox === undefined) {
      await stopEmulator(sandbox.emulator);
      await resetSandbox(sandbox.paths);
    }
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
