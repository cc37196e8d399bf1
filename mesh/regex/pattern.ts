import { RE2JS, RE2JSException } from "re2js";

/** A pattern as RE2 reads it, matched against whole values as Envoy does. */
export interface Pattern {
  readonly source: string;
  /** Instructions of RE2's program for it; exact for literals, for classes a few less than RE2 itself makes. */
  readonly size: number;
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
  // Spares most patterns of a long list the compiler.
  if (!text.startsWith(plainPrefix(source))) return false;
  const pattern = compilePattern(source);
  return !isPatternError(pattern) && pattern.matches(text);
}

/** Text that all matches of a pattern begin with: perhaps not the longest such. */
export function plainPrefix(source: string): string {
  if (source.includes("|")) return "";
  const text = /^[\w/-]*/.exec(source)?.[0] ?? "";
  // A quantifier after the plain text may take its last character away.
  return text.length < source.length && "*?{".includes(source.charAt(text.length)) ? text.slice(0, -1) : text;
}

/** Envoy's limit on the size of a pattern's program (runtime key `re2.max_program_size.error_level`). */
const mostInstructions = 100;

/** Instructions that RE2 counts beyond those of its library's Go and JavaScript forms: its unanchored start. */
const prologue = 2;

/** All instructions that do not stand for a part of the pattern: those, one for a match and one for a failure. */
const ends = prologue + 2;

/**
 * Patterns of literals, dots, simple classes and groups of these: certainly right, and with no more instructions than
 * characters. They are told apart without compiling them.
 */
const plain = ((): RegExp => {
  const piece = String.raw`(?:[\w/:;,=@%&~!'"<> -]|\.|\\[./-]|\[\^?(?:a-z|A-Z|0-9|[\w/.:=@%&~])+-?\])[*+?]?`;
  return new RegExp(String.raw`^(?:${piece}|\((?:${piece})+\)[*+?]?)*$`);
})();

/** Whether a pattern is so simple that it is certainly right and matches something, without compiling it. */
export function isPlainPattern(source: string): boolean {
  return source.length <= mostInstructions - ends && plain.test(source);
}

/** Why a pattern is refused, and who does. */
export interface PatternFault {
  readonly by: "RE2" | "Envoy";
  readonly message: string;
}

/**
 * Why Envoy refuses a pattern, or undefined where it takes it: RE2 does, and its program is not too large. The size is
 * that of {@link Pattern}.
 */
export function patternFault(source: string): PatternFault | undefined {
  if (isPlainPattern(source)) return undefined;
  const pattern = compilePattern(source);
  if (isPatternError(pattern))
    return { by: "RE2", message: `${pattern.message}, at character ${String(pattern.offset + 1)}` };
  return pattern.size > mostInstructions
    ? {
        by: "Envoy",
        message: `its RE2 program has about ${String(pattern.size)} instructions, and at most ${String(mostInstructions)} are taken`,
      }
    : undefined;
}

function compile(source: string): Pattern | PatternError {
  // `.` stands for any character but a line break.
  if (source === ".*") return { source, size: 6, matches: (text) => !text.includes("\n") };
  if (/^[\w/-]*$/.test(source)) return { source, size: source.length + ends, matches: (text) => text === source };
  try {
    const size = RE2JS.compile(source).programSize() + prologue;
    // A program takes much more memory than its text, and most patterns are never matched against a request.
    let compiled: RE2JS | undefined;
    return { source, size, matches: (text) => (compiled ??= RE2JS.compile(source)).testExact(text) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const message = error.message.replace(/^error parsing regexp: /, "");
    const quoted = /`([^`]*)`?$/.exec(message)?.[1] ?? "";
    return { source, message, offset: Math.max(source.indexOf(quoted), 0) };
  }
}
