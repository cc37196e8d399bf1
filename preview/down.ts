import { setTimeout as sleep } from "node:timers/promises";
import { CommandError } from "@pulumi/pulumi/automation";
import { clusterOf } from "./cluster";
import {
  alone,
  type Engine,
  engineErrors,
  findStack,
  openEngine,
  resume,
  type Surroundings,
  type WhenFree,
} from "./engine";
import { stackOf } from "./inputs";
import { engineLog } from "./plan";
import { type PreviewReport } from "./report";
import { marksOf, type PreviewMarks } from "./tags";

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
    const marks: PreviewMarks = stack === undefined ? {} : await marksOf(engine, name);
    const report = {
      pullRequest,
      commit: marks.commit ?? "",
      stack: name,
      kind: marks.cluster ?? "shared",
      addresses: [],
      outputs: [],
    } as const;
    let error = "";
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      try {
        const found = await removeOnce(engine, name, marks, base, pullRequest, whenFree);
        return found || stack !== undefined ? { ...report, state: { status: "removed" } } : undefined;
      } catch (caught) {
        if (signal.aborted) throw caught;
        error = caught instanceof Error ? caught.message : String(caught);
        say(`Removing ${name} failed (attempt ${attempt} of ${attempts}): ${error.split("\n")[0] ?? ""}`);
      }
      if (attempt < attempts) await sleep(pause * 2 ** (attempt - 1), undefined, { signal });
    }
    const left = await whatIsLeft(engine, name);
    return { ...report, state: { status: "teardown-failed", error, left } };
  });
}

/** @returns whether there was anything to remove. */
async function removeOnce(
  engine: Engine,
  name: string,
  marks: PreviewMarks,
  base: string,
  pullRequest: number,
  whenFree: WhenFree,
): Promise<boolean> {
  const { say, engineSignal } = engine.surroundings;
  const stack = await findStack(engine, name);
  if (stack !== undefined) {
    await engine.projectDirectory.configure(name, engine.surroundings.project);
    await resume(engine, stack, whenFree);
    say(`Removing stack ${name} …`);
    const { listen, log } = engineLog();
    try {
      await whenFree(() => stack.destroy({ onEvent: listen, color: "never", signal: engineSignal }));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new Error(engineErrors(log().errors, error), { cause: error });
    }
  }
  const swept = marks.cluster === "own" ? 0 : await sweep(engine, marks.base ?? base, pullRequest);
  if (stack !== undefined) await whenFree(() => engine.workspace.removeStack(name));
  return stack !== undefined || swept > 0;
}

/** Deletes namespaces of a preview that its state does not know, and waits until they are gone. @returns their number. */
async function sweep(engine: Engine, base: string, pullRequest: number): Promise<number> {
  const cluster = await clusterOf(engine, base);
  const found = await cluster.previewNamespaces(pullRequest);
  for (const { name } of found) await cluster.deleteNamespace(name);
  const deadline = Date.now() + 5 * 60_000;
  while (found.length > 0 && (await cluster.previewNamespaces(pullRequest)).length > 0) {
    if (Date.now() > deadline)
      throw new Error(`Namespaces ${found.map(({ name }) => name).join(", ")} do not go away.`);
    await sleep(500, undefined, { signal: engine.surroundings.signal });
  }
  return found.length;
}

/** Names of the resources that a stack still has, without those that go with a namespace that is named. */
async function whatIsLeft(engine: Engine, stack: string): Promise<readonly string[]> {
  const { code, stdout } = await engine.pulumi(["stack", "export", "--stack", stack]);
  if (code !== 0) return [`stack ${stack}`];
  const { deployment } = JSON.parse(stdout) as { deployment: { resources?: readonly StateResource[] } };
  const left = (deployment.resources ?? []).filter(({ type, id = "" }) => id !== "" && !type.startsWith("pulumi:"));
  const namespaces = new Set(left.filter(({ type }) => type.endsWith(":Namespace")).map(({ id }) => id));
  const named = left.filter(({ id = "" }) => !id.includes("/") || !namespaces.has(id.slice(0, id.indexOf("/"))));
  return named.length > 0 ? named.map(({ type, id = "" }) => `${type} ${id}`) : [`stack ${stack}`];
}

interface StateResource {
  readonly type: string;
  readonly id?: string;
}
