import { isJsonObject, type ValuePath } from ".";

/** What stands at a path of an object; undefined where nothing does. */
export function valueAt(object: unknown, path: ValuePath): unknown {
  let value = object;
  for (const key of path) {
    if (Array.isArray(value) && typeof key === "number") value = (value as readonly unknown[])[key];
    else if (isJsonObject(value)) value = value[key];
    else return undefined;
  }
  return value;
}

/** The number there; undefined for anything else. */
export function numberAt(object: unknown, path: ValuePath): number | undefined {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : undefined;
}

/** The text there; undefined for anything else. */
export function textAt(object: unknown, path: ValuePath): string | undefined {
  const value = valueAt(object, path);
  return typeof value === "string" ? value : undefined;
}
