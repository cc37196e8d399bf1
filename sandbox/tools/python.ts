import { chmod, copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { ensureOptionalTool } from "../data-plane/build";
import { cacheDirectory } from "./cache";
import { withLock } from "./lock";

const run = promisify(execFile);

/** Version of the host's Go module. */
const hostVersion = "3.68.0";

/** Python's packages of Pulumi, each of the version of the npm package beside it, and what installing a generated SDK needs. */
function pythonPackages(): readonly string[] {
  const require = createRequire(__filename);
  const same = ["pulumi", "azure-native", "kubernetes"].map((name) => {
    const { version } = require(`@pulumi/${name}/package.json`) as { readonly version: string };
    return `${name === "pulumi" ? name : `pulumi-${name}`}==${version}`;
  });
  return [...same, "parver==0.5", "setuptools==80.9.0", "wheel==0.45.1"];
}

/**
 * Has the sandbox's engine run Python programs and generate Python SDKs. Builds what that needs, unless it is in the cache, and
 * installs it in a PULUMI_HOME.
 */
export async function ensurePythonHost(pulumiHome: string, report: (message: string) => void): Promise<void> {
  const [host, generator] = await Promise.all([
    ensureOptionalTool(
      {
        name: "pulumi-language-python",
        version: hostVersion,
        packages: ["github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"],
        files: [
          {
            module: "github.com/pulumi/pulumi/sdk/v3",
            from: ["python/cmd/pulumi-language-python-exec"],
            to: "bin",
          },
        ],
        seconds: 15,
        source: path.join(__dirname, "pulumi-language-python"),
        uses: [],
        title: "Pulumi's language host for Python",
      },
      report,
    ),
    ensureOptionalTool(
      {
        name: "pulumi-sdk-python",
        version: "3.230.0",
        packages: ["."],
        seconds: 40,
        source: path.join(__dirname, "pulumi-sdk-python"),
        uses: [],
        title: "Pulumi's generator of Python SDKs",
      },
      report,
    ),
  ]);
  const plugin = path.join(pulumiHome, "plugins", `language-python-v${hostVersion}`);
  await mkdir(plugin, { recursive: true });
  const script = path.join(plugin, "pulumi-language-python");
  await copyFile(path.join(__dirname, "pulumi-language-python.sh"), script);
  await chmod(script, 0o755);
  const places = `host='${path.join(host, "pulumi-language-python")}'\ngenerator='${path.join(generator, "pulumi-sdk-python")}'\n`;
  await writeFile(path.join(plugin, "places"), places);
}

/**
 * A virtual environment with Pulumi's packages from PyPI, installed once.
 *
 * @returns the folder with its executables.
 */
export async function ensurePythonPackages(report: (message: string) => void): Promise<string> {
  const packages = pythonPackages();
  const directory = path.join(
    cacheDirectory(),
    `pulumi-python-${packages.slice(0, 3).join("-").replaceAll("==", "-")}`,
  );
  const binaries = path.join(directory, "bin");
  // Written last, so that an interrupted installation is never taken for a whole one.
  const complete = path.join(directory, "complete");
  if (existsSync(complete)) return binaries;
  await mkdir(cacheDirectory(), { recursive: true });
  await withLock(
    `${directory}.lock`,
    () => report("Waiting for another process that installs Pulumi for Python …"),
    async () => {
      if (existsSync(complete)) return;
      report("Installing Pulumi for Python from PyPI (half a minute, once) …");
      await rm(directory, { recursive: true, force: true });
      await run("python3", ["-m", "venv", directory]);
      const pip = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"];
      await run(path.join(binaries, "python"), [...pip, "--only-binary", ":all:", ...packages]);
      await writeFile(`${complete}.draft`, "");
      await rename(`${complete}.draft`, complete);
    },
  );
  return binaries;
}
