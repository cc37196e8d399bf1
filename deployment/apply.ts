import { CommandError } from "@pulumi/pulumi/automation";
import { type ProjectEngine, engineErrors } from "../preview/engine";
import { engineLog } from "../preview/plan";
import { InputProblem, PreviewProblem } from "../preview/problem";
import { type Plan } from "../preview/report";
import { digestOf, stackNamed } from "./plan";

/**
 * Updates a stack by a plan that was approved. The engine ends the update as soon as the program wants anything that is not in the plan.
 *
 * @param approved the digest of the plan that was shown.
 * @returns what happened to resources.
 * @throws {InputProblem} where the file is another plan.
 * @throws {PreviewProblem} where the update fails, or would do something else than the plan says.
 */
export async function applyPlan(engine: ProjectEngine, name: string, file: string, approved: string): Promise<Plan> {
  const digest = await digestOf(file);
  if (digest !== approved) {
    throw new InputProblem(
      `Nothing was deployed: ${file} is the plan ${digest}, and ${approved} was approved. Plan again, and have that approved.`,
    );
  }
  const stack = await stackNamed(engine, name);
  const { listen, log } = engineLog();
  try {
    await stack.up({ plan: file, onEvent: listen, color: "never", signal: engine.surroundings.engineSignal });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { errors } = log();
    const reason = engineErrors(engine.surroundings, errors, error);
    throw new PreviewProblem(
      errors.some(({ message }) => violatesPlan.test(message))
        ? `Stack ${name} is not as it was when the plan was made, or the program is not: the update ended before it did what was not approved. Plan again.\n${reason}`
        : reason,
    );
  }
  return log().plan;
}

/** How the engine says that a program wants something else than the plan (pkg/resource/deploy/step_generator.go). */
const violatesPlan = /\bviolates plan: |\bis not allowed by the plan: /;
