// The commands of action.yml and .pre-commit-hooks.yaml, from a checkout of this repository in which nothing is installed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Installs the packages of the lock file beside this file, unless they are there. Install scripts are not run. */
function installPackages() {
  const installed = join(folder, "node_modules", ".installed");
  // In a clone that people develop in, all packages are there already.
  if (existsSync(installed) || existsSync(join(folder, "..", "node_modules", "esbuild"))) return true;
  const { status, error } = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder],
    // Standard output is the command's own.
    { stdio: ["ignore", 2, 2], shell: process.platform === "win32", env: { ...process.env, GITHUB_TOKEN: "" } },
  );
  if (status !== 0) {
    console.error(
      `aks-mesh: its packages could not be installed: ${error ? error.message : "see npm's message above"}.`,
    );
    return false;
  }
  writeFileSync(installed, "");
  return true;
}

/** Runs one of the commands in cli/review/alone.ts and gives its exit code. */
export async function run(name, args) {
  if (!installPackages()) return 2;
  const directory = mkdtempSync(join(process.env.RUNNER_TEMP || tmpdir(), "aks-mesh-"));
  try {
    const outfile = join(directory, "commands.cjs");
    require("esbuild").buildSync({
      entryPoints: [join(folder, "..", "cli", "review", "alone.ts")],
      outfile,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      nodePaths: [join(folder, "node_modules")],
      // What --context needs to read a running cluster; no option of these commands here.
      external: ["@kubernetes/client-node"],
      logLevel: "error",
    });
    return await require(outfile)[name](args);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
