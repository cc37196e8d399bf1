import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/**
 * A process, told from every other that ever had or will have its number: pids are used again, and ending whoever has a
 * remembered one now would end a stranger's process.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in whatever unit the system gives: compared, never read. */
  readonly started: string;
}

/** The identity of the process that has this pid now, or nothing when there is none (a zombie counts as none). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === "linux" ? await startedOnLinux(pid) : await startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether the process is still running. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.started === identity.started;
}

/** Reads start time and state out of the line in /proc/<pid>/stat, see proc_pid_stat(5). */
export function parseProcStat(stat: string): { state: string; startTime: string } {
  // The command's name, in parentheses, may hold spaces and parentheses; the fields after it do not.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTime] = [fields[0], fields[19]];
  if (state === undefined || startTime === undefined) throw new Error(`not a line of /proc/<pid>/stat: ${stat}`);
  return { state, startTime };
}

async function startedOnLinux(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    const { state, startTime } = parseProcStat(stat);
    return state === "Z" || state === "X" ? undefined : `${boot.trim()}/${startTime}`;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

async function startedByPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "stat=,lstart=", "-p", String(pid)]);
    const [state, ...started] = stdout.trim().split(/\s+/);
    return state === undefined || state.startsWith("Z") ? undefined : started.join(" ");
  } catch (error) {
    // ps ends with 1 when there is no such process.
    if ((error as { code?: unknown }).code === 1) return undefined;
    throw error;
  }
}
