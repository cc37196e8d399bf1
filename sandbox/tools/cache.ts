import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ifExists } from "../../recovery/if-exists";
import type { ToolDefinition } from "./definitions";
import { withLock } from "./lock";

/** The cache of what is fetched or built: `aks-mesh` in $XDG_CACHE_HOME (default ~/.cache). */
export function cacheDirectory(): string {
  return path.join(process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), "aks-mesh");
}

/** The part of the cache with the built tools, one folder for each build. */
export function toolsDirectory(): string {
  return path.join(cacheDirectory(), "tools");
}

/** Where what Go says while it builds a tool is kept. */
export async function logFileOf(tool: ToolDefinition): Promise<string> {
  const logs = path.join(toolsDirectory(), "logs");
  await mkdir(logs, { recursive: true });
  return path.join(logs, `${tool.name}.log`);
}

/**
 * Folder of a tool's build, whether that exists or not: named by version and a hash of all that the tool is built from.
 * @param folders of Go sources.
 * @param counts tells of a Go file, go.mod or go.sum whether the build depends on it. Default: all do.
 */
export async function locateBuild(
  tool: ToolDefinition,
  folders: readonly string[],
  counts: (file: string) => boolean = () => true,
): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([tool, process.platform, process.arch]));
  for (const folder of folders) {
    for (const file of (await readdir(folder, { recursive: true })).sort()) {
      if (!/(\.go|go\.mod|go\.sum)$/.test(file) || !counts(file)) continue;
      hash.update(file).update(await readFile(path.join(folder, file)));
    }
  }
  return path.join(toolsDirectory(), `${tool.name}-${tool.version}-${hash.digest("hex").slice(0, 12)}`);
}

const day = 24 * 60 * 60 * 1000;

/** A build that nobody used for so many days goes when the next of its tool is built. */
const keptDays = 14;

/**
 * Whether a build is in the cache. It then counts as used now: its time of change tells when that was, to a day.
 * Within this day nobody removes it, whatever another process does.
 */
export async function isBuilt(directory: string): Promise<boolean> {
  const age = await ageOf(directory);
  if (age === undefined || age < day) return age !== undefined;
  return await underLock(directory, async () => {
    if ((await ageOf(directory)) === undefined) return false;
    const now = new Date();
    await utimes(directory, now, now);
    return true;
  });
}

/**
 * Has a build made, by one process at a time, unless it is there when the turn comes; then removes builds of the same tool that
 * nobody used for two weeks.
 * @param waiting called once when another process is at it.
 * @param build makes the folder in one step, so that one that exists is complete.
 */
export async function buildOnce(directory: string, waiting: () => void, build: () => Promise<void>): Promise<void> {
  await mkdir(path.dirname(directory), { recursive: true });
  await withLock(lockOf(directory), waiting, async () => {
    // Another process may have built it while this one waited.
    if ((await ageOf(directory)) === undefined) await build();
  });
  await removeUnused(directory);
}

/** Removes the other builds of a build's tool that were last used over two weeks ago. */
export async function removeUnused(directory: string): Promise<void> {
  const cache = path.dirname(directory);
  const tool = toolOf(directory);
  if (tool === undefined) throw new Error(`${directory} is not named as a build is`);
  for (const name of await readdir(cache)) {
    const other = path.join(cache, name);
    if (other === directory || toolOf(other) !== tool || !(await isOld(other))) continue;
    await underLock(other, async () => {
      // Somebody may have begun to use it meanwhile: that takes the same lock.
      if (!(await isOld(other))) return;
      // In one step, so that nobody finds a part of it. Programs that run from there keep running.
      const removed = `${other}.removed`;
      await rm(removed, { recursive: true, force: true });
      await rename(other, removed);
      await rm(removed, { recursive: true, force: true });
    });
  }
}

/** Name of the tool that a folder is a build of; nothing for other folders. */
function toolOf(directory: string): string | undefined {
  return /^(?<tool>.+?)(?:-\d[^-]*)?-[0-9a-f]{12}$/.exec(path.basename(directory))?.groups?.["tool"];
}

async function isOld(directory: string): Promise<boolean> {
  return ((await ageOf(directory)) ?? 0) > keptDays * day;
}

/** Milliseconds since the folder was made or last used; nothing where there is none. */
async function ageOf(directory: string): Promise<number | undefined> {
  const found = await ifExists(stat(directory));
  return found === undefined ? undefined : Date.now() - found.mtimeMs;
}

const lockOf = (directory: string): string => `${directory}.lock`;

function underLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  return withLock(lockOf(directory), () => undefined, work);
}
