import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../../sandbox/tools/lock";

const run = promisify(execFile);

/**
 * network-config-analyzer in the versions of requirements.txt, installed from PyPI once into a virtual environment in `aks-mesh/` of
 * $XDG_CACHE_HOME (default ~/.cache).
 *
 * @returns path of its Python.
 * @throws Error where Python 3 is missing or pip fails.
 */
export async function ensureAnalyzer(report: (message: string) => void): Promise<string> {
  const requirements = join(__dirname, "requirements.txt");
  const key = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex")
    .slice(0, 12);
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "aks-mesh");
  const directory = join(cache, `network-config-analyzer-${key}`);
  const python = join(directory, "bin", "python");
  // Written last, so that an interrupted installation is never taken for a whole one.
  const complete = join(directory, "complete");
  await mkdir(cache, { recursive: true });
  await withLock(
    `${directory}.lock`,
    () => report("Waiting for another process that installs network-config-analyzer …"),
    async () => {
      if (existsSync(complete)) return;
      report("Installing network-config-analyzer from PyPI (a minute, once) …");
      await rm(directory, { recursive: true, force: true });
      await run("python3", ["-m", "venv", directory]);
      const quiet = ["--quiet", "--no-input", "--disable-pip-version-check"];
      await run(join(directory, "bin", "pip"), ["install", ...quiet, "--no-deps", "--requirement", requirements]);
      await mkdir(`${complete}.new`);
      await rename(`${complete}.new`, complete);
    },
  );
  return python;
}
