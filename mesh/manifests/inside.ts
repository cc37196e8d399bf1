import { isJsonObject } from "./object";

type Path = readonly (string | number)[];

/** A value deep inside of another, by keys of objects and places in lists; undefined where there is none. */
export function valueAt(value: unknown, ...path: Path): unknown {
  return path.reduce<unknown>((inside, key) => {
    if (Array.isArray(inside)) return (inside as readonly unknown[])[Number(key)];
    return isJsonObject(inside) ? inside[key] : undefined;
  }, value);
}

/** A list deep inside of a value; empty where there is none. */
export function listAt(value: unknown, ...path: Path): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** A text deep inside of a value; undefined where there is none. */
export function textAt(value: unknown, ...path: Path): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** A number deep inside of a value; undefined where there is none. */
export function numberAt(value: unknown, ...path: Path): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "number" ? found : undefined;
}
