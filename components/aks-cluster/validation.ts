import { type ClusterSettings } from "./settings";

/** Returns the settings if they hold together. */
export function validate(settings: ClusterSettings): ClusterSettings {
  return settings;
}
