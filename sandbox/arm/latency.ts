import { ArmError } from "./errors";
import { isObject, type Json, type JsonObject } from "./json";

/** What takes time in Azure. */
export type TimedAction =
  | "clusterCreate"
  | "clusterUpdate"
  | "clusterDelete"
  | "poolCreate"
  | "poolUpdate"
  | "poolDelete"
  | "resourceGroupDelete"
  | "featureRegister"
  | "providerRegister"
  | "request";

/** How long things take. */
export interface LatencyProfile {
  /** Seconds per action, before scaling. `request` is added to every answer of Azure Resource Manager. */
  readonly seconds: Readonly<Record<TimedAction, number>>;
  /** Every duration is multiplied by this: 0.1 runs a realistic profile ten times as fast. */
  readonly scale: number;
}

/** Quick enough to work with, slow enough that every operation is really long-running. */
export const quickLatency: LatencyProfile = {
  seconds: {
    clusterCreate: 3,
    clusterUpdate: 1.5,
    clusterDelete: 1.5,
    poolCreate: 1.5,
    poolUpdate: 1,
    poolDelete: 1,
    resourceGroupDelete: 1,
    featureRegister: 2,
    providerRegister: 1,
    request: 0,
  },
  scale: 1,
};

/** About what Azure takes on an ordinary day. */
export const realisticLatency: LatencyProfile = {
  seconds: {
    clusterCreate: 240,
    clusterUpdate: 90,
    clusterDelete: 240,
    poolCreate: 150,
    poolUpdate: 60,
    poolDelete: 90,
    resourceGroupDelete: 60,
    featureRegister: 180,
    providerRegister: 60,
    request: 0.15,
  },
  scale: 1,
};

const PROFILES: Readonly<Record<string, LatencyProfile>> = { quick: quickLatency, realistic: realisticLatency };

/** Milliseconds an action takes. */
export function milliseconds(profile: LatencyProfile, action: TimedAction): number {
  return profile.seconds[action] * profile.scale * 1000;
}

/** Whether a name is one of the actions. */
function isTimedAction(name: string): name is TimedAction {
  return Object.hasOwn(quickLatency.seconds, name);
}

/**
 * Reads `{profile?: "quick" | "realistic", scale?: number, seconds?: {…}}`; what is left out comes from the named profile
 * (default quick).
 *
 * @throws ArmError 400 that names the wrong property.
 */
export function parseLatency(value: Json): LatencyProfile {
  const invalid = (message: string): ArmError => new ArmError(400, "InvalidLatency", message);
  if (!isObject(value)) throw invalid("latency: an object is expected.");
  const name = value["profile"] ?? "quick";
  const base = typeof name === "string" ? PROFILES[name] : undefined;
  if (base === undefined) throw invalid(`profile: write one of ${Object.keys(PROFILES).join(", ")}.`);
  const scale = value["scale"] ?? base.scale;
  if (typeof scale !== "number" || !(scale >= 0)) throw invalid("scale: a number that is not negative is expected.");
  const seconds = { ...base.seconds };
  const changes = value["seconds"] ?? {};
  if (!isObject(changes)) throw invalid("seconds: an object is expected.");
  for (const [action, duration] of Object.entries(changes)) {
    if (!isTimedAction(action)) {
      throw invalid(`seconds.${action}: no such action; there are ${Object.keys(seconds).join(", ")}.`);
    }
    if (typeof duration !== "number" || !(duration >= 0)) {
      throw invalid(`seconds.${action}: a number of seconds that is not negative is expected.`);
    }
    seconds[action] = duration;
  }
  return { seconds, scale };
}

/** The profile as `parseLatency` reads it. */
export function latencyToJson(profile: LatencyProfile): JsonObject {
  return { scale: profile.scale, seconds: { ...profile.seconds } };
}
