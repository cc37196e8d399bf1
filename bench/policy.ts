/**
 * How long the policy analysis takes, how it grows, and how OSM's own catalogue does on the same objects.
 *
 *     npx tsx bench/policy.ts [targets…] [--osm-seconds 20]         default: 300 1000 3000 10000 30000
 *
 * Every size runs in a process of its own, from one bundled file as the command does. `first` is what a command or a preview takes, `best` the shortest of three more
 * runs in the same process; milliseconds of wall-clock time on one thread.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { compile } from "../mesh";
import { assumedCluster } from "../mesh/policy";
import { bundle } from "../sandbox/bundle";
import { table } from "../sandbox/summary";
import { policyOf } from "./policy/generate";
import { type Measured } from "./policy/measure";
import { catalogueRun } from "./policy/osm-catalogue";
import { growth, median } from "./statistics";

const root = path.resolve(__dirname, "..");
const defaultSizes = [300, 1000, 3000, 10_000, 30_000];

async function measured(program: string, size: number, objectsFile: string): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, String(size), objectsFile], {
    cwd: root,
    maxBuffer: 1 << 20,
  });
  return JSON.parse(stdout) as Measured;
}

const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));

function report(runs: readonly Measured[]): void {
  const column = (of: (run: Measured) => { readonly first: number; readonly best: number }) => (run: Measured) => {
    const { first, best } = of(run);
    return `${ms(first)} / ${ms(best)}`;
  };
  const columns: readonly (readonly [string, (run: Measured) => string])[] = [
    ["targets", ({ targets }) => String(targets)],
    ["services", ({ services }) => String(services)],
    ["compile", column(({ compile }) => compile)],
    ["access", column(({ access }) => access)],
    ["both", column(both)],
    ["MB", ({ megabytes }) => megabytes.toFixed(0)],
    ["parse", column(({ parse }) => parse)],
    ["check", column(({ check }) => check)],
    ["diff", column(({ diff }) => diff)],
    ["diff from text", column(({ changedText }) => changedText)],
  ];
  console.log("Milliseconds, first / best; diff: after one rule changed; diff from text: parse, access and diff of it");
  console.log(table([columns.map(([title]) => title), ...runs.map((run) => columns.map(([, cell]) => cell(run)))]));
  const exponent = growth(
    runs.map((run) => ({ size: run.targets, time: both(run).best })),
    1000,
  );
  if (exponent !== undefined) console.log(`compile + access grows as targets^${exponent.toFixed(2)} from 1,000 on`);
}

function both({ compile, access }: Measured): { readonly first: number; readonly best: number } {
  return { first: compile.first + access.first, best: compile.best + access.best };
}

/** `aks-mesh explain` on a mesh of 100 services, from the shell: the median of nine runs after one that may build the command. */
function explainTime(folder: string): number {
  const policy = policyOf(300);
  const file = path.join(folder, "explain.json");
  const items = [...compile(policy, "osm"), ...assumedCluster(policy)];
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const call = ["--from", "team-1/svc-1", "--to", "svc-0.team-0:8080", "--path", "/healthz"];
  const times = Array.from({ length: 10 }, () => {
    const start = performance.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, "cli", "bin.js"), "explain", file, ...call],
      { encoding: "utf8" },
    );
    if (status !== 0 || !stdout.includes("allowed")) throw new Error(stderr + stdout);
    return performance.now() - start;
  });
  return median(times.slice(1));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "osm-seconds": { type: "string", default: "20" } },
  });
  const sizes = positionals.length > 0 ? positionals.map(Number) : defaultSizes;
  const folder = mkdtempSync(path.join(tmpdir(), "aks-mesh-bench-"));
  try {
    const program = path.join(folder, "measure.cjs");
    await bundle(path.join(__dirname, "policy", "measure.ts"), program);
    const runs: Measured[] = [];
    for (const size of sizes) runs.push(await measured(program, size, path.join(folder, `${String(size)}.json`)));
    report(runs);
    console.log(`aks-mesh explain from the shell: ${ms(explainTime(folder))} ms`);
    console.log("\nOSM's catalogue, asked about every pod, beside the relation above (best of reading and access)");
    const rows: (readonly string[])[] = [["targets", "pods", "asked", "OSM, ms", "all pods, ms", "here, ms", "times"]];
    for (const run of runs) {
      const osm = await catalogueRun(path.join(folder, `${String(run.targets)}.json`), Number(values["osm-seconds"]));
      if (osm.answered === osm.pods && osm.calls !== run.entries) {
        throw new Error(`OSM finds ${String(osm.calls)} pairs, the analysis ${String(run.entries)}`);
      }
      const whole = (osm.milliseconds * osm.pods) / osm.answered;
      rows.push([
        String(run.targets),
        String(osm.pods),
        String(osm.answered),
        ms(osm.milliseconds),
        `${osm.answered < osm.pods ? "≈ " : ""}${ms(whole)}`,
        ms(run.access.best),
        (whole / run.access.best).toFixed(0),
      ]);
    }
    console.log(table(rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
