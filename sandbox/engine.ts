import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { type Emulator } from "./emulator";
import { type SandboxPaths } from "./paths";
import { type Tools } from "./tools";

/**
 * Variables by which the user's own Azure, Pulumi or cluster could leak into the sandbox, or the sandbox out of it. The kubernetes
 * provider's switches name no cluster, and are remedies that its errors speak of.
 */
const foreign = /^(ARM_|AZURE_|PULUMI_(?!K8S_)|KUBECONFIG$|AAD_)/;

/**
 * The Pulumi backend. Without `metadata=skip` the backend keeps a file of attributes beside each checkpoint and rewrites it in
 * place: an engine killed in that moment leaves half of it, and no engine can read the stack again ("failed to load
 * checkpoint: EOF"). Checkpoints themselves are renamed into place.
 */
function backendUrl(state: string): string {
  return `${pathToFileURL(state).href}?metadata=skip`;
}

/** The environment of everything that talks to the sandbox's Azure: the engine, the providers, kubelogin, azure-cli. */
export function sandboxEnvironment(paths: SandboxPaths, tools: Tools, emulator: Emulator): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
  const { subscriptionId, tenantId, clientId, clientSecret } = emulator.credentials;
  return {
    ...inherited,
    PATH: `${tools.binaries}:${process.env.PATH ?? ""}`,
    ARM_SUBSCRIPTION_ID: subscriptionId,
    ARM_TENANT_ID: tenantId,
    ARM_CLIENT_ID: clientId,
    ARM_CLIENT_SECRET: clientSecret,
    ARM_METADATA_HOSTNAME: `localhost:${emulator.port}`,
    ARM_DISABLE_INSTANCE_DISCOVERY: "true",
    SSL_CERT_FILE: paths.certificateAuthority,
    NODE_EXTRA_CA_CERTS: paths.certificateAuthority,
    REQUESTS_CA_BUNDLE: paths.certificateAuthority,
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: backendUrl(paths.state),
    PULUMI_CONFIG_PASSPHRASE_FILE: paths.passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // Otherwise a plugin on the person's PATH would come before those of PULUMI_HOME.
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  };
}

/** Makes what the engine needs on disk: its home, its backend and the passphrase of the secrets in it. */
export async function prepareEngine(paths: SandboxPaths): Promise<void> {
  await mkdir(paths.pulumiHome, { recursive: true });
  await mkdir(paths.state, { recursive: true });
  if (!existsSync(paths.passphrase)) {
    await writeFile(paths.passphrase, randomBytes(24).toString("base64url"), { mode: 0o600 });
  }
}

let interrupted = false;

/** Whether Ctrl-C was pressed while a command ran. */
export function wasInterrupted(): boolean {
  return interrupted;
}

/** The code of a command that a signal ended, and that so had no code of its own. */
export const ended = 130;

/** How a command ended. */
export interface Exit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command. */
export interface RunOptions {
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** `show`: the person sees what it prints. `capture`: it is kept for the caller. Default `capture`. */
  readonly output?: "show" | "capture";
}

/**
 * Runs a command to its end. On Ctrl-C the terminal tells the command too, so that it ends in its own way: the engine
 * finishes the steps in flight and saves its state. This process waits for that.
 */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Exit> {
  const show = options.output === "show";
  return new Promise((resolve, reject) => {
    // Before it begins: a signal right after it must find somebody who waits for it.
    const interrupt = () => void (interrupted = true);
    const terminate = () => child.kill("SIGTERM");
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", terminate);
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.environment,
      stdio: show ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      // Whoever ends by Ctrl-C may be heard of before Ctrl-C itself: the terminal tells both at once.
      interrupted ||= signal === "SIGINT";
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", terminate);
      resolve({
        code: signal === null ? (code ?? 1) : ended,
        stdout: Buffer.concat(stdout).toString("utf8"),
        stderr: Buffer.concat(stderr).toString("utf8"),
      });
    });
  });
}
