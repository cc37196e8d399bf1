import { CommandError } from "@pulumi/pulumi/automation";
import { type KubernetesObject } from "../mesh/manifests";
import { checkGuarantees, meshesOf } from "../mesh";
import { guaranteesOfStack } from "../program/stack-guarantees";
import { accessReport } from "./access";
import { type Engine, engineErrors, findStack } from "./engine";
import { meshOfStack } from "./mesh";
import { objectsOf } from "./objects";
import { engineLog } from "./plan";
import { PreviewProblem } from "./problem";
import { type AccessReport, type Plan } from "./report";

/** What merging a pull request would do to the stack that it is meant for. */
export interface Comparison {
  /** Absent where the stack cannot be previewed with the pull request's code. */
  readonly plan?: Plan;
  readonly access: AccessReport;
}

/**
 * Previews a stack with the program at hand, and compares who may call whom. Nothing of the stack changes.
 *
 * @param before the stack's objects as they are.
 */
export async function compareWithBase(
  engine: Engine,
  name: string,
  before: readonly KubernetesObject[],
): Promise<Comparison> {
  const [mesh = "osm"] = meshesOf(before).keys();
  // As the checkout has them that this command belongs to: a pull request that drops one with what it guards against is told of it.
  const guarantees = guaranteesOfStack(name, mesh);
  const comparedWith = `stack ${name}`;
  const { listen, log } = engineLog();
  try {
    const stack = await findStack(engine, name);
    if (stack === undefined) throw new PreviewProblem(`There is no stack ${name}.`);
    await stack.preview({ onEvent: listen, color: "never", signal: engine.surroundings.engineSignal });
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof PreviewProblem)) throw error;
    const reason =
      error instanceof CommandError ? engineErrors(engine.surroundings, log().errors, error) : error.message;
    const unknown = `Stack ${name} cannot be previewed with this code: ${reason}`;
    // The program may have ended early, so that much is missing. What it opens until then is true all the same.
    const objects = objectsOf(log().resources);
    const broken = checkGuarantees(
      meshOfStack(objects),
      guarantees.filter(({ kind }) => kind === "never"),
    );
    const shown = broken.filter(({ request }) => request !== undefined);
    return { access: { comparedWith, changes: { unknown }, guarantees: guarantees.length, broken: shown } };
  }
  const { plan, resources } = log();
  return { plan, access: accessReport(comparedWith, before, objectsOf(resources), guarantees) };
}
