import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../../../sandbox/tools/lock";

const run = promisify(execFile);

/** The release of zizmor on PyPI; actionlint's is in actionlint/go.mod. */
const zizmorVersion = "1.32.0";

const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "aks-mesh");

/** Path of actionlint, built from Go's modules on first use. */
export async function ensureActionlint(): Promise<string> {
  const module = join(__dirname, "actionlint");
  const key = createHash("sha256")
    .update(await readFile(join(module, "go.sum")))
    .digest("hex")
    .slice(0, 12);
  return install(`actionlint-${key}`, "actionlint", async (directory) => {
    const target = join(directory, "bin", "actionlint");
    const build = ["build", "-trimpath", "-o", target, "github.com/rhysd/actionlint/cmd/actionlint"];
    await run("go", build, { cwd: module, env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" } });
  });
}

/** Path of zizmor, installed from PyPI on first use. */
export async function ensureZizmor(): Promise<string> {
  return install(`zizmor-${zizmorVersion}`, "zizmor", async (directory) => {
    await run("python3", ["-m", "venv", directory]);
    const quiet = ["--quiet", "--no-input", "--disable-pip-version-check"];
    await run(join(directory, "bin", "pip"), ["install", ...quiet, `zizmor==${zizmorVersion}`]);
  });
}

/** One folder of the cache, made once for all processes. */
async function install(name: string, tool: string, make: (directory: string) => Promise<void>): Promise<string> {
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
