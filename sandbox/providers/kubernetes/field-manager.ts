import { randomBytes } from "node:crypto";
import { annotation } from "./annotations";
import type { JsonObject } from "./client/json";
import type { PropertyMap } from "../protocol";

/** Key of the state under which the real provider, too, keeps the manager's name. */
export const fieldManagerKey = "__fieldManager";

/** Who owns the fields of an object that was created by POST and not updated since. */
export const creationManager = "pulumi-kubernetes";

/**
 * The name under which a resource applies its fields: the annotation's, else the state's, else a new one with a random suffix. As
 * with the real provider, a creation that was cut off before the state was written leaves nothing by which to know the object again.
 */
export function fieldManager(inputs: JsonObject, state: PropertyMap): string {
  const chosen = annotation(inputs, "patchFieldManager");
  if (chosen !== undefined && chosen !== "") return chosen;
  const stored = state[fieldManagerKey];
  if (typeof stored === "string") return stored;
  return `${creationManager}-${randomBytes(4).toString("hex")}`;
}
