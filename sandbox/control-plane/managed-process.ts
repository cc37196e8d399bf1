import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, open, readdir, readFile, readlink, rename, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, isRunning, type ProcessIdentity } from "../../recovery/process-identity";
import { ifExists } from "../../recovery/if-exists";
import { writeWhole } from "./files";

/** A program that goes on running when whoever started it ends. */
export interface ProcessDefinition {
  /** Names its pid file and log. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Added to what every program gets: PATH and HOME, and how often Go collects garbage where that is set. Must hold no secret: it can be read by the user's other processes. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further content that the running process depends on, such as its configuration files: when it changes, it is restarted. */
  readonly dependsOn?: readonly string[];
}

/** What a pid file says. */
interface PidFile extends ProcessIdentity {
  /** Hash of the definition it was started from. */
  readonly fingerprint: string;
}

/** How long a process may take to end by itself before it is killed. */
const graceMilliseconds = 5000;

/**
 * Makes sure that the process runs: adopts the one that does, or starts it when there is none or when it was started from another
 * definition. The working directory is the control plane's.
 */
export async function ensureProcess(directory: string, definition: ProcessDefinition): Promise<void> {
  const fingerprint = createHash("sha256").update(JSON.stringify(definition)).digest("hex");
  const running = await runningProcess(directory, definition.name);
  if (running?.fingerprint === fingerprint) return;
  if (running !== undefined) await stopProcess(directory, definition.name);
  await start(directory, definition, fingerprint);
}

/** Ends the process, by force if it takes too long. Resolves when it is gone. */
export async function stopProcess(directory: string, name: string): Promise<void> {
  const running = await runningProcess(directory, name);
  if (running !== undefined) {
    signal(running, "SIGTERM");
    const end = Date.now() + graceMilliseconds;
    while ((await isRunning(running)) && Date.now() < end) await sleep(20);
    if (await isRunning(running)) {
      signal(running, "SIGKILL");
      while (await isRunning(running)) await sleep(20);
    }
  }
  await rm(pidFile(directory, name), { force: true });
}

/** Names of the processes that were started in the directory and not stopped; they may have ended by themselves. */
export async function startedProcesses(directory: string): Promise<string[]> {
  const files = (await ifExists(readdir(path.join(directory, "pids")))) ?? [];
  return files.filter((file) => file.endsWith(".pid")).map((file) => path.basename(file, ".pid"));
}

/** Whether the process of that name runs. */
export async function processRuns(directory: string, name: string): Promise<boolean> {
  return (await runningProcess(directory, name)) !== undefined;
}

/** The last lines that the process wrote. */
export async function logTail(directory: string, name: string, lines = 15): Promise<string> {
  const text = (await ifExists(readFile(logFile(directory, name), "utf8"))) ?? "";
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}

/** Variables that a program has of ours, where they are set. */
const inheritedVariables = ["PATH", "HOME", "GOGC"];

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(inheritedVariables.map((name) => [name, process.env[name]]));
}

async function start(directory: string, definition: ProcessDefinition, fingerprint: string): Promise<void> {
  const { name, program, args, env = {} } = definition;
  await mkdir(path.join(directory, "pids"), { recursive: true });
  await mkdir(path.join(directory, "logs"), { recursive: true });
  const log = logFile(directory, name);
  await ifExists(rename(log, `${log}.previous`));
  const output = await open(log, "a", 0o600);
  // The shell writes the pid before the program starts: whenever we are killed, no process runs that the next run does not
  // know. (exec keeps the pid.)
  const script = 'echo $$ > "$0" && exec "$@"';
  const child = spawn("/bin/sh", ["-c", script, pidFile(directory, name), program, ...args], {
    cwd: directory,
    detached: true,
    stdio: ["ignore", output.fd, output.fd],
    env: { ...inherited(), ...env },
  });
  await once(child, "spawn");
  child.unref();
  await output.close();
  const identity = child.pid === undefined ? undefined : await identify(child.pid);
  if (identity === undefined) throw new Error(`${name} ended at once: ${await logTail(directory, name)}`);
  await pidWritten(directory, name, identity);
  await writeWhole(pidFile(directory, name), JSON.stringify({ ...identity, fingerprint } satisfies PidFile));
}

/** Waits until the shell has written the pid, or else it would overwrite what we write. */
async function pidWritten(directory: string, name: string, identity: ProcessIdentity): Promise<void> {
  while (((await ifExists(readFile(pidFile(directory, name), "utf8"))) ?? "").trim() !== String(identity.pid)) {
    if (!(await isRunning(identity))) throw new Error(`${name} ended at once: ${await logTail(directory, name)}`);
    await sleep(2);
  }
}

/** The process that the pid file names, if that is still running and is still ours. */
async function runningProcess(directory: string, name: string): Promise<PidFile | undefined> {
  const text = await ifExists(readFile(pidFile(directory, name), "utf8"));
  if (text === undefined || text.trim() === "") return undefined;
  const known: unknown = JSON.parse(text);
  if (typeof known === "number") {
    // Only the shell's line: whoever started it was killed right then. It is ours if it works in our directory.
    const identity = await identify(known);
    return identity !== undefined && (await worksIn(identity.pid, directory))
      ? { ...identity, fingerprint: "unknown" }
      : undefined;
  }
  const recorded = known as PidFile;
  return (await isRunning(recorded)) ? recorded : undefined;
}

/** Whether the process has this working directory; false where the system has no way to tell. */
async function worksIn(pid: number, directory: string): Promise<boolean> {
  return (await ifExists(readlink(`/proc/${pid}/cwd`))) === directory;
}

function signal(running: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(running.pid, name);
  } catch (error) {
    // It ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function pidFile(directory: string, name: string): string {
  return path.join(directory, "pids", `${name}.pid`);
}

function logFile(directory: string, name: string): string {
  return path.join(directory, "logs", `${name}.log`);
}
