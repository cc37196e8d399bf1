import { isObject, type Json, type JsonObject } from "../client/json";
import { condition, ready, waiting, wordsOf, type Readiness } from "./readiness";

/**
 * Judges an object by the annotation `pulumi.com/waitFor`: `condition=Type[=Status]` or `jsonpath={.path}[=value]`, or a JSON
 * array of these.
 * @throws an Error when the annotation is written otherwise.
 */
export function waitFor(expression: string, object: JsonObject): Readiness {
  for (const single of expressionsOf(expression)) {
    const readiness = judge(single, object);
    if (!readiness.ready) return readiness;
  }
  return ready;
}

function expressionsOf(expression: string): string[] {
  if (!expression.startsWith("[")) return [expression];
  const parsed: unknown = JSON.parse(expression);
  if (Array.isArray(parsed) && parsed.length > 0 && parsed.every((item) => typeof item === "string")) return parsed;
  throw new Error("pulumi.com/waitFor: a JSON array must hold at least one expression, each a string");
}

function judge(expression: string, object: JsonObject): Readiness {
  const [, type, status] = /^condition=([^=]+)(?:=(.*))?$/.exec(expression) ?? [];
  if (type !== undefined) {
    const entry = condition(object, type);
    const words = wordsOf(entry);
    return String(entry?.["status"]).toLowerCase() === (status ?? "True").toLowerCase()
      ? ready
      : waiting(`Waiting for the condition ${type}${words === undefined ? "" : ` (${words})`}`);
  }
  const [, path, value] = /^jsonpath='?\{?\.?([^}=']+)\}?'?(?:=(.*))?$/.exec(expression) ?? [];
  if (path === undefined) {
    throw new Error(
      `pulumi.com/waitFor: ${JSON.stringify(expression)} is neither condition=Type nor jsonpath={.path}[=value]`,
    );
  }
  const found = lookUp(object, path);
  const satisfied = found !== undefined && (value === undefined || textOf(found) === value);
  return satisfied ? ready : waiting(`Waiting for ${path}${value === undefined ? "" : ` to be ${value}`}`);
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Members and indices only: filters and wildcards have no single answer. */
function lookUp(object: JsonObject, path: string): Json | undefined {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  return steps.reduce<Json | undefined>((current, step) => {
    if (Array.isArray(current)) return current[Number(step)];
    return isObject(current) ? current[step] : undefined;
  }, object);
}
