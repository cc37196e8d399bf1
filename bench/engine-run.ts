import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { type Sandbox } from "../sandbox/sandbox";

/** What one run of the engine took, in milliseconds. */
export interface EngineRun {
  readonly total: number;
  /** From the start of the command until the program registered its first resource of its own. */
  readonly firstRegistration: number;
}

/**
 * Runs the Pulumi CLI in a project as on a machine that has not run the program before, in CI for instance, or after an
 * edit: the temporary folder, where loaders of TypeScript keep what they compiled (and checked), is empty.
 */
export async function freshEngineRun(sandbox: Sandbox, project: string, args: readonly string[]): Promise<EngineRun> {
  const temporary = await mkdtemp(join(tmpdir(), "aks-mesh-bench-"));
  const environment = { ...sandbox.environment, TMPDIR: temporary };
  try {
    return await engineRun({ ...sandbox, environment }, project, args);
  } finally {
    await rm(temporary, { recursive: true });
  }
}

/** Runs the Pulumi CLI in a project and notes when the program's first resource arrives. Throws with its output when it fails. */
export async function engineRun(sandbox: Sandbox, project: string, args: readonly string[]): Promise<EngineRun> {
  const start = performance.now();
  const child = spawn(sandbox.tools.path("pulumi"), [...args, "--non-interactive", "--logtostderr", "-v=5"], {
    cwd: project,
    env: sandbox.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let firstRegistration = Number.NaN;
  let printed = "";
  let log = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => {
    if (!Number.isNaN(firstRegistration)) return;
    log += chunk.toString();
    if (/RegisterResource received: t=(?!pulumi:)/.test(log)) firstRegistration = performance.now() - start;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${printed}\n${log.slice(-4000)}`);
  return { total: performance.now() - start, firstRegistration };
}
