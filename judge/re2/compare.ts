import { textOf } from "../../mesh/regex/bytes";
import { compilePattern, isPatternError } from "../../mesh/regex/pattern";
import { type PatternCase } from "./pattern";

/** What Google's RE2 says of a pattern. */
export type Answer =
  | { readonly size: number; readonly matches: readonly boolean[]; readonly error?: undefined }
  | { readonly error: string };

/** A pattern with RE2's answer. */
export type JudgedPattern = PatternCase & Answer;

/** What we and RE2 say differently about a pattern, in one line; undefined where we agree. */
export function difference({ pattern, texts, ...answer }: JudgedPattern): string | undefined {
  const ours = compilePattern(pattern);
  const shown = JSON.stringify(pattern);
  if (isPatternError(ours)) {
    if (answer.error === undefined) return `${shown}: we say ${ours.message}, RE2 says size ${String(answer.size)}`;
    // RE2 shows each byte of a part as a character; where it shows the whole pattern, we do not.
    const theirs = textOf([...Buffer.from(answer.error, "latin1")]);
    const same = /^(?:missing|unexpected) \)$/.test(ours.message)
      ? theirs.startsWith(`${ours.message}: `)
      : theirs === ours.message;
    return same ? undefined : `${shown}: we say ${ours.message}, RE2 says ${theirs}`;
  }
  if (answer.error !== undefined) return `${shown}: we say size ${String(ours.size)}, RE2 says ${answer.error}`;
  if (ours.size !== answer.size) {
    return `${shown}: we say size ${String(ours.size)}, RE2 says ${String(answer.size)}`;
  }
  const wrong = texts.find((text, index) => ours.matches(text) !== answer.matches[index]);
  return wrong === undefined ? undefined : `${shown}: we and RE2 differ about ${JSON.stringify(wrong)}`;
}
