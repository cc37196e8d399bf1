import { ArmError } from "./errors";
import { isObject, type Json, type JsonObject } from "./json";

/** How the emulator behaves, as far as a user can change it. */
export interface Settings {
  /** Enabling the Open Service Mesh add-on needs the feature flag, as in its preview. Default true. */
  readonly requireFeature: boolean;
  /** Azure's request limits. Default false. */
  readonly throttling: boolean;
  /** Seconds after which the mesh's custom resource definitions appear. Default 2. */
  readonly crdDelaySeconds: number;
}

/** What a new sandbox starts with. */
export const defaultSettings: Settings = { requireFeature: true, throttling: false, crdDelaySeconds: 2 };

/** The settings with a partial change applied. @throws ArmError 400 that names the wrong property. */
export function changeSettings(settings: Settings, change: Json): Settings {
  const invalid = (message: string): ArmError => new ArmError(400, "InvalidSettings", message);
  if (!isObject(change)) throw invalid("an object is expected.");
  let { requireFeature, throttling, crdDelaySeconds } = settings;
  for (const [name, value] of Object.entries(change)) {
    if (name === "requireFeature" && typeof value === "boolean") requireFeature = value;
    else if (name === "throttling" && typeof value === "boolean") throttling = value;
    else if (name === "crdDelaySeconds" && typeof value === "number" && value >= 0) crdDelaySeconds = value;
    else throw invalid(`${name}: write requireFeature or throttling (true, false), or crdDelaySeconds (a number ≥ 0).`);
  }
  return { requireFeature, throttling, crdDelaySeconds };
}

/** The settings as JSON. */
export function settingsToJson(settings: Settings): JsonObject {
  return { ...settings };
}
