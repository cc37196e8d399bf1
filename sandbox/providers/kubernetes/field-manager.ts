import { createHash } from "node:crypto";
import { annotation } from "./annotations";
import type { JsonObject } from "./client/json";
import type { PropertyMap } from "../protocol";

/** Key of the state under which the real provider, too, keeps the manager's name. */
export const fieldManagerKey = "__fieldManager";

/**
 * The name under which a resource applies its fields: the annotation's, else the state's, else one made from the URN. As it is the
 * same on every run, an object whose creation was cut off before it reached the state is recognised as ours.
 */
export function fieldManager(urn: string, inputs: JsonObject, state: PropertyMap): string {
  const chosen = annotation(inputs, "patchFieldManager");
  if (chosen !== undefined && chosen !== "") return chosen;
  const stored = state[fieldManagerKey];
  if (typeof stored === "string") return stored;
  return `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}
