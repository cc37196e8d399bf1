import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { goEnvironment } from "../../sandbox/tools/build";
import { withLock } from "../../sandbox/tools/lock";

const run = promisify(execFile);

const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "aks-mesh");

/** Path of a program that is built from a Go module on first use, and again when what it requires changes. */
export async function ensureGoModule(module: string, tool: string, source: string): Promise<string> {
  const key = createHash("sha256")
    .update(await readFile(join(module, "go.sum")))
    .digest("hex")
    .slice(0, 12);
  return install(`${tool}-${key}`, tool, async (directory) => {
    const target = join(directory, "bin", tool);
    const build = ["build", "-trimpath", "-ldflags=-s -w", "-o", target, source];
    await run("go", build, { cwd: module, env: goEnvironment() });
  });
}

/** Path of a program in one folder of the cache, which is made once for all processes. */
export async function install(name: string, tool: string, make: (directory: string) => Promise<void>): Promise<string> {
  const directory = join(cache, name);
  const path = join(directory, "bin", tool);
  // Written last, so that an interrupted installation is never taken for a whole one.
  const complete = join(directory, "complete");
  await mkdir(cache, { recursive: true });
  await withLock(
    `${directory}.lock`,
    () => undefined,
    async () => {
      if (existsSync(complete)) return;
      await rm(directory, { recursive: true, force: true });
      await make(directory);
      await mkdir(`${complete}.new`);
      await rename(`${complete}.new`, complete);
    },
  );
  return path;
}
