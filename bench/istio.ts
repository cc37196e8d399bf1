/**
 * How much the analysis of Istio's policies, the conversion from OSM and its proof cost, and how that grows.
 *
 *     npm run bench:istio [-- rules…] [--answers FOLDER] [--istiod] [--shapes]         default: 300 1000 3000 10000
 *
 * Every size runs in a process of its own, from one bundled file as the command does. Numbers are milliseconds of CPU time, which other
 * work on the machine changes less than the time that passes; `clock` is what passes for compile and access together, the first time as a
 * command or a preview takes it, and the shorter of two more runs in the same process. With `--answers` all the answers of each size are written to a folder as JSON, so that
 * two versions of the analysis can be compared by more than their speed. With `--istiod` Istio's own generators make the configuration of the same
 * sidecars, in milliseconds of the clock; needs Go. With `--shapes` policies are measured that name callers in other ways.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { bundle } from "../sandbox/bundle";
import { table } from "../sandbox/summary";
import { type MeasuredIstio } from "./policy/measure-istio";
import { besideIstiod } from "./policy/measure-istiod";
import { type MeasuredShape } from "./policy/measure-shapes";
import { shapes } from "./policy/shapes";
import { growth } from "./statistics";

const whole = (value: number): string => value.toFixed(0);

const columns: readonly (readonly [string, (run: MeasuredIstio) => string])[] = [
  ["rules", ({ rules }) => whole(rules)],
  ["services", ({ services }) => whole(services)],
  ["compile", ({ compile }) => whole(compile)],
  ["access", ({ access }) => whole(access)],
  ["both, clock", ({ clock }) => `${whole(clock.first)} / ${whole(clock.best)}`],
  ["MB", ({ megabytes }) => whole(megabytes)],
  ["findings", ({ findings }) => whole(findings)],
  ["diff", ({ diff }) => whole(diff)],
  ["changed objects", ({ changed }) => whole(changed)],
  ["convert", ({ convert }) => whole(convert)],
  ["prove back", ({ prove }) => whole(prove)],
  ["MB with proof", ({ allMegabytes }) => whole(allMegabytes)],
];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      answers: { type: "string" },
      istiod: { type: "boolean", default: false },
      shapes: { type: "boolean", default: false },
    },
  });
  const sizes = positionals.length > 0 ? positionals.map(Number) : [300, 1000, 3000, 10_000];
  const folder = mkdtempSync(path.join(tmpdir(), "aks-mesh-bench-"));
  try {
    const program = path.join(folder, "measure.cjs");
    await bundle(path.join(__dirname, "policy", "measure-istio.ts"), program);
    if (values.answers !== undefined) mkdirSync(values.answers, { recursive: true });
    const runs: MeasuredIstio[] = [];
    for (const size of sizes) {
      process.stderr.write(`${String(size)} rules …\n`);
      const answers = values.answers === undefined ? [] : [path.join(values.answers, `${String(size)}.json`)];
      const { stdout } = await promisify(execFile)(process.execPath, [program, String(size), ...answers]);
      const run = JSON.parse(stdout) as MeasuredIstio;
      if (run.unequal > 0) throw new Error(`${String(run.unequal)} calls pass in one mesh only after the conversion.`);
      runs.push(run);
    }
    console.log(table([columns.map(([title]) => title), ...runs.map((run) => columns.map(([, cell]) => cell(run)))]));
    const exponent = growth(
      runs.map(({ rules, clock }) => ({ size: rules, time: clock.best })),
      1000,
    );
    if (exponent !== undefined) console.log(`compile + access grows as rules^${exponent.toFixed(2)} from 1,000 on`);
    if (values.shapes) await measureShapes(folder, sizes);
    for (const size of values.istiod ? sizes : []) {
      const { istiod, ours } = await besideIstiod(size);
      console.log(
        `${String(size)} rules: Istio's generators ${istiod.toFixed(0)} ms, reading and access here ${ours.toFixed(0)} ms`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Access, findings and one guarantee of policies that name callers in other ways than one by one. */
async function measureShapes(folder: string, sizes: readonly number[]): Promise<void> {
  const program = path.join(folder, "shapes.cjs");
  await bundle(path.join(__dirname, "policy", "measure-shapes.ts"), program);
  const rows: string[][] = [["callers", "rules", "access", "findings", "never"]];
  for (const shape of shapes) {
    for (const size of sizes) {
      process.stderr.write(`${shape}, ${String(size)} rules …\n`);
      const { stdout } = await promisify(execFile)(process.execPath, [program, String(size), shape]);
      const { access, findings, never } = JSON.parse(stdout) as MeasuredShape;
      rows.push([shape, String(size), whole(access), whole(findings), whole(never)]);
    }
  }
  console.log(`Milliseconds of the clock, the first time\n${table(rows)}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
