import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureGoModule, install } from "../installed-tool";

const run = promisify(execFile);

/** The release of zizmor on PyPI; actionlint's is in actionlint/go.mod. */
const zizmorVersion = "1.32.0";

/** Path of actionlint, built from Go's modules on first use. */
export async function ensureActionlint(): Promise<string> {
  return ensureGoModule(join(__dirname, "actionlint"), "actionlint", "github.com/rhysd/actionlint/cmd/actionlint");
}

/** Path of zizmor, installed from PyPI on first use. */
export async function ensureZizmor(): Promise<string> {
  return install(`zizmor-${zizmorVersion}`, "zizmor", async (directory) => {
    await run("python3", ["-m", "venv", directory]);
    const quiet = ["--quiet", "--no-input", "--disable-pip-version-check"];
    await run(join(directory, "bin", "pip"), ["install", ...quiet, `zizmor==${zizmorVersion}`]);
  });
}
