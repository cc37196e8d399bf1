import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { type Emulator, emulatorStatus, startEmulator } from "./emulator";
import { type Exit, prepareEngine, run, sandboxEnvironment } from "./engine";
import { type SandboxPaths, sandboxPaths } from "./paths";
import { type Report, UserError } from "./progress";
import { withPolicyPacks } from "./policy-packs";
import { writeProject } from "./project";
import { installProviderPlugins } from "./providers/install";
import { type SettingsFlags } from "./settings-flags";
import { stackExists } from "./state";
import { ensureTools, type Tools } from "./tools";
import { ensureIstio } from "./tools/istio";
import { recover } from "../recovery";
import { releaseStaleLocks } from "../recovery/stale-locks";

/** The program's name in its Pulumi.yaml. */
export const projectName = "aks-mesh";

/** A sandbox whose emulator runs and whose engine is ready. */
export interface Sandbox {
  readonly paths: SandboxPaths;
  readonly tools: Tools;
  readonly emulator: Emulator;
  /** For everything that talks to the sandbox's Azure. */
  readonly environment: NodeJS.ProcessEnv;
  readonly report: Report;
}

/** Which sandbox to open. */
export interface SandboxOptions {
  /** Where it lives. Default `.sandbox` in the checkout. */
  readonly directory?: string;
  /** The Pulumi program that it runs. Default the checkout's own. */
  readonly program?: string;
}

/** Builds and starts whatever is missing. Safe to call at any time, also after a call that was cut off in the middle. */
export async function openSandbox(report: Report, { directory, program }: SandboxOptions = {}): Promise<Sandbox> {
  const paths = sandboxPaths(directory);
  await mkdir(paths.directory, { recursive: true });
  const tools = await ensureTools(report);
  await prepareEngine(paths);
  const [emulator, realPlugins] = await Promise.all([
    startEmulator(paths, report),
    installProviderPlugins(paths.pulumiHome),
    writeProject(paths.project, program),
  ]);
  await refuseBrokenClusters(emulator);
  for (const folder of realPlugins) report(`Using your own provider plugin in ${folder}.`);
  return { paths, tools, emulator, environment: sandboxEnvironment(paths, tools, emulator), report };
}

/** @throws UserError where a cluster cannot start: whatever would talk to it would wait for minutes. */
async function refuseBrokenClusters(emulator: Emulator): Promise<void> {
  for (const { id, problem } of (await emulatorStatus(emulator)).clusters) {
    if (problem === undefined) continue;
    throw new UserError(
      `Cluster ${id.split("/").at(-1)} cannot start: ${problem} Then run npm run sandbox -- stop, and the same again.`,
    );
  }
}

/**
 * Runs the Pulumi CLI.
 * @param project folder with the Pulumi.yaml. Default: the sandbox's project.
 */
export async function pulumi(
  sandbox: Sandbox,
  args: readonly string[],
  output: "show" | "capture" = "capture",
  project = sandbox.paths.project,
): Promise<Exit> {
  return run(sandbox.tools.path("pulumi"), await withPolicyPacks(sandbox.paths, args), {
    cwd: project,
    environment: sandbox.environment,
    output,
  });
}

/**
 * Makes the stack if it is new, and takes up what a killed run left of it. Done before every operation.
 *
 * @throws UserError while another engine works on it: what that has under way looks like what a killed one left.
 */
export async function prepareStack(sandbox: Sandbox, stack: string): Promise<void> {
  if (!existsSync(stackSettings(sandbox, stack))) {
    throw new UserError(`There is no stack "${stack}": its settings would be in Pulumi.${stack}.yaml.`);
  }
  if (!stackExists(sandbox.paths.state, projectName, stack)) {
    const { code, stderr } = await pulumi(sandbox, ["stack", "init", stack, "--no-select"]);
    if (code !== 0) throw new UserError(`Stack ${stack} could not be made: ${stderr}`);
    return;
  }
  const [holder] = await releaseStaleLocks(sandbox.paths.state, projectName, stack, sandbox.report);
  if (holder !== undefined) {
    throw new UserError(
      `Another command works on stack ${stack} (process ${holder.pid}, since ${holder.timestamp}): wait until it has ended, and run the same again.`,
    );
  }
  await recover({
    pulumi: (args) => pulumi(sandbox, args),
    stack,
    subscriptionId: sandbox.emulator.credentials.subscriptionId,
    report: sandbox.report,
    pollMilliseconds: 500,
  });
}

/** The setting by which a stack says which mesh its cluster has. */
const meshSetting = `${projectName}:mesh`;

/**
 * Changes settings of a stack, in the sandbox's own copy of them, and builds what a cluster with its mesh needs and other clusters do not, so that
 * no cluster has to wait for it.
 */
export async function prepareSettings(sandbox: Sandbox, stack: string, changed: SettingsFlags): Promise<void> {
  for (const [name, value] of Object.entries(changed)) {
    const setting = `${projectName}:${name}`;
    const { code, stderr } = await pulumi(sandbox, ["config", "set", setting, String(value), "--stack", stack]);
    if (code !== 0) throw new UserError(`${setting} of stack ${stack} could not be set: ${stderr}`);
  }
  const settings: unknown = parse(await readFile(stackSettings(sandbox, stack), "utf8"));
  const { config } = (settings ?? {}) as { readonly config?: Readonly<Record<string, unknown>> | null };
  if (config?.[meshSetting] === "istio") await ensureIstio(sandbox.report);
}

function stackSettings({ paths }: Sandbox, stack: string): string {
  return join(paths.project, `Pulumi.${stack}.yaml`);
}

/** The engine's operations on a stack. */
export const operations = ["up", "preview", "destroy", "refresh"] as const;
export type Operation = (typeof operations)[number];

/**
 * Runs one operation to its end, without questions.
 * @param settings become the stack's, see {@link prepareSettings}.
 */
export async function operate(
  sandbox: Sandbox,
  operation: Operation,
  stack: string,
  flags: readonly string[] = [],
  output: "show" | "capture" = "capture",
  settings: SettingsFlags = {},
): Promise<Exit> {
  await prepareStack(sandbox, stack);
  if (operation === "up" || Object.keys(settings).length > 0) await prepareSettings(sandbox, stack, settings);
  const consent = operation === "preview" ? [] : ["--yes", "--skip-preview"];
  // On a terminal the engine draws its progress in place; elsewhere it prints a line for each step.
  const display = output === "show" && process.stdout.isTTY ? [] : ["--non-interactive"];
  return pulumi(sandbox, [operation, "--stack", stack, ...display, ...consent, ...flags], output);
}

/** Forgets everything: clusters, state, secrets. The sandbox has to be stopped. */
export async function resetSandbox(paths: SandboxPaths): Promise<void> {
  await rm(paths.directory, { recursive: true, force: true });
}
