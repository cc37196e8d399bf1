import { type HeaderMatch } from "../mesh/policy";
import { durationSeconds } from "../mesh/policy/duration";
import { headerMatchProblems } from "../mesh/policy/header-routes";

/** One more thing that a gate looks at. */
export interface GateQuery {
  /** What it says, for people, such as `99th percentile, ms`. */
  readonly name: string;
  /** PromQL that gives one number. `$since` in it becomes the time since the step began, as Prometheus writes durations: `431s`. */
  readonly query: string;
  /** Above it the gate fails. Default: no upper bound; one of the two there has to be. */
  readonly atMost?: number;
  /** Below it the gate fails. Default: no lower bound. */
  readonly atLeast?: number;
}

/** What has to hold before the canary gets more, and while it has something. */
export interface RolloutGate {
  /** Of the requests to the canary that callers' sidecars counted since the step began, how many percent may have ended with 5xx. Default: 1. */
  readonly errorPercent?: number;
  /** With fewer requests since the step began nothing can be told, and the rollout stays where it is. Default: 100. */
  readonly minRequests?: number;
  /** What else is asked. Default: nothing. */
  readonly queries?: readonly GateQuery[];
}

/** A service with two versions, and how calls move from the one to the other. The weights are the program's: no other split of the root may be there. */
export interface RolloutRule<Service extends string = string> {
  /** The service that callers name. */
  readonly root: Service;
  /** The version that all calls go to before and, where the canary fails, after. */
  readonly stable: Service;
  /** The version that gets more step by step. A new one begins with the first step. */
  readonly canary: Service;
  /** Percent of the calls that go to the canary, each step more than the one before. */
  readonly steps: readonly number[];
  /**
   * Requests that the canary gets at every step, until it fails or somebody goes back; all others go by weight. Istio alone has it. Default: none.
   */
  readonly match?: readonly HeaderMatch[];
  readonly gate?: RolloutGate;
  /** The least time at a step, a Go duration. Default: `10m`. */
  readonly pause?: string;
  /** Name of the TrafficSplit. Default: that of the root's Kubernetes Service. */
  readonly name?: string;
}

/** The least time at a step that names none, in seconds. */
const defaultPauseSeconds = 600;

/** The least time at a step, in seconds. */
export function pauseSeconds({ pause }: Pick<RolloutRule, "pause">): number {
  return pause === undefined ? defaultPauseSeconds : (durationSeconds(pause) ?? defaultPauseSeconds);
}

/** What is wrong with rollouts, each with its place and what to write. */
export function rolloutProblems(rules: readonly RolloutRule[]): readonly string[] {
  return rules.flatMap((rule, index) => {
    const place = `rollouts[${String(index)}]`;
    const found: string[] = [];
    const { root, stable, canary, steps, pause, match = [], gate = {} } = rule;
    if (rules.findIndex((other) => other.root === root) < index) {
      found.push(`${place}.root: there is another rollout of ${root}; keep one.`);
    }
    if (stable === canary) found.push(`${place}.canary: it is the stable version, ${stable}, too; name the other one.`);
    if (root === canary) {
      found.push(`${place}.canary: it is the root; name the Service that selects the canary's pods alone.`);
    }
    if (steps.length === 0 || steps.some((step) => !Number.isInteger(step) || step < 0 || step > 100)) {
      found.push(
        `${place}.steps: ${JSON.stringify(steps)}; write at least one, each in whole percent, 0 to 100: [0, 5, 25, 50, 100].`,
      );
    }
    steps.forEach((step, at) => {
      const before = steps[at - 1];
      if (before === undefined || step > before) return;
      found.push(
        `${place}.steps[${String(at)}]: ${String(step)} follows ${String(before)}; a step is more than the one before.`,
      );
    });
    if (pause !== undefined && !((durationSeconds(pause) ?? -1) >= 0)) {
      found.push(`${place}.pause: "${pause}" is no duration; write one such as 10m or 1h30m.`);
    }
    return [...found, ...headerMatchProblems(match, `${place}.match`), ...gateProblems(`${place}.gate`, gate)];
  });
}

/** What is wrong with a gate, each with its place and what to write. */
export function gateProblems(
  place: string,
  { errorPercent, minRequests, queries = [] }: RolloutGate,
): readonly string[] {
  const found: string[] = [];
  if (errorPercent !== undefined && !(errorPercent >= 0 && errorPercent < 100)) {
    found.push(`${place}.errorPercent: ${String(errorPercent)}; write a percentage from 0 up to, not including, 100.`);
  }
  if (minRequests !== undefined && !(Number.isInteger(minRequests) && minRequests >= 1)) {
    found.push(`${place}.minRequests: ${String(minRequests)}; write an integer of 1 or more.`);
  }
  queries.forEach(({ query, atMost, atLeast }, index) => {
    const at = `${place}.queries[${String(index)}]`;
    if (query.trim() === "") found.push(`${at}.query: it is empty; write PromQL that gives one number.`);
    const bounds = [atMost, atLeast].filter((bound) => bound !== undefined);
    if (bounds.length === 0) found.push(`${at}: it has no bound; write atMost or atLeast.`);
    if (bounds.some((bound) => !Number.isFinite(bound)))
      found.push(`${at}: a bound is no number; write one such as 250.`);
  });
  return found;
}
