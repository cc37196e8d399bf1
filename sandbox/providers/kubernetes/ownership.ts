import { isObject, objectsAt, type JsonObject } from "./client/json";

/** Fields as `managedFields` writes them: `f:name` for members, `k:{…}` for elements of keyed lists, `v:…` of sets. */
export type FieldSet = JsonObject;

/** The fields of an object that a manager owns. */
export function fieldsOf(live: JsonObject, manager: string): FieldSet {
  return unionOf(objectsAt(live, "metadata", "managedFields").filter((entry) => entry["manager"] === manager));
}

/** The fields of an object that anybody owns: it tells which lists are keyed. */
export function allFields(live: JsonObject): FieldSet {
  return unionOf(objectsAt(live, "metadata", "managedFields"));
}

/** The fields of several entries of `managedFields`. */
export function unionOf(entries: readonly JsonObject[]): FieldSet {
  return entries.reduce<FieldSet>(
    (union, { fieldsV1 }) => (isObject(fieldsV1) ? mergeFields(union, fieldsV1) : union),
    {},
  );
}

function mergeFields(left: FieldSet, right: FieldSet): FieldSet {
  const merged = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const present = merged[key];
    merged[key] = isObject(present) && isObject(value) ? mergeFields(present, value) : value;
  }
  return merged;
}

/** The sub-fields of a member. */
export function memberFields(fields: FieldSet | undefined, key: string): FieldSet | undefined {
  const member = fields?.[`f:${key}`];
  return isObject(member) ? member : undefined;
}

/** An element of a keyed list: the values of its key and its sub-fields. */
export interface KeyedElement {
  readonly key: JsonObject;
  readonly fields: FieldSet;
}

/** The elements of a keyed list; undefined when the list is not keyed, or nobody is known to own an element of it. */
export function keyedElements(fields: FieldSet | undefined): KeyedElement[] | undefined {
  const keyed = Object.entries(fields ?? {}).flatMap(([name, sub]): KeyedElement[] => {
    if (!name.startsWith("k:") || !isObject(sub)) return [];
    const key: unknown = JSON.parse(name.slice(2));
    return isObject(key) ? [{ key, fields: sub }] : [];
  });
  return keyed.length === 0 ? undefined : keyed;
}

/** Whether the fields are those of a set, such as finalizers. */
export function isSet(fields: FieldSet | undefined): boolean {
  return Object.keys(fields ?? {}).some((name) => name.startsWith("v:"));
}

/** Whether the manager owns the field at a path of members, or something below it. */
export function owns(fields: FieldSet, path: readonly string[]): boolean {
  let current: FieldSet | undefined = fields;
  for (const key of path) {
    current = memberFields(current, key);
    if (current === undefined) return false;
  }
  return true;
}
