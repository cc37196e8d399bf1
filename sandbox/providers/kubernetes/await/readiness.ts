import type { ClusterObjects } from "../client/cluster";
import { numberAt, objectsAt, stringAt, type JsonObject } from "../client/json";

/** Whether an object does its work, and if not, why. */
export type Readiness =
  | { readonly ready: true }
  | {
      readonly ready: false;
      /** One line for the engine's display. */
      readonly status: string;
      /** It will not become ready by waiting. */
      readonly failed?: boolean;
    };

/** Judges one kind's objects by what the server says of them. */
export type ReadinessCheck = (object: JsonObject, objects: ClusterObjects) => Readiness | Promise<Readiness>;

export const ready: Readiness = { ready: true };

/** Not ready yet. */
export function waiting(status: string): Readiness {
  return { ready: false, status };
}

/** Not ready, and never going to be. */
export function failed(status: string): Readiness {
  return { ready: false, status, failed: true };
}

/** A condition of an object's status, by type. */
export function condition(object: JsonObject, type: string): JsonObject | undefined {
  return objectsAt(object, "status", "conditions").find((entry) => entry["type"] === type);
}

/** Whether a condition's status is True. */
export function isTrue(object: JsonObject, type: string): boolean {
  return condition(object, type)?.["status"] === "True";
}

/** A condition's reason and message in one line; undefined when it says nothing. */
export function wordsOf(entry: JsonObject | undefined): string | undefined {
  const words = [stringAt(entry, "reason"), stringAt(entry, "message")].filter(
    (word): word is string => word !== undefined && word !== "",
  );
  return words.length === 0 ? undefined : words.join(": ");
}

/** Whether the controller has seen the newest specification; before that its status speaks of the old one. */
export function isObserved(object: JsonObject): boolean {
  const generation = numberAt(object, "metadata", "generation") ?? 0;
  return (numberAt(object, "status", "observedGeneration") ?? 0) >= generation;
}

/** The number of a status field; absent means none. */
export function count(object: JsonObject, field: string): number {
  return numberAt(object, "status", field) ?? 0;
}
