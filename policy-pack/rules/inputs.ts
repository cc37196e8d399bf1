/** Inputs of a resource, or a part of them, as the program gives them. */
export type Part = Readonly<Record<string, unknown>>;

/**
 * The value at a path of keys, `addonProfiles.omsagent.enabled`; undefined where there is none. Keys are compared without regard to
 * case, as Azure does with add-ons. Nothing beside the path is read: what a preview does not know there must not matter.
 */
export function at(part: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    if (!isPart(value)) return undefined;
    const own = Object.keys(value).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    return own === undefined ? undefined : value[own];
  }, part);
}

/** The list at a path; empty where there is none. */
export function listAt(part: unknown, path: string): readonly unknown[] {
  const value = at(part, path);
  return Array.isArray(value) ? value : [];
}

/** The text at a path; undefined where there is none. */
export function textAt(part: unknown, path: string): string | undefined {
  const value = at(part, path);
  return typeof value === "string" ? value : undefined;
}

/** Whether a value has keys. */
export function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
