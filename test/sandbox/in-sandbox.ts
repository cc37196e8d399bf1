import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { parseDocument } from "yaml";
import { stopEmulator } from "../../sandbox/emulator";
import { type Exit, run } from "../../sandbox/engine";
import {
  openSandbox,
  operate,
  projectName,
  pulumi,
  resetSandbox,
  type Sandbox,
  type SandboxOptions,
} from "../../sandbox/sandbox";
import { processesWith } from "./processes";

/** Opens a sandbox of the test's own, in a folder of its own. */
export async function openTestSandbox(options: Pick<SandboxOptions, "program"> = {}): Promise<Sandbox> {
  const directory = await mkdtemp(join(tmpdir(), "aks-mesh-test-"));
  const log: string[] = [];
  return openSandbox((message) => log.push(message), { directory, ...options });
}

/** The command lines of programs that run for an engine of the sandbox, or ran for one that is no more. */
export function programsOf({ paths }: Sandbox): string[] {
  return processesWith(paths.directory, "environ")
    .map(({ commandLine }) => commandLine)
    .filter((line) => line.includes("@pulumi/pulumi/cmd/run"));
}

/** Stops the sandbox, which has to leave no process behind, and removes its folder. */
export async function closeTestSandbox(sandbox: Sandbox): Promise<void> {
  await stopEmulator(sandbox.emulator);
  expect(processesWith(sandbox.paths.directory, "cmdline")).toEqual([]);
  await resetSandbox(sandbox.paths);
}

/** One line of the engine's event log, as far as the tests read it. */
export interface EngineStep {
  readonly op: string;
  readonly urn: string;
  /** What differs, by property path. */
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** The steps that a preview intends, `same` left out. */
export async function preview(sandbox: Sandbox, stack: string): Promise<EngineStep[]> {
  const exit = await pulumi(sandbox, ["preview", "--stack", stack, "--non-interactive", "--json"]);
  if (exit.code !== 0) throw new Error(`preview failed:\n${exit.stdout}\n${exit.stderr}`);
  const { steps } = JSON.parse(exit.stdout) as { steps: EngineStep[] };
  return steps.filter(({ op }) => op !== "same");
}

/** What a preview intends, by URN; `same` left out. */
export async function plannedSteps(sandbox: Sandbox, stack: string): Promise<Map<string, string>> {
  return new Map((await preview(sandbox, stack)).map(({ urn, op }) => [urn, op]));
}

/** A resource in the engine's state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
}

/** The engine's state of a stack, as text (secrets encrypted) and parsed. */
export async function stateOf(sandbox: Sandbox, stack: string): Promise<{ text: string; resources: StateResource[] }> {
  const exit = await pulumi(sandbox, ["stack", "export", "--stack", stack]);
  if (exit.code !== 0) throw new Error(exit.stderr);
  const { deployment } = JSON.parse(exit.stdout) as { deployment: { resources?: StateResource[] } };
  return { text: exit.stdout, resources: deployment.resources ?? [] };
}

/** Where the engine keeps a stack's state. */
function stateFile({ paths }: Sandbox, stack: string): string {
  return join(paths.state, ".pulumi", "stacks", projectName, `${stack}.json`);
}

/** Types of the resources whose creation a killed engine has noted in the stack's state, and not its end. */
export async function creationsUnderWay(sandbox: Sandbox, stack: string): Promise<string[]> {
  const { checkpoint } = JSON.parse(await readFile(stateFile(sandbox, stack), "utf8")) as {
    checkpoint: { latest: { pending_operations?: { type: string; resource: { type: string } }[] } };
  };
  const pending = checkpoint.latest.pending_operations ?? [];
  return pending.flatMap(({ type, resource }) => (type === "creating" ? [resource.type] : []));
}

/** Sets values of the stack's configuration, in the sandbox's own copy of its settings. */
export async function configure(sandbox: Sandbox, stack: string, values: Record<string, unknown>): Promise<void> {
  const file = join(sandbox.paths.project, `Pulumi.${stack}.yaml`);
  const document = parseDocument(await readFile(file, "utf8"));
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) document.deleteIn(["config", `aks-mesh:${key}`]);
    else document.setIn(["config", `aks-mesh:${key}`], value);
  }
  await writeFile(file, document.toString());
}

/** Runs kubectl as a stack's administrator. */
export async function kubectl(sandbox: Sandbox, stack: string, ...args: string[]): Promise<Exit> {
  return run(sandbox.tools.path("kubectl"), args, {
    cwd: sandbox.paths.directory,
    environment: { ...sandbox.environment, KUBECONFIG: await kubeconfigOf(sandbox, stack) },
  });
}

/** Kubeconfigs that are written, or are about to be, by their paths. */
const kubeconfigs = new Map<string, Promise<void>>();

/**
 * The kubeconfig of a stack's administrator, written once for each state that the stack is in: the engine takes longer to open its secrets than kubectl for all
 * else.
 *
 * @returns its path.
 */
async function kubeconfigOf(sandbox: Sandbox, stack: string): Promise<string> {
  const { mtimeMs } = await stat(stateFile(sandbox, stack));
  const file = join(sandbox.paths.directory, `kubeconfig-${stack}-${mtimeMs}`);
  const written = kubeconfigs.get(file) ?? writeKubeconfig(sandbox, stack, file);
  kubeconfigs.set(file, written);
  await written;
  return file;
}

async function writeKubeconfig(sandbox: Sandbox, stack: string, file: string): Promise<void> {
  const output = await pulumi(sandbox, ["stack", "output", "kubeconfig", "--show-secrets", "--stack", stack]);
  if (output.code !== 0) throw new Error(`Stack ${stack} has no kubeconfig: ${output.stderr}`);
  await writeFile(file, output.stdout, { mode: 0o600 });
}

/** Runs `pulumi up`, which has to go well. @returns what it printed. */
export async function up(sandbox: Sandbox, stack: string, ...flags: readonly string[]): Promise<string> {
  const exit = await operate(sandbox, "up", stack, [...flags]);
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
  return exit.stdout;
}
