/**
 * How much the analysis of Istio's policies, the conversion from OSM and its proof cost, and how that grows.
 *
 *     npm run bench:istio [-- rules…] [--answers FOLDER] [--istiod]         default: 300 1000 3000 10000
 *
 * Every size runs in a process of its own, from one bundled file as the command does. Numbers are milliseconds of CPU time, which other
 * work on the machine changes less than the time that passes. With `--answers` all the answers of each size are written to a folder as JSON, so that
 * two versions of the analysis can be compared by more than their speed. With `--istiod` Istio's own generators make the configuration of the same
 * sidecars, in milliseconds of the clock; needs Go.
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

const columns: readonly (readonly [string, (run: MeasuredIstio) => number])[] = [
  ["rules", ({ rules }) => rules],
  ["services", ({ services }) => services],
  ["compile", ({ compile }) => compile],
  ["access", ({ access }) => access],
  ["MB", ({ megabytes }) => megabytes],
  ["findings", ({ findings }) => findings],
  ["diff", ({ diff }) => diff],
  ["changed objects", ({ changed }) => changed],
  ["convert", ({ convert }) => convert],
  ["prove back", ({ prove }) => prove],
  ["MB with proof", ({ allMegabytes }) => allMegabytes],
];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { answers: { type: "string" }, istiod: { type: "boolean", default: false } },
  });
  const sizes = positionals.length > 0 ? positionals.map(Number) : [300, 1000, 3000, 10_000];
  const folder = mkdtempSync(path.join(tmpdir(), "aks-mesh-bench-"));
  try {
    const program = path.join(folder, "measure.cjs");
    await bundle(path.join(__dirname, "policy", "measure-istio.ts"), program);
    if (values.answers !== undefined) mkdirSync(values.answers, { recursive: true });
    const rows: (readonly string[])[] = [columns.map(([title]) => title)];
    for (const size of sizes) {
      process.stderr.write(`${String(size)} rules …\n`);
      const answers = values.answers === undefined ? [] : [path.join(values.answers, `${String(size)}.json`)];
      const { stdout } = await promisify(execFile)(process.execPath, [program, String(size), ...answers]);
      const run = JSON.parse(stdout) as MeasuredIstio;
      if (run.unequal > 0) throw new Error(`${String(run.unequal)} calls pass in one mesh only after the conversion.`);
      rows.push(columns.map(([, of]) => of(run).toFixed(0)));
    }
    console.log(table(rows));
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

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
