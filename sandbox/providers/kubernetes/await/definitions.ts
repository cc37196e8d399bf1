import type { JsonObject } from "../client/json";
import { condition, failed, isTrue, ready, waiting, wordsOf, type Readiness } from "./readiness";

/** The kind is served. */
export function customResourceDefinition(object: JsonObject): Readiness {
  const names = condition(object, "NamesAccepted");
  if (names?.["status"] === "False") return failed(wordsOf(names) ?? "the names are taken by another kind");
  return isTrue(object, "Established") ? ready : waiting("Waiting for the kind to be served");
}
