/** A service account as `namespace/name`. */
export type AccountKey = string;

/**
 * Texts put together of two parts, each made once: the keys of a mesh are looked up many times more often than there are
 * different ones, and a text that was looked up before needs neither be put together nor hashed again.
 */
export function joined(separator: string, reversed: boolean): (namespace: string, name: string) => string {
  const known = new Map<string, Map<string, string>>();
  let size = 0;
  return (namespace, name) => {
    let names = known.get(namespace);
    if (names === undefined) known.set(namespace, (names = new Map()));
    let text = names.get(name);
    if (text === undefined) {
      text = reversed ? `${name}${separator}${namespace}` : `${namespace}${separator}${name}`;
      size += 1;
      if (size > mostJoined) {
        known.clear();
        size = 0;
      } else names.set(name, text);
    }
    return text;
  };
}

/** Texts remembered at most, so that a long-running program does not grow for ever. */
const mostJoined = 500_000;

/** `namespace/name`. */
export const keyOf = joined("/", false);
