/**
 * `npm run bench:push`: how long pushes to a preview on the shared cluster take with two checkouts of this repository, in turn in one sandbox, so
 * that both meet the same machine: the first push, one that changes nothing, and one that changes the limits of every namespace.
 *
 *     npm run bench:push -- --against DIR [--rounds 3] [--sandbox DIR]
 *
 * DIR is a checkout of another commit with its dependencies installed, such as a worktree. The shared cluster is deployed by this one. A round before
 * the first is not counted: it fills caches. With --sandbox the sandbox stays, and may be one where the stack dev is up already.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { stopEmulator } from "../sandbox/emulator";
import { programDirectory } from "../sandbox/paths";
import { terminalReport } from "../sandbox/progress";
import { openSandbox, operate, resetSandbox, type Sandbox } from "../sandbox/sandbox";
import { table } from "../sandbox/summary";
import { median, seconds } from "./statistics";

const { values } = parseArgs({
  options: { against: { type: "string" }, rounds: { type: "string", default: "3" }, sandbox: { type: "string" } },
});
const rounds = Number(values.rounds);
const report = terminalReport();

/** The kinds of pushes, in the order in which a preview meets them. */
const pushes = ["first push", "later push, nothing changed", "later push, limits changed", "removal"] as const;
type Push = (typeof pushes)[number];

/** A checkout, and what was measured with it, in milliseconds: one value for each round. */
interface Side {
  readonly directory: string;
  /** A copy of it whose previews have other limits. */
  readonly changed: string;
  /** Added to the numbers of its pull requests. */
  readonly numbers: number;
  readonly times: Readonly<Record<Push, number[]>>;
}

/** The change of a later push: what containers ask for that say nothing themselves. It updates a LimitRange in each namespace. */
const changedFile = "stacks/previews.ts";
const [before, after] = ['cpu: "10m"', 'cpu: "11m"'];

/** Folders that are no source. */
const notCopied = /^(?:node_modules|\.git|\.sandbox|dist|coverage)$/;

/** Copies a checkout, dependencies aside, and changes its limits. Links would lead its modules back to the checkout. */
async function changedCopy(directory: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "aks-mesh-bench-push-"));
  await cp(directory, copy, {
    recursive: true,
    filter: (source) => !notCopied.test(relative(directory, source)),
  });
  await symlink(join(directory, "node_modules"), join(copy, "node_modules"));
  const text = await readFile(join(copy, changedFile), "utf8");
  if (!text.includes(before))
    throw new Error(`${join(directory, changedFile)} has no ${before}, which this measurement changes.`);
  await writeFile(join(copy, changedFile), text.replace(before, after));
  return copy;
}

async function sideOf(directory: string, numbers: number): Promise<Side> {
  const times: Record<Push, number[]> = {
    "first push": [],
    "later push, nothing changed": [],
    "later push, limits changed": [],
    removal: [],
  };
  return { directory, changed: await changedCopy(directory), numbers, times };
}

/** Runs a checkout's `aks-mesh preview …` to its end. @returns milliseconds. */
async function preview(sandbox: Sandbox, { directory }: Side, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [join(directory, "cli", "bin.js"), "preview", ...args], {
    cwd: sandbox.paths.directory,
    env: sandbox.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${directory}: preview ${args.join(" ")} failed:\n${output}`);
  return performance.now() - start;
}

/** The life of one preview. */
async function live(sandbox: Sandbox, side: Side, round: number): Promise<Readonly<Record<Push, number>>> {
  const number = String(side.numbers + round);
  const up = (digit: string, ...others: readonly string[]) =>
    preview(sandbox, side, ["up", "--pr", number, "--commit", digit.repeat(40), "--owner", "bench", ...others]);
  return {
    "first push": await up("1"),
    "later push, nothing changed": await up("1"),
    "later push, limits changed": await up("2", "--program", side.changed),
    removal: await preview(sandbox, side, ["down", "--pr", number]),
  };
}

function commitOf(directory: string): string {
  return execFileSync("git", ["log", "-1", "--format=%h %s"], { cwd: directory, encoding: "utf8" }).trim().slice(0, 60);
}

async function main(): Promise<void> {
  if (values.against === undefined || !existsSync(join(values.against, "node_modules"))) {
    throw new Error("Say with what to compare: --against DIR, a checkout of another commit with its node_modules.");
  }
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds is the number of rounds, 1 or more.");
  const directory = values.sandbox ?? (await mkdtemp(join(tmpdir(), "aks-mesh-bench-")));
  const sides = [await sideOf(programDirectory, 1000), await sideOf(resolve(values.against), 2000)] as const;
  const sandbox = await openSandbox(report, { directory });
  try {
    const { code, stdout, stderr } = await operate(sandbox, "up", "dev");
    if (code !== 0) throw new Error(`The shared cluster did not come up:\n${stdout}${stderr}`);
    const loads: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      report(round === 0 ? "Filling caches …" : `Round ${round} of ${rounds} …`);
      // Who comes first changes, so that neither always finds the machine as the other leaves it.
      for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
        loads.push(loadavg()[0] ?? Number.NaN);
        const times = await live(sandbox, side, round);
        if (round > 0) for (const push of pushes) side.times[push].push(times[push]);
      }
    }
    const [own, other] = sides;
    const rows = pushes.map((push) => {
      const ratios = own.times[push].map((time, index) => time / (other.times[push][index] ?? Number.NaN));
      return [push, seconds(own.times[push]), seconds(other.times[push]), median(ratios).toFixed(2)];
    });
    console.log(`\nthis:    ${commitOf(own.directory)}\nagainst: ${commitOf(other.directory)}`);
    console.log(
      `${rounds} rounds in turn; load of the machine ${Math.min(...loads).toFixed(1)}–${Math.max(...loads).toFixed(1)}\n`,
    );
    console.log(table([["WHAT: MEDIAN (LEAST–MOST)", "THIS", "AGAINST", "RATIO, PAIR BY PAIR"], ...rows]));
  } finally {
    for (const { changed } of sides) await rm(changed, { recursive: true });
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
