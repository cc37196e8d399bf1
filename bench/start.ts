/**
 * How long the command takes from a cold start: the package's, as `npm run package` makes it, beside the checkout's and beside Node.js that
 * does nothing, in turn, so that all meet the same machine. Wall-clock and processor time of one run, the shortest and the middle one.
 *
 *     npx tsx bench/start.ts FILE [--rounds 11] [--from ACCOUNT] [--to HOST:PORT]
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { typescriptArguments } from "../scripts/typescript-arguments";
import { table } from "../sandbox/summary";
import { median } from "./statistics";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "11" },
    from: { type: "string", default: "bookthief/bookthief" },
    to: { type: "string", default: "bookstore.bookstore:14001" },
  },
});
const [file] = positionals;
if (file === undefined) throw new Error("Name a file with manifests: npx tsx bench/start.ts FILE.");

const root = path.resolve(__dirname, "..");
const folder = mkdtempSync(path.join(tmpdir(), "aks-mesh-start-"));

/** Milliseconds of one run: on the clock, and of the processor. */
interface Run {
  readonly wall: number;
  readonly processor: number;
}

function run(args: readonly string[]): Run {
  const start = performance.now();
  // The shell's `times` says what its command took of the processor: Node.js tells only its own.
  const { status, stdout, stderr } = spawnSync(
    "sh",
    ["-c", '"$@" >/dev/null 2>&1; code=$?; times; exit $code', "sh", ...args],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`${args.join(" ")} failed: ${stderr}`);
  const [, children = ""] = stdout.trim().split("\n");
  const processor = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + Number(m) * 60 + Number(s),
    0,
  );
  return { wall: performance.now() - start, processor: processor * 1000 };
}

try {
  execFileSync(process.execPath, [...typescriptArguments, path.join(root, "scripts", "package.ts"), "--out", folder], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const explain = ["explain", file, "--from", values.from, "--to", values.to];
  const commands = {
    "node, nothing": [process.execPath, "-e", "0"],
    "checkout: explain": [process.execPath, path.join(root, "cli", "bin.js"), ...explain],
    "package: explain": [process.execPath, path.join(folder, "bin.js"), ...explain],
    "package: help": [process.execPath, path.join(folder, "bin.js"), "help"],
  };
  const runs = Object.entries(commands).map(([name, args]) => ({ name, args, all: [] as Run[] }));
  for (const { args } of runs) run(args);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const { args, all } of runs) all.push(run(args));
  }
  const ms = (times: readonly number[]) => `${Math.min(...times).toFixed(0)} / ${median(times).toFixed(0)}`;
  console.log(`Milliseconds, shortest / middle of ${values.rounds}, Node.js ${process.version}`);
  console.log(
    table([
      ["", "on the clock", "of the processor"],
      ...runs.map(({ name, all }) => [
        name,
        ms(all.map(({ wall }) => wall)),
        ms(all.map(({ processor }) => processor)),
      ]),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true });
}
