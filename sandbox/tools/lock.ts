import { readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, isRunning, type ProcessIdentity } from "../../recovery/process-identity";

/**
 * Runs the work while no other process on this machine runs work under the same lock file. A lock whose owner is gone is
 * taken over.
 * @param waiting called once when another process holds the lock.
 */
export async function withLock<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  const self = await identify(process.pid);
  if (self === undefined) throw new Error("this process does not find itself in the system's process table");
  for (let told = false; !(await tryCreate(file, self));) {
    const owner = await readOwner(file);
    if (owner === undefined || !(await isRunning(owner))) {
      await rm(file, { force: true });
      continue;
    }
    if (!told) waiting();
    told = true;
    await sleep(500);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function tryCreate(file: string, self: ProcessIdentity): Promise<boolean> {
  try {
    await writeFile(file, JSON.stringify(self), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Who holds the lock; nothing when it was released meanwhile. A file that is just being written is read again. */
async function readOwner(file: string): Promise<ProcessIdentity | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      return JSON.parse(await readFile(file, "utf8")) as ProcessIdentity;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      if (!(error instanceof SyntaxError)) throw error;
      await sleep(50);
    }
  }
  return undefined;
}
