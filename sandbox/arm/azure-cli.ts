import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { withLock } from "../tools/lock";
import { type Identity } from "./identity";

/** The azure-cli that the emulator is checked with. */
export const azureCliVersion = "2.91.0";

const azureIdentityVersion = "1.27.0";

/**
 * Azure's own cloud under its own name, with the emulator's endpoints: azure-cli looks some things up by that name, and its monitoring
 * add-on crashes under any other.
 */
const CLOUD = "AzureCloud";

/** An installed azure-cli. */
export interface AzureCli {
  /** The `az` executable. */
  readonly path: string;
  /** The Python of its virtual environment. */
  readonly python: string;
}

/** The emulator that azure-cli is pointed at. */
export interface AzureCliTarget {
  /** `https://localhost:PORT`. */
  readonly url: string;
  /** The authority that signed the emulator's certificate. */
  readonly caFile: string;
  readonly identity: Pick<Identity, "subscriptionId" | "tenantId" | "clientId" | "clientSecret">;
  /** AZURE_CONFIG_DIR of its own: the user's azure-cli is left alone. */
  readonly configDirectory: string;
}

/**
 * The pinned azure-cli from PyPI, installed once into a virtual environment in `aks-mesh/` of $XDG_CACHE_HOME (default ~/.cache).
 *
 * @param report gets a line before the installation starts and after it.
 * @throws Error where Python 3 is missing or pip fails, with pip's last lines.
 */
export async function ensureAzureCli(report: (message: string) => void): Promise<AzureCli> {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "aks-mesh");
  const directory = join(cache, `azure-cli-${azureCliVersion}`);
  const path = join(directory, "bin", "az");
  // Written last, so that an interrupted installation is never taken for a whole one.
  const complete = join(directory, "complete");
  const python = join(directory, "bin", "python");
  if (existsSync(complete)) return { path, python };
  await mkdir(cache, { recursive: true });
  await withLock(
    `${directory}.lock`,
    () => report("Waiting for another process that installs azure-cli …"),
    async () => {
      if (existsSync(complete)) return;
      report(`Installing azure-cli ${azureCliVersion} from PyPI (some minutes, once) …`);
      await rm(directory, { recursive: true, force: true });
      await run("python3", ["-m", "venv", directory]);
      const pip = join(directory, "bin", "pip");
      await run(pip, [
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        `azure-cli==${azureCliVersion}`,
      ]);
      await mkdir(`${complete}.new`);
      await rename(`${complete}.new`, complete);
      report("azure-cli is installed.");
    },
  );
  return { path, python };
}

/** Adds Microsoft's sign-in library for its Python SDK, which azure-cli itself does without, to azure-cli's virtual environment. */
export async function ensureAzureIdentity(cli: AzureCli): Promise<void> {
  await run(cli.python, [
    ...["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"],
    `azure-identity==${azureIdentityVersion}`,
  ]);
}

/** The environment in which azure-cli, once signed in, speaks to the emulator. */
export function azureCliEnvironment(
  cli: AzureCli,
  target: Pick<AzureCliTarget, "caFile" | "configDirectory">,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [dirname(cli.path), process.env["PATH"] ?? ""].join(delimiter),
    AZURE_CONFIG_DIR: target.configDirectory,
    REQUESTS_CA_BUNDLE: target.caFile,
    AZURE_CORE_INSTANCE_DISCOVERY: "false",
    AZURE_CORE_COLLECT_TELEMETRY: "false",
    AZURE_CORE_SURVEY_MESSAGE: "false",
    AZURE_CORE_LOGIN_EXPERIENCE_V2: "off",
    AZURE_EXTENSION_USE_DYNAMIC_INSTALL: "no",
    AZURE_CORE_NO_COLOR: "true",
  };
}

/**
 * Points azure-cli at the emulator. Repeated after the emulator has moved to another port.
 *
 * @returns the environment to run `az` in.
 */
export async function pointAzureCli(
  cli: AzureCli,
  target: Omit<AzureCliTarget, "identity">,
): Promise<NodeJS.ProcessEnv> {
  const environment = azureCliEnvironment(cli, target);
  const { url } = target;
  await mkdir(target.configDirectory, { recursive: true, mode: 0o700 });
  const az = (args: readonly string[]): Promise<string> => run(cli.path, args, { environment });
  const endpoints = [
    ["--endpoint-resource-manager", url],
    ["--endpoint-management", "https://management.core.windows.net/"],
    ["--endpoint-active-directory", url],
    ["--endpoint-active-directory-resource-id", "https://management.core.windows.net/"],
    ["--endpoint-active-directory-graph-resource-id", url],
    ["--endpoint-microsoft-graph-resource-id", url],
    ["--suffix-keyvault-dns", ".vault.azure.net"],
    ["--suffix-storage-endpoint", "core.windows.net"],
    ["--suffix-acr-login-server-endpoint", ".azurecr.io"],
  ].flat();
  await az(["cloud", "set", "--name", CLOUD]);
  await az(["cloud", "update", "--name", CLOUD, ...endpoints]);
  return environment;
}

/**
 * Points azure-cli at the emulator and signs the service principal in, see {@link pointAzureCli}.
 *
 * @returns the environment to run `az` in.
 */
export async function signInAzureCli(cli: AzureCli, target: AzureCliTarget): Promise<NodeJS.ProcessEnv> {
  const { identity } = target;
  const environment = await pointAzureCli(cli, target);
  // The secret goes through standard input: arguments can be read by every user of the machine.
  await run(
    cli.path,
    [
      "login",
      "--service-principal",
      "--username",
      identity.clientId,
      // In one word with the option: a secret may begin with a hyphen.
      "--password=@-",
      "--tenant",
      identity.tenantId,
      "--output",
      "none",
    ],
    { environment, input: identity.clientSecret },
  );
  return environment;
}

/** Runs a command to its end and returns what it wrote. @throws Error with the end of its error output. */
function run(
  command: string,
  args: readonly string[],
  options: { readonly environment?: NodeJS.ProcessEnv; readonly input?: string | undefined } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.environment ?? process.env, stdio: "pipe" });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
    child.on("error", (error) => {
      const isMissing = "code" in error && error.code === "ENOENT";
      reject(isMissing ? new Error(`${command} is not there: install Python 3.10 or newer to use azure-cli.`) : error);
    });
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else
        reject(
          new Error(
            `${command} ${args[0] ?? ""} ended with exit code ${code}: ${errors.trim().split("\n").slice(-5).join("\n")}`,
          ),
        );
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}
