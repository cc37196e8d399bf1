import { CommandError } from "@pulumi/pulumi/automation";
import { type KubernetesObject } from "../mesh/manifests";
import { type Guarantee } from "../mesh/osm";
import { accessReport } from "./access";
import { type Engine, engineErrors, findStack } from "./engine";
import { objectsOf } from "./objects";
import { engineLog, type EngineResource } from "./plan";
import { PreviewProblem } from "./problem";
import { type AccessReport, type Plan } from "./report";

/** What merging a pull request would do to the stack that it is meant for. */
export interface Comparison {
  /** Absent where the stack cannot be previewed with the pull request's code. */
  readonly plan?: Plan;
  readonly access: AccessReport;
}

/** The Kubernetes objects that a stack has, by its state. */
export async function objectsInState(engine: Engine, stack: string): Promise<readonly KubernetesObject[]> {
  const { code, stdout, stderr } = await engine.pulumi(["stack", "export", "--stack", stack]);
  if (code !== 0) throw new PreviewProblem(`The state of stack ${stack} cannot be read: ${stderr.trim()}`);
  const { deployment } = JSON.parse(stdout) as { deployment: { resources?: readonly StateResource[] } };
  return objectsOf((deployment.resources ?? []).map(({ type, inputs = {} }) => ({ type, inputs })));
}

type StateResource = Pick<EngineResource, "type"> & Partial<Pick<EngineResource, "inputs">>;

/**
 * Previews a stack with the program at hand, and compares who may call whom. Nothing of the stack changes.
 *
 * @param before the stack's objects as they are.
 */
export async function compareWithBase(
  engine: Engine,
  name: string,
  before: readonly KubernetesObject[],
  guarantees: readonly Guarantee[],
): Promise<Comparison> {
  const comparedWith = `stack ${name}`;
  const { listen, log } = engineLog();
  try {
    const stack = await findStack(engine, name);
    if (stack === undefined) throw new PreviewProblem(`There is no stack ${name}.`);
    await stack.preview({ onEvent: listen, color: "never", signal: engine.surroundings.engineSignal });
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof PreviewProblem)) throw error;
    const reason = error instanceof CommandError ? engineErrors(log().errors, error) : error.message;
    const unknown = `Stack ${name} cannot be previewed with this code: ${reason}`;
    return { access: { comparedWith, changes: { unknown }, guarantees: 0, broken: [] } };
  }
  const { plan, resources } = log();
  return { plan, access: accessReport(comparedWith, before, objectsOf(resources), guarantees) };
}
