import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { armId, type Inputs } from "./arm-ids";

/** How the Pulumi CLI is run: in the project's directory, with its environment, capturing what it prints. */
export type Pulumi = (args: readonly string[]) => Promise<{ code: number; stdout: string; stderr: string }>;

/** A resource in the engine's state. */
interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Inputs;
  readonly outputs?: Inputs;
}

/** A stack's state as `pulumi stack export` prints it; whatever else it holds is passed on as it is. */
interface Checkpoint {
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly { readonly type: string; readonly resource: StateResource }[];
  };
}

/** What `recover` works on. */
export interface RecoverOptions {
  readonly pulumi: Pulumi;
  readonly stack: string;
  /** The subscription that the stack deploys to. */
  readonly subscriptionId: string;
  readonly report: (message: string) => void;
  /** Pause between two looks at a resource that Azure is still working on. Default 5 s. */
  readonly pollMilliseconds?: number;
  /** How long to wait for Azure to finish what the cut-off run began. Default 90 min, as the longest cluster creation. */
  readonly timeoutMilliseconds?: number;
}

async function must(pulumi: Pulumi, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await pulumi(args);
  if (code !== 0) throw new Error(`pulumi ${args[0]} failed:\n${stderr}${stdout}`);
  return stdout;
}

async function exportState({ pulumi, stack }: RecoverOptions): Promise<Checkpoint> {
  return JSON.parse(await must(pulumi, ["stack", "export", "--stack", stack])) as Checkpoint;
}

/** Replaces a stack's state. Secrets in it are encrypted, as they were when it was exported. */
async function importState({ pulumi, stack }: RecoverOptions, state: Checkpoint): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "aks-mesh-recover-"));
  try {
    const file = join(directory, "state.json");
    await writeFile(file, JSON.stringify(state), { mode: 0o600 });
    await must(pulumi, ["stack", "import", "--stack", stack, "--file", file]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const unfinished = new Set(["Creating", "Updating", "Upgrading", "Scaling", "Deleting", "Accepted", "Running"]);

function provisioningState(resource: StateResource): string | undefined {
  const state = resource.outputs?.provisioningState;
  return typeof state === "string" ? state : undefined;
}

/**
 * Takes up what a killed `pulumi up` left behind. A resource whose creation was under way may exist in Azure without the
 * state knowing: azure-native then refuses to create it. Each such resource is written into the state under the id that
 * its inputs give it; a refresh then fills it in, or drops it where Azure has no such thing; and what Azure still works on is
 * waited for. Resources of the cluster need none of this: server-side apply and our dynamic resources go on with what exists.
 *
 * (`pulumi refresh --import-pending-creates` is meant for this, but with Pulumi 3.230 it loses the resource.)
 *
 * @returns how many interrupted operations there were.
 */
export async function recover(options: RecoverOptions): Promise<number> {
  const { pulumi, stack, subscriptionId, report } = options;
  const state = await exportState(options);
  const { pending_operations: pending = [], resources = [] } = state.deployment;
  if (pending.length === 0) return 0;
  report(`An earlier run was cut off with ${pending.length} operation(s) under way; taking them up …`);

  const adopted = pending.flatMap(({ type, resource }) => {
    const id = type === "creating" ? armId(resource.type, resource.inputs ?? {}, subscriptionId) : undefined;
    return id === undefined ? [] : [{ ...resource, id }];
  });
  await importState(options, {
    ...state,
    deployment: { ...state.deployment, resources: [...resources, ...adopted], pending_operations: [] },
  });

  const deadline = Date.now() + (options.timeoutMilliseconds ?? 90 * 60_000);
  let open: readonly StateResource[] = adopted;
  while (open.length > 0) {
    const targets = open.flatMap(({ urn }) => ["--target", urn]);
    await must(pulumi, ["refresh", "--stack", stack, "--yes", "--skip-preview", "--non-interactive", ...targets]);
    const urns = new Set(open.map(({ urn }) => urn));
    const { resources: refreshed = [] } = (await exportState(options)).deployment;
    open = refreshed.filter((resource) => urns.has(resource.urn) && unfinished.has(provisioningState(resource) ?? ""));
    if (open.length === 0) break;
    const names = open
      .map((resource) => `${resource.urn.split("::").at(-1)} (${provisioningState(resource)})`)
      .join(", ");
    if (Date.now() > deadline) throw new Error(`Azure is still working on ${names}. Run the same command again later.`);
    report(`Azure is still working on ${names} …`);
    await sleep(options.pollMilliseconds ?? 5_000);
  }
  return pending.length;
}
