import { setTimeout as sleep } from "node:timers/promises";
import { clusterOf, type SharedCluster } from "./cluster";
import { alone, type Engine, findStack, openEngine, type Surroundings, type WhenFree } from "./engine";
import { stackOf } from "./inputs";
import { previewLabel } from "../program/previews/reach";
import { type PreviewReport } from "./report";
import { resourceGroupsOf } from "./resource-groups";
import { tagsOf, type StackTags } from "./tags";

/** How a teardown is retried. */
export interface DownOptions {
  readonly pullRequest: number;
  /** How often it is tried. */
  readonly attempts: number;
  /** Pause after the first failure, in milliseconds; twice as long after each further one. */
  readonly pause: number;
}

/**
 * Removes the preview of a pull request: its resources, its stack, and what a killed run made without noting it.
 *
 * @returns the report, whose state says what is left where it did not work; undefined where there was nothing.
 */
export async function down(
  surroundings: Surroundings,
  base: string,
  options: DownOptions,
): Promise<PreviewReport | undefined> {
  const engine = await openEngine(surroundings, base);
  try {
    return await removePreview(engine, base, options);
  } finally {
    await engine.close();
  }
}

/** {@link down} with an engine that is open already. */
export async function removePreview(
  engine: Engine,
  base: string,
  { pullRequest, attempts, pause }: DownOptions,
): Promise<PreviewReport | undefined> {
  const name = stackOf(pullRequest);
  const { say, signal } = engine.surroundings;
  return alone(engine, name, `aks-mesh preview down --pr ${pullRequest}`, async (whenFree) => {
    const stack = await findStack(engine, name);
    const tags: StackTags = stack === undefined ? {} : await tagsOf(engine, name);
    const report = {
      pullRequest,
      commit: tags.commit ?? "",
      stack: name,
      kind: tags.cluster ?? "shared",
      addresses: [],
      outputs: [],
    } as const;
    let error = "";
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      try {
        const found = await removeOnce(engine, name, tags, base, pullRequest, whenFree);
        const left = await whatIsLeft(engine, name, tags, base, pullRequest);
        if (left.length > 0) throw new Error(`It was removed, and there still is: ${left.join(", ")}.`);
        return found || stack !== undefined ? { ...report, state: { status: "removed" } } : undefined;
      } catch (caught) {
        if (signal.aborted) throw caught;
        error = caught instanceof Error ? caught.message : String(caught);
        say(`Removing ${name} failed (attempt ${attempt} of ${attempts}): ${error.split("\n")[0] ?? ""}`);
      }
      if (attempt < attempts) await sleep(pause * 2 ** (attempt - 1), undefined, { signal });
    }
    const left = await whatIsLeft(engine, name, tags, base, pullRequest);
    return { ...report, state: { status: "teardown-failed", error, left } };
  });
}

/**
 * Removes a stack and all that it made, without the engine: a state holds the code of its dynamic resources, and this one's was
 * written by the pull request's program. What a preview has lives in its namespaces or its resource group, which take everything with them,
 * or is found by its label. The stack goes first, as the backend lets it go only while nobody updates it.
 *
 * @returns whether there was anything to remove.
 */
async function removeOnce(
  engine: Engine,
  name: string,
  tags: StackTags,
  base: string,
  pullRequest: number,
  whenFree: WhenFree,
): Promise<boolean> {
  const { say, project } = engine.surroundings;
  const stack = await findStack(engine, name);
  const cluster = tags.cluster === "own" ? undefined : await clusterOf(engine, tags.base ?? base);
  // Asked first: once the stack is gone, nobody knows any more on which cluster its namespaces are.
  if (tags.cluster === "shared") await cluster?.previewNamespaces(pullRequest);
  const groups = await resourceGroupsOf(engine.surroundings);
  if (stack !== undefined) {
    say(`Removing stack ${name} …`);
    await engine.projectDirectory.configure(name, project);
    await whenFree(() => engine.workspace.removeStack(name, { force: true }));
  }
  const swept = await sweep(engine, cluster, pullRequest);
  const own = (await groups.ofPreviews()).filter((group) => group.pullRequest === pullRequest);
  for (const group of own) {
    say(`Deleting the resource group ${group.name} with all that is in it …`);
    await groups.remove(group.name);
  }
  return stack !== undefined || swept + own.length > 0;
}

/**
 * Deletes what the cluster has of a preview, whether or not a state knows it: what lets it reach others, then its namespaces,
 * and waits until they are gone.
 *
 * @returns how much there was.
 */
async function sweep(engine: Engine, cluster: SharedCluster | undefined, pullRequest: number): Promise<number> {
  if (cluster === undefined) return 0;
  const targets = await cluster.previewTargets(pullRequest);
  for (const target of targets) await cluster.deleteTarget(target);
  const namespaces = async () => {
    const found = await cluster.previewNamespaces(pullRequest);
    return found.filter(({ pullRequest: number }) => number === pullRequest).map(({ name }) => name);
  };
  const found = await namespaces();
  for (const name of found) await cluster.deleteNamespace(name);
  const deadline = Date.now() + 5 * 60_000;
  while (found.length > 0 && (await namespaces()).length > 0) {
    if (Date.now() > deadline) throw new Error(`Namespaces ${found.join(", ")} do not go away.`);
    await sleep(1_000, undefined, { signal: engine.surroundings.signal });
  }
  return targets.length + found.length;
}

/** Names of what is left: the preview's namespaces, what has its label, its resource groups, its stack. */
async function whatIsLeft(
  engine: Engine,
  name: string,
  tags: StackTags,
  base: string,
  pullRequest: number,
): Promise<readonly string[]> {
  const inAzure = async () => {
    const groups = await (await resourceGroupsOf(engine.surroundings)).ofPreviews();
    return groups.flatMap((group) => (group.pullRequest === pullRequest ? [`resource group ${group.name}`] : []));
  };
  const looks = [
    {
      what: `namespaces ${name}-*`,
      look: async () =>
        tags.cluster === "own" ? [] : inCluster(await clusterOf(engine, tags.base ?? base), pullRequest),
    },
    { what: `resource groups of ${name}`, look: inAzure },
    { what: `stack ${name}`, look: async () => ((await findStack(engine, name)) ? [`stack ${name}`] : []) },
  ];
  // Where nobody could look, it may still be there.
  return (await Promise.all(looks.map(({ what, look }) => look().catch(() => [what])))).flat();
}

/** Names of what the cluster has of a preview. */
async function inCluster(cluster: SharedCluster | undefined, pullRequest: number): Promise<readonly string[]> {
  if (cluster === undefined) return [];
  const [namespaces, objects] = await Promise.all([
    cluster.previewNamespaces(pullRequest),
    cluster.leftObjects(pullRequest),
  ]);
  return [
    ...namespaces.map(({ name, pullRequest: number }) =>
      number === pullRequest ? `namespace ${name}` : `namespace ${name}, by its label ${previewLabel} alone`,
    ),
    ...objects,
  ];
}
