import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ifExists } from "./if-exists";
import { identify } from "./process-identity";

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
  for (const name of (await ifExists(readdir(directory))) ?? []) {
    const file = join(directory, name);
    const text = await ifExists(readFile(file, "utf8"));
    if (text === undefined) continue; // released meanwhile
    const lock = JSON.parse(text) as { pid: number; hostname: string };
    if (lock.hostname !== hostname() || (await identify(lock.pid)) !== undefined) continue;
    report(`Releasing the lock of an engine that was killed (process ${lock.pid}) …`);
    await rm(file, { force: true });
  }
}
