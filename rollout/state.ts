import { isJsonObject } from "../mesh/manifests";

/** Where a rollout stands. Kept as an output of the stack, which the next run begins with. */
export interface RolloutState {
  /** Kubernetes Services, by name alone. */
  readonly stable: string;
  readonly canary: string;
  /** Percent of the calls that go to the canary. */
  readonly weight: number;
  /** `progressing`: it moves on. `finished`: the last step held. `failed`: the gate did not hold. `stopped`: somebody went back. */
  readonly phase: "progressing" | "finished" | "failed" | "stopped";
  /** The canary's version: a digest of what its pods are made of. */
  readonly version: string;
  /** When it came to where it is, RFC 3339. */
  readonly since: string;
  /** Why it is there. */
  readonly reason: string;
}

const phases: readonly unknown[] = ["progressing", "finished", "failed", "stopped"];

function isState(value: unknown): value is RolloutState & Readonly<Record<string, unknown>> {
  return (
    isJsonObject(value) &&
    ["stable", "canary", "version", "since", "reason"].every((key) => typeof value[key] === "string") &&
    typeof value["weight"] === "number" &&
    phases.includes(value["phase"]) &&
    !Number.isNaN(Date.parse(String(value["since"])))
  );
}

/**
 * The stack's rollouts, by `namespace/service` of the root.
 *
 * @param output the output `rollouts`, undefined where there is none yet.
 * @throws Error where it is something else: a run that forgot where it stood would begin anew.
 */
export function readRolloutStates(output: unknown): ReadonlyMap<string, RolloutState> {
  if (output === undefined) return new Map();
  const entries = isJsonObject(output) ? Object.entries(output) : [];
  const states = entries.flatMap(([root, state]) => (isState(state) ? [[root, state] as const] : []));
  if (!isJsonObject(output) || states.length < entries.length) {
    throw new Error(`The stack's output rollouts is not what this program writes: ${JSON.stringify(output)}.`);
  }
  return new Map(states);
}
