import { type GateAnswer } from "./gate";
import { pauseSeconds, type RolloutRule } from "./rule";
import { type RolloutState } from "./state";

/** What a person asked for: the next step without waiting, all calls back to the stable version, or that nothing moves. */
export interface AskedMove {
  readonly kind: "next" | "back" | "hold";
  /** `namespace/service` of the root. Default: every rollout. */
  readonly root?: string;
}

/** Where a rollout goes with this run. */
export interface Move {
  readonly state: RolloutState;
  /** It is somewhere else than before, and there since this run. */
  readonly moves: boolean;
  /** What to say of it, after the name of the root. */
  readonly text: string;
  /** A person should look at it. */
  readonly warns: boolean;
}

/** Everything that a move depends on. */
export interface MoveInput {
  readonly rule: Pick<RolloutRule, "steps" | "pause">;
  /** Kubernetes Services, by name alone. */
  readonly stable: string;
  readonly canary: string;
  /** The canary's version in this run. */
  readonly version: string;
  /** Where the last run left it; undefined where there was none. */
  readonly before: RolloutState | undefined;
  /** What the gate says, where {@link gateIsDue}. */
  readonly gate: GateAnswer | undefined;
  readonly asked: AskedMove["kind"] | undefined;
  /** The time of the decision. A move begins to count later, once it is carried out. */
  readonly now: Date;
}

/** Whether a move depends on the gate: the canary of the last run is still the same, gets calls, and nobody has decided already. */
export function gateIsDue({ version, before, asked }: Omit<MoveInput, "gate" | "rule">): boolean {
  return (
    before !== undefined &&
    before.version === version &&
    before.phase === "progressing" &&
    before.weight > 0 &&
    asked !== "back"
  );
}

/**
 * Where a rollout goes: one step on where the gate holds, to 0 where it fails, and nowhere where it cannot be told. A failed version stays at 0
 * until there is another, or a person goes on.
 */
export function nextMove(input: MoveInput): Move {
  const { rule, version, before, gate, asked, now } = input;
  const first = rule.steps[0] ?? 0;
  if (before === undefined) return to(input, first, "progressing", `the rollout of version ${version} begins`);
  if (before.version !== version) {
    return to(input, first, "progressing", `version ${version} takes the place of ${before.version}`);
  }
  if (gate?.kind === "fails") return to(input, 0, "failed", gate.text, true);
  if (asked === "back") return to(input, 0, "stopped", "somebody asked for it", false);
  const next = rule.steps.find((step) => step > before.weight);
  if (asked === "next" && next !== undefined) {
    return to(
      input,
      next,
      "progressing",
      ["somebody asked for it", ...(gate === undefined ? [] : [gate.text])].join("; "),
    );
  }
  if (before.phase !== "progressing") return stay(before, atRest(before), before.phase === "failed");
  if (asked === "hold") return stay(before, "it was asked to stay");
  if (before.weight > 0 && gate?.kind !== "holds") {
    return stay(before, `the gate cannot tell: ${gate?.text ?? "nobody asked it"}`, true);
  }
  const passed = (now.getTime() - Date.parse(before.since)) / 1000;
  const wanted = pauseSeconds(rule);
  const held = gate === undefined ? "" : `${gate.text}; `;
  if (passed < wanted) return stay(before, `${held}${minutes(passed)} of ${minutes(wanted)} have passed`);
  if (next === undefined) return to(input, before.weight, "finished", gate?.text ?? "the last step has passed");
  return to(input, next, "progressing", gate?.text ?? `${minutes(wanted)} have passed`);
}

function atRest({ phase, since, reason }: RolloutState): string {
  switch (phase) {
    case "failed":
      return `it failed at ${since}: ${reason}. Deploy another version, or go on in spite of it: aks-mesh rollout next`;
    case "stopped":
      return `somebody went back at ${since}. Deploy another version, or go on: aks-mesh rollout next`;
    default:
      return `it is finished since ${since}`;
  }
}

function to(
  { before, stable, canary, version, now }: MoveInput,
  weight: number,
  phase: RolloutState["phase"],
  reason: string,
  warns = false,
): Move {
  const state = { stable, canary, weight, phase, version, since: now.toISOString(), reason };
  const way = before === undefined ? `${String(weight)} %` : `${String(before.weight)} % → ${String(weight)} %`;
  const done = phase === "finished" ? ", finished" : "";
  return { state, moves: true, text: `${way} to ${canary}${done}: ${reason}.`, warns };
}

function stay(state: RolloutState, why: string, warns = false): Move {
  return { state, moves: false, text: `stays at ${String(state.weight)} % to ${state.canary}: ${why}.`, warns };
}

function minutes(seconds: number): string {
  return seconds < 120 ? `${String(Math.floor(seconds))} s` : `${String(Math.floor(seconds / 60))} min`;
}

/**
 * Reads what the environment asks for: `next`, `back` or `hold`, of one root `next:shop/cart`.
 *
 * @throws Error that says what to write.
 */
export function readAskedMove(text: string | undefined): AskedMove | undefined {
  if (text === undefined || text === "") return undefined;
  const [, kind, root] = /^(next|back|hold)(?::([a-z0-9-]+\/[a-z0-9-]+))?$/.exec(text) ?? [];
  if (kind !== "next" && kind !== "back" && kind !== "hold") {
    throw new Error(`AKS_MESH_ROLLOUT is "${text}": write next, back or hold, of one Service next:shop/cart.`);
  }
  return { kind, ...(root !== undefined && { root }) };
}
