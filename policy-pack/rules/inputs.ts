/** Inputs of a resource, or a part of them, as the program gives them. */
export type Part = Readonly<Record<string, unknown>>;

/** Stands for a value that a preview does not know. */
export const notKnown = Symbol("not known in this preview");

/** A value was read that a preview does not know. */
export class NotKnownYet extends Error {
  /** @param path where the value stands. */
  constructor(readonly path: string) {
    super(`\`${path}\` is not known in this preview`);
  }
}

/**
 * The value at a path of keys, `addonProfiles.omsagent.enabled`; undefined where there is none. Keys are compared without regard to
 * case, as Azure does with add-ons.
 *
 * @throws NotKnownYet where the value, something on the way to it, or an item of the list that it is, is not known. What stands beside
 * the path does not matter.
 */
export function at(part: unknown, path: string): unknown {
  const value = path.split(".").reduce<unknown>((inner, key) => {
    if (inner === notKnown) throw new NotKnownYet(path);
    if (!isPart(inner)) return undefined;
    const own = Object.keys(inner).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    return own === undefined ? undefined : inner[own];
  }, part);
  if (value === notKnown || (Array.isArray(value) && value.includes(notKnown))) throw new NotKnownYet(path);
  return value;
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
