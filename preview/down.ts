import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, type Stack } from "@pulumi/pulumi/automation";
import { type KubernetesObject } from "../mesh/manifests";
import { clusterOf, kindsOf, type SharedCluster } from "./cluster";
import {
  alone,
  type Engine,
  engineErrors,
  findStack,
  openEngine,
  type Surroundings,
  takeUp,
  type WhenFree,
} from "./engine";
import { stackOf } from "./inputs";
import { outsideOwnNamespaces } from "./own-namespaces";
import { engineLog, type EngineResource } from "./plan";
import { previewLabel } from "../program/previews/reach";
import { isSwept } from "./reaches";
import { type PreviewReport } from "./report";
import { readState } from "./state";
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

/** @returns whether there was anything to remove. */
async function removeOnce(
  engine: Engine,
  name: string,
  tags: StackTags,
  base: string,
  pullRequest: number,
  whenFree: WhenFree,
): Promise<boolean> {
  const stack = await findStack(engine, name);
  const cluster = tags.cluster === "own" ? undefined : await clusterOf(engine, tags.base ?? base);
  // Asked first: once the stack is gone, nobody knows any more on which cluster its namespaces are.
  if (tags.cluster === "shared") await cluster?.previewNamespaces(pullRequest);
  if (stack !== undefined) await removeStack(engine, stack, tags, cluster, pullRequest, whenFree);
  const swept = await sweep(engine, cluster, pullRequest);
  return stack !== undefined || swept > 0;
}

/**
 * Removes a stack. One that has nothing but objects in namespaces of its own, and what is found by its label, needs no engine:
 * its namespaces take everything with them. The stack goes first, as the backend lets it go only while nobody updates it.
 */
async function removeStack(
  engine: Engine,
  stack: Stack,
  tags: StackTags,
  cluster: SharedCluster | undefined,
  pullRequest: number,
  whenFree: WhenFree,
): Promise<void> {
  const { say, engineSignal, project } = engine.surroundings;
  await engine.projectDirectory.configure(stack.name, project);
  say(`Removing stack ${stack.name} …`);
  const { resources, pending } = await readState(engine, stack.name);
  const all = [...resources, ...pending];
  if (tags.cluster === "shared" && (await goesWithNamespaces(cluster, pullRequest, all))) {
    await whenFree(() => engine.workspace.removeStack(stack.name, { force: true }));
    return;
  }
  await takeUp(engine, stack, whenFree);
  const { listen, log } = engineLog();
  try {
    await whenFree(() => stack.destroy({ onEvent: listen, color: "never", signal: engineSignal }));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new Error(engineErrors(log().errors, error), { cause: error });
  }
  await whenFree(() => engine.workspace.removeStack(stack.name));
}

/** Whether all that a state knows goes with the preview's namespaces, is found by its label, or went with the cluster. */
async function goesWithNamespaces(
  cluster: SharedCluster | undefined,
  pullRequest: number,
  resources: readonly EngineResource[],
): Promise<boolean> {
  if (cluster === undefined)
    return resources.every(({ custom, type }) => !custom || /^(pulumi|kubernetes):/.test(type));
  const isAdmitted = (object: KubernetesObject) => isSwept(pullRequest, object);
  const place = { pullRequest, kinds: await kindsOf(cluster, resources), isAdmitted };
  return outsideOwnNamespaces(place, resources).length === 0;
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

/** Names of what is left: the preview's namespaces, and the stack's resources without those that go with a namespace. */
async function whatIsLeft(
  engine: Engine,
  name: string,
  tags: StackTags,
  base: string,
  pullRequest: number,
): Promise<readonly string[]> {
  const [namespaces, stack] = await Promise.allSettled([
    tags.cluster === "own"
      ? []
      : clusterOf(engine, tags.base ?? base).then((cluster) => inCluster(cluster, pullRequest)),
    findStack(engine, name).then((found) => (found === undefined ? [] : resourcesOf(engine, name))),
  ]);
  return [
    ...(namespaces.status === "fulfilled" ? namespaces.value : [`namespaces ${name}-*`]),
    ...(stack.status === "fulfilled" ? stack.value : [`stack ${name}`]),
  ];
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

async function resourcesOf(engine: Engine, stack: string): Promise<readonly string[]> {
  const { resources } = await readState(engine, stack);
  const left = resources
    .filter(({ custom, type }) => custom && !type.startsWith("pulumi:") && !type.startsWith("kubernetes:"))
    .map(({ type, urn }) => `${type} ${urn.split("::").at(-1) ?? ""}`);
  return [`stack ${stack}`, ...left];
}
