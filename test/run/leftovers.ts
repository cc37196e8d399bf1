import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findEmulator, stopEmulator } from "../../sandbox/emulator";
import { sandboxPaths } from "../../sandbox/paths";
import { processesWith } from "../sandbox/processes";

/** Names the run of the tests in the environment of all that it starts. */
export const runVariable = "AKS_MESH_TEST_RUN";

/** Makes a folder that names the run, for tests that start a control plane without an emulator: its programs have no environment to speak of. */
export function runDirectory(prefix: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `${prefix}-${process.env[runVariable] ?? ""}-`));
}

/**
 * Ends what a run of the tests has started and left: sandboxes with their clusters first, then every other process that has the run in its environment,
 * or in a folder of its command line.
 */
export async function endLeftovers(run: string): Promise<void> {
  const left = () => {
    const named = [...processesWith(`${runVariable}=${run}`, "environ"), ...processesWith(`-${run}-`, "cmdline")];
    return [...new Map(named.map((one) => [one.pid, one])).values()];
  };
  for (const { commandLine } of left()) {
    const [, directory] = /arm\/main\.ts (\S+)/.exec(commandLine) ?? [];
    const emulator = directory === undefined ? undefined : await findEmulator(sandboxPaths(directory));
    if (emulator !== undefined) await stopEmulator(emulator);
  }
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const { pid } of left()) end(pid, signal);
    for (let tries = 0; tries < 50 && left().length > 0; tries += 1) await sleep(100);
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended in the meantime.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
