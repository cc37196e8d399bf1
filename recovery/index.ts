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

async function checkpoint({ pulumi, stack }: RecoverOptions): Promise<Checkpoint["deployment"]> {
  const exported = JSON.parse(await must(pulumi, ["stack", "export", "--stack", stack])) as Checkpoint;
  return exported.deployment;
}

const unfinished = new Set(["Creating", "Updating", "Upgrading", "Scaling", "Deleting", "Accepted", "Running"]);

function provisioningState(resource: StateResource): string | undefined {
  const state = resource.outputs?.provisioningState;
  return typeof state === "string" ? state : undefined;
}

/**
 * Takes up what a killed `pulumi up` left behind. A resource whose creation was under way may exist in Azure without the
 * state knowing: azure-native then refuses to create it. Each such resource is looked up under the id that its inputs
 * give it, adopted into the state if it is there, and waited for if Azure still works on it. Resources of the cluster
 * need none of this: server-side apply and our dynamic resources adopt what exists.
 *
 * @returns how many interrupted operations there were.
 */
export async function recover(options: RecoverOptions): Promise<number> {
  const { pulumi, stack, subscriptionId, report } = options;
  const pending = (await checkpoint(options)).pending_operations ?? [];
  if (pending.length === 0) return 0;
  report(`An earlier run was cut off with ${pending.length} operation(s) under way; taking them up …`);

  const imports = pending.flatMap(({ type, resource }) => {
    const id = type === "creating" ? armId(resource.type, resource.inputs ?? {}, subscriptionId) : undefined;
    return id === undefined ? [] : [{ urn: resource.urn, id }];
  });
  const refresh = [
    "refresh",
    "--stack",
    stack,
    "--yes",
    "--skip-preview",
    "--non-interactive",
    "--clear-pending-creates",
  ];
  const urns = imports.map(({ urn }) => urn);
  const targets = urns.flatMap((urn) => ["--target", urn]);
  await must(pulumi, [
    ...refresh,
    ...imports.flatMap(({ urn, id }) => ["--import-pending-creates", urn, "--import-pending-creates", id]),
    ...targets,
  ]);

  const deadline = Date.now() + (options.timeoutMilliseconds ?? 90 * 60_000);
  for (;;) {
    const resources = (await checkpoint(options)).resources ?? [];
    const busy = resources.filter((r) => urns.includes(r.urn) && unfinished.has(provisioningState(r) ?? ""));
    if (busy.length === 0) return pending.length;
    if (Date.now() > deadline) {
      throw new Error(
        `Azure is still working on ${busy.map((r) => r.urn).join(", ")}. Run the same command again later.`,
      );
    }
    report(
      `Azure is still working on ${busy.map((r) => `${r.urn.split("::").at(-1)} (${provisioningState(r)})`).join(", ")} …`,
    );
    await sleep(options.pollMilliseconds ?? 5_000);
    await must(pulumi, [...refresh, ...busy.flatMap((r) => ["--target", r.urn])]);
  }
}
