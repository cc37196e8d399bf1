/**
 * `npm run bench`: this program beside a plain one of the same resources (bench/same), which tells what the program adds to their number,
 * and beside the small one that people begin with (bench/plain), through the same engine and the same emulator in the same
 * run; then a whole `up` from a stopped sandbox, its memory, and what it adds to Azure's own latencies.
 *
 *     npm run bench [-- --rounds 5] [--scale 0.1]
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { stopEmulator } from "../sandbox/emulator";
import { terminalReport } from "../sandbox/progress";
import { writeProject } from "../sandbox/project";
import { openSandbox, operate, pulumi, resetSandbox, type Sandbox } from "../sandbox/sandbox";
import { table } from "../sandbox/summary";
import { type EngineRun, engineRun, freshEngineRun } from "./engine-run";
import { memoryOf } from "./memory";
import { seconds } from "./statistics";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, scale: { type: "string", default: "0.1" } },
});
const rounds = Number(values.rounds);
const scale = Number(values.scale);
const report = terminalReport();

/** What of Azure's latencies no order of work can avoid, one after another, for a first `up` of stack dev. */
const chain = [
  "featureRegister",
  "providerRegister",
  "clusterCreate",
  "poolCreate",
  "poolDelete",
  "poolCreate",
] as const;

async function must(sandbox: Sandbox, operation: "up" | "destroy"): Promise<number> {
  const start = performance.now();
  const { code, stdout, stderr } = await operate(sandbox, operation, "dev");
  if (code !== 0) throw new Error(`${operation} failed:\n${stdout}${stderr}`);
  return performance.now() - start;
}

const up = ["up", "--stack", "dev", "--yes", "--skip-preview"];

/** Brings another program up in the sandbox, which knows the feature already that this one registers. @returns its project. */
async function bringUp(sandbox: Sandbox, program: string): Promise<string> {
  const project = join(sandbox.paths.directory, program);
  await writeProject(project, join(__dirname, program));
  await pulumi({ ...sandbox, paths: { ...sandbox.paths, project } }, ["stack", "init", "dev", "--no-select"]);
  await engineRun(sandbox, project, up);
  return project;
}

/** Preview and no-change `up` of all programs in turn. */
async function compare(sandbox: Sandbox): Promise<string> {
  report("Bringing the programs up …");
  await must(sandbox, "up");
  const same = await bringUp(sandbox, "same");
  const plain = await bringUp(sandbox, "plain");
  const projects = {
    "this program": sandbox.paths.project,
    "its resources, plainly": same,
    "a small plain one": plain,
  };
  const preview = ["preview", "--stack", "dev"];
  const kinds: Record<string, (project: string) => Promise<EngineRun>> = {
    "first preview": (project) => freshEngineRun(sandbox, project, preview),
    preview: (project) => engineRun(sandbox, project, preview),
    "no-change up": (project) => engineRun(sandbox, project, [...up, "--expect-no-changes"]),
  };
  const runs = new Map<string, EngineRun[]>();
  for (let round = 1; round <= rounds; round += 1) {
    report(`Round ${round} of ${rounds} …`);
    for (const [kind, measure] of Object.entries(kinds)) {
      for (const [name, project] of Object.entries(projects)) {
        const key = `${name}|${kind}`;
        runs.set(key, [...(runs.get(key) ?? []), await measure(project)]);
      }
    }
  }
  for (const project of [same, plain]) {
    await engineRun(sandbox, project, ["destroy", "--stack", "dev", "--yes", "--skip-preview"]);
  }
  const cell = (name: string, kind: string, pick: (run: EngineRun) => number) =>
    seconds((runs.get(`${name}|${kind}`) ?? []).map(pick));
  const names = Object.keys(projects);
  const row = (title: string, kind: string, pick: (run: EngineRun) => number) => [
    title,
    ...names.map((name) => cell(name, kind, pick)),
  ];
  return table([
    ["MEDIAN (LEAST–MOST)", ...names],
    row("in CI or after an edit: start to first registration", "first preview", (run) => run.firstRegistration),
    row("in CI or after an edit: preview", "first preview", (run) => run.total),
    row("unchanged program: start to first registration", "preview", (run) => run.firstRegistration),
    row("unchanged program: preview", "preview", (run) => run.total),
    row("unchanged program: no-change up", "no-change up", (run) => run.total),
  ]);
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "aks-mesh-bench-"));
  const open = () => openSandbox(report, { directory });
  let sandbox = await open();
  try {
    const comparison = await compare(sandbox);
    await must(sandbox, "destroy");

    report("`up` from a stopped sandbox …");
    await stopEmulator(sandbox.emulator);
    const start = performance.now();
    sandbox = await open();
    await must(sandbox, "up");
    const fromStopped = performance.now() - start;
    const memory = memoryOf(directory);
    await must(sandbox, "destroy");

    report(`\`up\` under realistic latencies, on a clock that runs ${1 / scale} times as fast …`);
    await sandbox.emulator.control("PUT", "latency", { profile: "realistic", scale });
    const { seconds: latencies } = (await sandbox.emulator.control("GET", "latency")) as {
      seconds: Record<string, number>;
    };
    const azure = chain.reduce((sum, action) => sum + (latencies[action] ?? 0), 0);
    await pulumi(sandbox, ["stack", "rm", "dev", "--yes", "--force"]);
    await stopEmulator(sandbox.emulator);
    await resetSandbox(sandbox.paths);
    sandbox = await open();
    await sandbox.emulator.control("PUT", "latency", { profile: "realistic", scale });
    const realistic = (await must(sandbox, "up")) / 1000;
    const added = realistic - azure * scale;

    console.log(`\n${comparison}\n`);
    console.log(
      table([
        ["WHAT", "MEASURED"],
        ["up from a stopped sandbox", `${(fromStopped / 1000).toFixed(1)} s`],
        [
          "memory of the sandbox with one cluster",
          `${memory.resident.toFixed(0)} MiB resident, ${memory.proportional.toFixed(0)} MiB proportional, ${memory.processes} processes`,
        ],
        ["Azure's longest chain of latencies", `${azure} s, here ${(azure * scale).toFixed(1)} s`],
        ["up under them", `${realistic.toFixed(1)} s`],
        [
          "added by engine and program",
          `${added.toFixed(1)} s, ${((100 * added) / azure).toFixed(1)} % of the chain on Azure's own clock`,
        ],
      ]),
    );
  } finally {
    await stopEmulator(sandbox.emulator);
    await resetSandbox(sandbox.paths);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
