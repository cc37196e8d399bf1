import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { lives } from "./processes";

/**
 * Removes the locks of a stack whose engines no longer live: what `kill -9` leaves behind in a `file://` backend, and
 * what Pulumi would otherwise ask the person to `pulumi cancel`. A lock of a living engine stays.
 */
export async function releaseStaleLocks(
  state: string,
  project: string,
  stack: string,
  report: (message: string) => void,
): Promise<void> {
  const directory = join(state, ".pulumi", "locks", "organization", project, stack);
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  for (const name of names) {
    const file = join(directory, name);
    const lock = JSON.parse(await readFile(file, "utf8")) as { pid: number; hostname: string };
    if (lock.hostname !== hostname() || lives(lock.pid)) continue;
    report(`Releasing the lock of an engine that was killed (process ${lock.pid}) …`);
    await rm(file, { force: true });
  }
}
