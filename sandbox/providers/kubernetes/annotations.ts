import { stringAt, type JsonObject } from "./client/json";
import type { DeletionPropagation } from "./client/cluster";

/** Pulumi's own annotations, which steer the provider. */
export const annotations = {
  autonamed: "pulumi.com/autonamed",
  deletionPropagationPolicy: "pulumi.com/deletionPropagationPolicy",
  patchFieldManager: "pulumi.com/patchFieldManager",
  patchForce: "pulumi.com/patchForce",
  replaceUnready: "pulumi.com/replaceUnready",
  skipAwait: "pulumi.com/skipAwait",
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  waitFor: "pulumi.com/waitFor",
} as const;

/** The value of an annotation, or undefined. */
export function annotation(object: JsonObject, name: keyof typeof annotations): string | undefined {
  return stringAt(object, "metadata", "annotations", annotations[name]);
}

/** Whether an annotation says `true`. */
export function isAnnotated(object: JsonObject, name: keyof typeof annotations): boolean {
  return annotation(object, name) === "true";
}

/** How long an operation may wait, in milliseconds: `customTimeouts`, else the annotation, else ten minutes. */
export function timeoutOf(object: JsonObject, customSeconds: number | undefined): number {
  if (customSeconds !== undefined && customSeconds > 0) return customSeconds * 1000;
  const seconds = Number(annotation(object, "timeoutSeconds"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 10 * 60_000;
}

/** How dependents are deleted: in the foreground, so that "deleted" means all of it, unless the annotation says otherwise. */
export function propagationOf(object: JsonObject): DeletionPropagation {
  switch (annotation(object, "deletionPropagationPolicy")?.toLowerCase()) {
    case "orphan":
      return "Orphan";
    case "background":
      return "Background";
    default:
      return "Foreground";
  }
}
