import { CommandError } from "@pulumi/pulumi/automation";
import { type Engine, engineErrors, findStack } from "./engine";
import { engineLog } from "./plan";
import { type PlannedStack } from "./planned";

/**
 * Previews a stack with the program at hand: what merging would do to it. Nothing of the stack changes.
 *
 * @returns undefined where there is no such stack.
 */
export async function planMerging(engine: Engine, name: string): Promise<PlannedStack | undefined> {
  const stack = await findStack(engine, name);
  if (stack === undefined) return undefined;
  const { listen, log } = engineLog();
  try {
    await stack.preview({ onEvent: listen, color: "never", signal: engine.surroundings.engineSignal });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { errors, ...planned } = log();
    return {
      ...planned,
      whole: planned.whole && errors.length > 0,
      refused: engineErrors(engine.surroundings, errors, error),
    };
  }
  const { plan, resources } = log();
  return { plan, resources, whole: true };
}
