import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { typescriptArguments } from "../../scripts/typescript-arguments";
import { type LoadReport } from "../../sandbox/load/report";
import { type Sandbox } from "../../sandbox/sandbox";

/** Starts `traffic …` as a process of its own. */
export function startTraffic(
  sandbox: Sandbox,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): ChildProcess {
  return start("run-traffic.ts", sandbox, args, environment);
}

/** Ends what {@link startTraffic} started, as Ctrl-C does, unless it has ended. */
export async function stopTraffic(traffic: ChildProcess | undefined): Promise<void> {
  if (traffic === undefined || traffic.exitCode !== null) return;
  traffic.kill("SIGINT");
  await once(traffic, "close");
}

/** Starts `load …` as a process of its own, which says on standard error how far it is. */
export function startLoad(sandbox: Sandbox, ...args: readonly string[]): ChildProcess {
  return start("run-load.ts", sandbox, args);
}

/** Runs `load … --json` to its end, which is not to be a failure. */
export async function loadOf(
  sandbox: Sandbox,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly report: LoadReport }> {
  const { code, stdout, stderr } = await output(startLoad(sandbox, ...args, "--json"));
  if (stdout === "") throw new Error(`load ${args.join(" ")}: ${stderr}`);
  return { code, report: JSON.parse(stdout) as LoadReport };
}

function start(
  script: string,
  { paths }: Sandbox,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): ChildProcess {
  return spawn(process.execPath, [...typescriptArguments, join(__dirname, script), paths.directory, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
}

/** What a process prints until it ends, and how it does. */
export async function output(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString("utf8")));
  child.stderr?.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString("utf8")));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...texts };
}
