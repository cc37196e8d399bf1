import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isOpen, type PendingOperation, type StateResource, takeUp, workOn } from "./interrupted";
import { destroyWasCutOff, isOurs, type PlannedStep, withLeftovers } from "./leftovers";

/** How the Pulumi CLI is run: in the project's directory, with its environment, capturing what it prints. */
export type Pulumi = (args: readonly string[]) => Promise<{ code: number; stdout: string; stderr: string }>;

/** A stack's state as `pulumi stack export` prints it; whatever else it holds is passed on as it is. */
interface Checkpoint {
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly PendingOperation[];
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

/**
 * Takes up what a killed `pulumi up` left behind. What the run was creating may exist without the state knowing, and would be
 * refused the next time: it is written into the state under the id that its inputs give it. A refresh of all that was under
 * way then fills it in, or drops it where there is no such thing; and what Azure or the cluster still works on is waited for.
 *
 * Of a destroy that did not come to its end, it takes up what the cluster still has and the state has forgotten.
 *
 * Any other run that failed by itself leaves nothing under way. Whatever cuts this off in turn, the next call goes on with it.
 *
 * (`pulumi refresh --import-pending-creates` is meant for this, but with Pulumi 3.230 it loses the resource.)
 *
 * @returns how many interrupted operations there were, and objects that a destroy had left.
 */
export async function recover(options: RecoverOptions): Promise<number> {
  const { subscriptionId, report } = options;
  const state = await exportState(options);
  const { pending_operations: pending = [], resources: before = [] } = state.deployment;
  const left = before.filter(isOpen).length;
  if (pending.length + left === 0) return takeUpLeftovers(options, state);
  report(`An earlier run was cut off with ${pending.length + left} operation(s) under way; taking them up …`);

  const { resources, untold } = takeUp(before, pending, subscriptionId);
  for (const { urn, type, id } of untold) {
    report(`${type} ${nameOf(urn)} may have been created${id === undefined ? "" : ` as ${id}`}: look, and delete it.`);
  }
  if (pending.length > 0) {
    await importState(options, { ...state, deployment: { ...state.deployment, resources, pending_operations: [] } });
  }
  await refreshOpen(options, resources);
  const leftovers = destroyWasCutOff(resources) ? await takeUpLeftovers(options, await exportState(options)) : 0;
  return pending.length + left + leftovers;
}

/** Refreshes what is open, until nothing is. */
async function refreshOpen(options: RecoverOptions, resources: readonly StateResource[]): Promise<void> {
  const { pulumi, stack, report } = options;
  const deadline = Date.now() + (options.timeoutMilliseconds ?? 90 * 60_000);
  let open = resources.filter(isOpen);
  while (open.length > 0) {
    const targets = [...new Set(open.map(({ urn }) => urn))].flatMap((urn) => ["--target", urn]);
    await must(pulumi, ["refresh", "--stack", stack, "--yes", "--skip-preview", "--non-interactive", ...targets]);
    const { resources: refreshed = [] } = (await exportState(options)).deployment;
    open = refreshed.filter(isOpen);
    if (open.length === 0) break;
    const names = open.map((resource) => `${nameOf(resource.urn)} (${workOn(resource) ?? "not refreshed"})`).join(", ");
    if (Date.now() > deadline) {
      throw new Error(`Azure or the cluster is still working on ${names}. Run the same command again later.`);
    }
    report(`Azure or the cluster is still working on ${names} …`);
    await sleep(options.pollMilliseconds ?? 5_000);
  }
}

/**
 * Takes up what a destroy has forgotten and not deleted, because it would have gone with its cluster or namespace. A plan of the
 * next `up` tells which these are; what has such a name and was not made by Pulumi leaves the state again.
 *
 * @returns how many there were.
 */
async function takeUpLeftovers(options: RecoverOptions, state: Checkpoint): Promise<number> {
  const { pulumi, stack, subscriptionId, report } = options;
  const { resources = [] } = state.deployment;
  if (!destroyWasCutOff(resources)) return 0;
  report("An earlier destroy did not come to its end; looking for what it has left …");
  const plan = await pulumi(["preview", "--stack", stack, "--non-interactive", "--json"]);
  if (plan.code !== 0) {
    report(
      "What the program would make cannot be planned, so nothing is taken up. `pulumi preview` says why; `pulumi destroy` goes on.",
    );
    return 0;
  }
  const { steps = [] } = JSON.parse(plan.stdout) as { steps?: readonly PlannedStep[] };
  const added = withLeftovers(resources, steps, subscriptionId, randomUUID);
  const taken = new Set(added.filter(isOpen).map(({ urn }) => urn));
  if (taken.size === 0) return 0;
  await importState(options, { ...state, deployment: { ...state.deployment, resources: added } });
  await refreshOpen(options, added);

  const refreshed = await exportState(options);
  const { resources: there = [] } = refreshed.deployment;
  const others = there.filter((resource) => taken.has(resource.urn) && !isOurs(resource));
  if (others.length > 0) {
    const gone = new Set(others.map(({ urn }) => urn));
    const kept = there
      .filter(({ urn }) => !gone.has(urn))
      .map((resource) => ({
        ...resource,
        dependencies: resource.dependencies?.filter((urn) => !gone.has(urn)),
        deletedWith: gone.has(resource.deletedWith ?? "") ? undefined : resource.deletedWith,
      }));
    await importState(options, { ...refreshed, deployment: { ...refreshed.deployment, resources: kept } });
  }
  const count = there.filter(({ urn }) => taken.has(urn)).length - others.length;
  if (count > 0) report(`It had left ${count} resource(s), which are in the state again.`);
  return count;
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}
