import { readdirSync, readFileSync } from "node:fs";

/** Memory of a set of processes, in MiB. */
export interface Memory {
  readonly processes: number;
  /** Sum of what each process has in memory; pages that several share count for each of them. */
  readonly resident: number;
  /** The same with shared pages counted once. */
  readonly proportional: number;
}

/** The memory of every process that names a directory in its command line: those of the sandbox in it. Linux only. */
export function memoryOf(directory: string): Memory {
  let [processes, resident, proportional] = [0, 0, 0];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(directory)) continue;
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
      processes += 1;
      resident += kilobytes("Rss") / 1024;
      proportional += kilobytes("Pss") / 1024;
    } catch (error) {
      // It ended between the listing and the reading.
      if (!(error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")))
        throw error;
    }
  }
  return { processes, resident, proportional };
}
