import { difference, exampleOf, intersection, type Language, languageOf } from "../regex/language";
import { compilePattern, isPatternError } from "../regex/pattern";

/** UUIDs of version 4, as sidecars add them. */
const anyId = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

/**
 * Request ids that a sidecar may add, one for each way in which patterns tell them apart.
 *
 * @throws {TooComplexError}
 */
export function idsToldApart(patterns: Iterable<string>): readonly string[] {
  let parts: readonly Language[] = [languageOf(anyId)];
  for (const pattern of patterns) {
    if (isPatternError(compilePattern(pattern))) continue;
    const matching = languageOf(pattern);
    parts = parts
      .flatMap((part) => [intersection(part, matching), difference(part, matching)])
      .filter(({ isEmpty }) => !isEmpty);
  }
  return parts.map(exampleOf).filter((id) => id !== undefined);
}
