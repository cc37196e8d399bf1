/**
 * The alternatives that a pattern is made of: `(?:a|b)` and `a|b` are `a` and `b`. Undefined for one that is not taken apart: where flags
 * or quoted text may mean more than the part that they stand in, or where a place is asked for what stands beside it.
 */
export function alternativesOf(source: string): readonly string[] | undefined {
  if (!isReadable(source)) return undefined;
  if (!source.includes("|")) return [source];
  const inner = withoutGroup(source);
  const parts = split(inner);
  return parts?.every((part) => part !== "") === true ? parts : undefined;
}

/** Whether a pattern has no flags but that of a group for all characters, no quoted text and no word boundary. */
function isReadable(source: string): boolean {
  return !/\(\?(?!:|s:)|\\[QbB]/.test(source);
}

/** What is in the one group that is the whole pattern. */
function withoutGroup(source: string): string {
  if (!source.startsWith("(?:") || !source.endsWith(")")) return source;
  const inner = source.slice("(?:".length, -1);
  // Otherwise the first group ends before the last does: `(?:a)|(?:b)`.
  return split(inner) === undefined ? source : inner;
}

/** The parts between bars that are in no group; undefined where groups or classes do not end, or end too often. */
function split(source: string): readonly string[] | undefined {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < source.length; at += 1) {
    switch (source.charAt(at)) {
      case "\\":
        at += 1;
        break;
      case "[": {
        const end = endOfClass(source, at);
        if (end === undefined) return undefined;
        at = end;
        break;
      }
      case "(":
        depth += 1;
        break;
      case ")":
        depth -= 1;
        if (depth < 0) return undefined;
        break;
      case "|":
        if (depth === 0) {
          parts.push(source.slice(from, at));
          from = at + 1;
        }
    }
  }
  return depth === 0 ? [...parts, source.slice(from)] : undefined;
}

/** Where a class ends that begins at a place; undefined for one with a named class in it, or without an end. */
function endOfClass(source: string, start: number): number | undefined {
  // A bracket that comes first is one of the class's characters.
  let at = start + (source.charAt(start + 1) === "^" ? 2 : 1);
  if (source.charAt(at) === "]") at += 1;
  for (; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === "]") return at;
    if (character === "\\") at += 1;
    else if (character === "[" && source.charAt(at + 1) === ":") return undefined;
  }
  return undefined;
}

/** Plain text that all matches of an alternative begin with, and of which nothing that follows in it says anything. */
export function plainBeginning(alternative: string): string {
  const text = /^[\w/-]*/.exec(alternative)?.[0] ?? "";
  return text.length < alternative.length && "*+?{".includes(alternative.charAt(text.length))
    ? text.slice(0, -1)
    : text;
}
