import { processesWith, readProcess } from "../test/sandbox/processes";

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
  const found = processesWith(directory, "cmdline").flatMap(({ pid }) => readProcess(pid, "smaps_rollup") ?? []);
  const megabytes = (name: string): number => {
    const line = new RegExp(`^${name}:\\s+(\\d+)`, "m");
    return found.reduce((sum, rollup) => sum + Number(line.exec(rollup)?.[1] ?? 0), 0) / 1024;
  };
  return { processes: found.length, resident: megabytes("Rss"), proportional: megabytes("Pss") };
}
