import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine, but this one. */
export interface FoundProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** The processes that name a directory in their command line, or in their environment. Linux only. */
export function processesWith(directory: string, where: "cmdline" | "environ"): readonly FoundProcess[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    if (readProcess(pid, where)?.includes(directory) !== true) return [];
    return [{ pid: Number(pid), commandLine: (readProcess(pid, "cmdline") ?? "").replaceAll("\0", " ") }];
  });
}

/** A file of a process; undefined where it has ended, or is somebody else's. */
export function readProcess(pid: number | string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ESRCH", "EACCES"].includes(String(error.code)))
      return undefined;
    throw error;
  }
}
