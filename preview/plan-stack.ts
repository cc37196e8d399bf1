import { CommandError, type Stack } from "@pulumi/pulumi/automation";
import { engineErrors, type ProjectEngine } from "./engine";
import { engineLog } from "./plan";
import { type PlannedStack } from "./planned";

/**
 * Previews a stack with the program at hand: what it would do. Nothing of the stack changes.
 *
 * @param file where the engine's plan goes, by which an update can be made. Default: nowhere.
 */
export async function planStack(engine: ProjectEngine, stack: Stack, file?: string): Promise<PlannedStack> {
  const { listen, log } = engineLog();
  const options = { onEvent: listen, color: "never", signal: engine.surroundings.engineSignal } as const;
  try {
    await stack.preview({ ...options, ...(file !== undefined && { plan: file }) });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { errors, whole, ...planned } = log();
    // Of an engine that failed and did not say why nobody knows what is missing.
    return { ...planned, whole: whole && errors.length > 0, refused: engineErrors(engine.surroundings, errors, error) };
  }
  const { plan, resources } = log();
  return { plan, resources, whole: true };
}
