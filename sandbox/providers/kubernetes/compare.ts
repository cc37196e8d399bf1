import { isObject, type Json, type JsonObject } from "./client/json";
import { isInputs, type Inputs, type InputValue } from "./properties";
import { unknown, type PropertyPath } from "../protocol";

/** One place where two objects differ. */
export interface Difference {
  readonly path: PropertyPath;
  readonly kind: "add" | "delete" | "update";
  /** Undefined for an addition. */
  readonly before: Json | undefined;
  /** Undefined for a deletion. */
  readonly after: InputValue | undefined;
}

/** The differences between what is and what is wanted, at the deepest place that names each. An unknown differs from anything. */
export function compare(before: JsonObject, after: Inputs): Difference[] {
  return compareMembers(before, after, []);
}

function compareMembers(before: JsonObject, after: Inputs, path: PropertyPath): Difference[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => compareValues(before[key], after[key], [...path, key]));
}

function compareValues(before: Json | undefined, after: InputValue | undefined, path: PropertyPath): Difference[] {
  if (after === unknown) return [{ path, kind: before === undefined ? "add" : "update", before, after }];
  if (before === undefined) return after === undefined ? [] : [{ path, kind: "add", before, after }];
  if (after === undefined) return [{ path, kind: "delete", before, after }];
  if (isObject(before) && isInputs(after)) return compareMembers(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }).flatMap((_, index) =>
      compareValues(before[index], after[index], [...path, index]),
    );
  }
  return before === after ? [] : [{ path, kind: "update", before, after }];
}

/** Whether a difference touches one of the fields: is it, lies below it, or holds it. */
export function touches(difference: Difference, fields: readonly (readonly string[])[]): boolean {
  return fields.some((field) => {
    const shared = Math.min(field.length, difference.path.length);
    const samePlace = field
      .slice(0, shared)
      .every((step, index) => step === "*" || step === String(difference.path[index]));
    if (!samePlace) return false;
    const rest = field.slice(shared);
    return rest.length === 0 || reaches(difference.before, rest) || reaches(difference.after, rest);
  });
}

function reaches(value: Json | InputValue | undefined, path: readonly string[]): boolean {
  const [step, ...rest] = path;
  if (value === unknown) return true;
  if (step === undefined) return value !== undefined;
  if (Array.isArray(value)) return step === "*" && value.some((element) => reaches(element, rest));
  return typeof value === "object" && value !== null && reaches(value[step], rest);
}
