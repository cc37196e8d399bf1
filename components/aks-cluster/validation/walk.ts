/** Called for each single value with its path, and with the path's pattern: `[]` for any place in a list. */
export type Visit = (path: string, pattern: string, value: unknown) => unknown;

/**
 * `root` with every single value replaced by what `visit` makes of it. Lists and plain objects are gone into; anything else,
 * an Output or a function for instance, is a single value.
 */
export function mapValues<T extends object>(root: T, visit: Visit): T {
  const walk = (value: unknown, path: string, pattern: string): unknown => {
    if (Array.isArray(value)) {
      return value.map((element: unknown, index) => walk(element, `${path}[${index}]`, `${pattern}[]`));
    }
    if (isPlainObject(value)) {
      const join = (front: string, key: string): string => (front === "" ? key : `${front}.${key}`);
      return Object.fromEntries(
        Object.entries(value).map(([key, child]) => [key, walk(child, join(path, key), join(pattern, key))]),
      );
    }
    return value === undefined ? undefined : visit(path, pattern, value);
  };
  return walk(root, "", "") as T;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
