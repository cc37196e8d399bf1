import { isObject, type Json, type JsonObject } from "../json";
import { EvaluationFailure, type PolicyScope, policyValue } from "./expressions";
import { fieldValues } from "./fields";

type Operator = (actual: Json | undefined, wanted: Json) => boolean;

/** Conditions that the emulator evaluates, by their names in lower case. Texts are compared without regard to case, as Azure does. */
export const operators: Readonly<Record<string, Operator>> = {
  equals: same,
  notequals: (actual, wanted) => !same(actual, wanted),
  in: isIn,
  notin: (actual, wanted) => !isIn(actual, wanted),
  like: isLike,
  notlike: (actual, wanted) => !isLike(actual, wanted),
  contains: holdsText,
  notcontains: (actual, wanted) => !holdsText(actual, wanted),
  exists: (actual, wanted) => (actual !== undefined && actual !== null) === (String(wanted).toLowerCase() === "true"),
  greater: (actual, wanted) => compared(actual, wanted, (order) => order > 0),
  greaterorequals: (actual, wanted) => compared(actual, wanted, (order) => order >= 0),
  less: (actual, wanted) => compared(actual, wanted, (order) => order < 0),
  lessorequals: (actual, wanted) => compared(actual, wanted, (order) => order <= 0),
};

/** Conditions that Azure has besides. */
export const otherOperators: readonly string[] = [
  ...["containskey", "notcontainskey"],
  ...["match", "notmatch", "matchinsensitively", "notmatchinsensitively"],
];

/** Whether a condition of a rule holds. @throws EvaluationFailure. */
export function holds(condition: JsonObject, scope: PolicyScope): boolean {
  const { allOf, anyOf, not, count } = condition;
  if (Array.isArray(allOf)) return allOf.filter(isObject).every((one) => holds(one, scope));
  if (Array.isArray(anyOf)) return anyOf.filter(isObject).some((one) => holds(one, scope));
  if (isObject(not)) return !holds(not, scope);
  const [name = "", wanted] =
    Object.entries(condition).find(([key]) => operators[key.toLowerCase()] !== undefined) ?? [];
  const operator = operators[name.toLowerCase()];
  if (operator === undefined) throw new EvaluationFailure("a condition has no operator");
  const value = policyValue(wanted, scope);
  if (isObject(count)) return operator(counted(count, scope), value);
  if (typeof condition["field"] === "string") {
    // Of an array each element has to fulfil it; an empty one does.
    return fieldValues(scope.resource, condition["field"], scope.current).every((actual) => operator(actual, value));
  }
  return operator(policyValue(condition["value"], scope), value);
}

/** How many elements of an array fulfil what stands in `where`. */
function counted(count: JsonObject, scope: PolicyScope): number {
  const field = String(count["field"]);
  const elements = fieldValues(scope.resource, field, scope.current).filter((element) => element !== undefined);
  const { where } = count;
  if (!isObject(where)) return elements.length;
  return elements.filter((element) =>
    holds(where, { ...scope, current: new Map([...scope.current, [field.toLowerCase(), element]]) }),
  ).length;
}

function same(actual: Json | undefined, wanted: Json): boolean {
  if (actual === undefined || actual === null) return wanted === null || wanted === "";
  return String(actual).toLowerCase() === String(wanted).toLowerCase();
}

function isIn(actual: Json | undefined, wanted: Json): boolean {
  if (!Array.isArray(wanted)) throw new EvaluationFailure("in and notIn need an array");
  return wanted.some((one) => same(actual, one));
}

/** Whether a text has a part, or an array an element. */
function holdsText(actual: Json | undefined, wanted: Json): boolean {
  if (Array.isArray(actual)) return actual.some((one) => same(one, wanted));
  return String(actual ?? "")
    .toLowerCase()
    .includes(String(wanted).toLowerCase());
}

/** Whether a text has more wildcards than the one that Azure takes. */
export function hasManyWildcards(pattern: Json | undefined): boolean {
  return typeof pattern === "string" && !pattern.startsWith("[") && pattern.split("*").length > 2;
}

/** One `*` stands for any characters. */
function isLike(actual: Json | undefined, wanted: Json): boolean {
  if (typeof wanted !== "string" || hasManyWildcards(wanted)) {
    throw new EvaluationFailure("like and notLike need a text with one wildcard");
  }
  const pattern = wanted
    .split("*")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(".*");
  return new RegExp(`^${pattern}$`, "is").test(String(actual ?? ""));
}

/** @throws EvaluationFailure where the two are of different types, as Azure's error says. */
function compared(actual: Json | undefined, wanted: Json, test: (order: number) => boolean): boolean {
  if (actual === undefined || actual === null) return false;
  if (typeof actual === "number" && typeof wanted === "number") return test(actual - wanted);
  if (typeof actual === "string" && typeof wanted === "string") {
    return test(actual.toLowerCase().localeCompare(wanted.toLowerCase(), "en"));
  }
  throw new EvaluationFailure(`a ${typeof actual} is compared with a ${typeof wanted}`);
}
