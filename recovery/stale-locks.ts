import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ifExists } from "./if-exists";
import { identify } from "./process-identity";

/** An engine that works on a stack, as its lock says. */
export interface LockHolder {
  readonly pid: number;
  readonly hostname: string;
  /** When it took the lock, ISO 8601. */
  readonly timestamp: string;
}

/**
 * Removes the locks of a stack whose engines no longer live: what `kill -9` leaves behind in a `file://` backend, and
 * what Pulumi would otherwise ask the person to `pulumi cancel`. A lock of a living engine stays.
 *
 * @returns whose locks stay.
 */
export async function releaseStaleLocks(
  state: string,
  project: string,
  stack: string,
  report: (message: string) => void,
): Promise<readonly LockHolder[]> {
  const holders: LockHolder[] = [];
  const directory = join(state, ".pulumi", "locks", "organization", project, stack);
  for (const name of (await ifExists(readdir(directory))) ?? []) {
    const file = join(directory, name);
    const text = await ifExists(readFile(file, "utf8"));
    if (text === undefined) continue; // released meanwhile
    const lock = JSON.parse(text) as LockHolder;
    if (lock.hostname !== hostname() || (await identify(lock.pid)) !== undefined) {
      holders.push(lock);
      continue;
    }
    report(`Releasing the lock of an engine that was killed (process ${lock.pid}) …`);
    await rm(file, { force: true });
  }
  return holders;
}
