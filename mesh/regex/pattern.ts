import { RE2JS, RE2JSException } from "re2js";

/** A pattern as RE2 reads it, matched against whole values as Envoy does. */
export interface Pattern {
  readonly source: string;
  matches(text: string): boolean;
}

/** Why RE2 refuses a pattern. */
export interface PatternError {
  readonly source: string;
  /** In RE2's words. */
  readonly message: string;
  /** Offset in the pattern of what it names; 0 where it names the whole. */
  readonly offset: number;
}

const known = new Map<string, Pattern | PatternError>();

/** Patterns remembered at most, so that a long-running program does not grow for ever. */
const mostKnown = 200_000;

/** Compiles a pattern once. */
export function compilePattern(source: string): Pattern | PatternError {
  let found = known.get(source);
  if (found === undefined) {
    found = compile(source);
    if (known.size >= mostKnown) known.clear();
    known.set(source, found);
  }
  return found;
}

export function isPatternError(pattern: Pattern | PatternError): pattern is PatternError {
  return "message" in pattern;
}

/** Whether a value matches as a whole. A pattern that RE2 refuses matches nothing. */
export function fullMatch(source: string, text: string): boolean {
  const pattern = compilePattern(source);
  return !isPatternError(pattern) && pattern.matches(text);
}

function compile(source: string): Pattern | PatternError {
  // `.` stands for any character but a line break.
  if (source === ".*") return { source, matches: (text) => !text.includes("\n") };
  if (/^[\w/-]*$/.test(source)) return { source, matches: (text) => text === source };
  try {
    const compiled = RE2JS.compile(source);
    return { source, matches: (text) => compiled.testExact(text) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const message = error.message.replace(/^error parsing regexp: /, "");
    const quoted = /`([^`]*)`?$/.exec(message)?.[1] ?? "";
    return { source, message, offset: Math.max(source.indexOf(quoted), 0) };
  }
}
