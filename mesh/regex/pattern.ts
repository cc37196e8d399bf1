import { bytesOf, textOf } from "./bytes";
import { matcher } from "./machine";
import { compileRe2, type Program, SyntaxFault, TooLargeError } from "./re2";

/**
 * A pattern as Envoy's RE2 reads it, matched against whole values. Envoy 1.39 gives RE2 the bytes of the pattern's UTF-8 and
 * lets it take each for a character (Latin-1): to `.` an `é` is two. Envoys up to 1.38, and AKS ships OSM with 1.32, let it
 * read UTF-8, which matters for the size of a program (measured: 1.36.2, 1.36.4, 1.37.0 and 1.38.2 against 1.39.3).
 */
export interface Pattern {
  readonly source: string;
  /** Instructions of RE2's program for it, as `RE2::ProgramSize()` counts them. */
  readonly size: number;
  /** The same in Envoys up to 1.38. */
  readonly utf8Size: number;
  matches(text: string): boolean;
  /**
   * The same in Envoys up to 1.38, to which several bytes may be one character. Exact but for classes that hold some characters
   * beyond ASCII and not all of them.
   */
  matchesInUtf8(text: string): boolean;
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

/** The same where RE2 reads UTF-8, see {@link Pattern.matchesInUtf8}. */
export function fullMatchInUtf8(source: string, text: string): boolean {
  if (isAscii(text)) return fullMatch(source, text);
  const pattern = compilePattern(source);
  return !isPatternError(pattern) && pattern.matchesInUtf8(text);
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
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

/** Instructions that do not stand for a part of the pattern: two for a start anywhere, one for a match, one for a failure. */
const ends = 4;

/**
 * Patterns of literals, dots, simple classes and groups of these: certainly right, and with no more instructions than
 * characters, if a dot and a negated class count for more. They are told apart without compiling them.
 */
const plain = ((): RegExp => {
  const piece = String.raw`(?:[\w/:;,=@%&~!'"<> -]|\.|\\[./-]|\[\^?(?:a-z|A-Z|0-9|[\w/.:=@%&~])+-?\])[*+?]?`;
  return new RegExp(String.raw`^(?:${piece}|\((?:${piece})+\)[*+?]?)*$`);
})();

/** Instructions that a dot or a negated class has at most beyond its characters, in whatever encoding. */
const mostOfWide = 8;

/** Whether a pattern is so simple that it is certainly right and matches something, without compiling it. */
export function isPlainPattern(source: string): boolean {
  if (source.length > mostInstructions - ends || !plain.test(source)) return false;
  const wide = source.match(/\.|\[\^/g)?.length ?? 0;
  return source.length + wide * mostOfWide <= mostInstructions - ends;
}

/** Why a pattern is refused, and who does. */
export interface PatternFault {
  readonly by: "RE2" | "Envoy";
  readonly message: string;
}

/**
 * Why an Envoy refuses a pattern, or undefined where all take it: RE2 does, and its program is not too large in either of its
 * encodings.
 */
export function patternFault(source: string): PatternFault | undefined {
  if (isPlainPattern(source)) return undefined;
  const pattern = compilePattern(source);
  if (isPatternError(pattern))
    return { by: "RE2", message: `${pattern.message}, at character ${String(pattern.offset + 1)}` };
  const { size, utf8Size } = pattern;
  const most = `and at most ${String(mostInstructions)} are taken`;
  if (size > mostInstructions)
    return { by: "Envoy", message: `its RE2 program has ${String(size)} instructions, ${most}` };
  if (utf8Size > mostInstructions) {
    const message = `its RE2 program has ${String(utf8Size)} instructions in Envoys up to 1.38, which AKS has, ${most}`;
    return { by: "Envoy", message };
  }
  return undefined;
}

function compile(source: string): Pattern | PatternError {
  // `.` stands for any character but a line break.
  if (source === ".*") {
    const matches = (text: string): boolean => !text.includes("\n");
    return { source, size: 6, utf8Size: 12, matches, matchesInUtf8: matches };
  }
  if (/^[\w/-]*$/.test(source)) {
    const size = source.length + ends;
    const matches = (text: string): boolean => text === source;
    return { source, size, utf8Size: size, matches, matchesInUtf8: matches };
  }
  try {
    const { size, utf8Size } = compileRe2(bytesOf(source));
    // A program takes much more memory than its text, and most patterns are never matched against a request.
    let matches: ((bytes: readonly number[]) => boolean) | undefined;
    let inUtf8: typeof matches;
    return {
      source,
      size,
      utf8Size,
      matches: (text) => (matches ??= matcher(programOf(source)))(bytesOf(text)),
      matchesInUtf8: (text) => (inUtf8 ??= matcher(compileRe2(bytesOf(whole(source))).utf8Program))(bytesOf(text)),
    };
  } catch (error) {
    if (error instanceof TooLargeError) return { source, message: error.message, offset: 0 };
    if (!(error instanceof SyntaxFault)) throw error;
    const bytes = bytesOf(source);
    const named = textOf(bytes.slice(error.from, error.to));
    return {
      source,
      message: named === "" ? error.kind : `${error.kind}: ${named}`,
      offset: textOf(bytes.slice(0, error.from)).length,
    };
  }
}

/** The program of a pattern that RE2 takes. */
export function programOf(source: string): Program {
  return compileRe2(bytesOf(source)).program;
}

/** A pattern in which what is one character stays together, whatever number of bytes it has: a star is for all of them. */
function whole(source: string): string {
  let inClass = false;
  return source.replace(/\\[^]|[^]/gu, (piece) => {
    if (piece === "[") inClass = true;
    else if (piece === "]") inClass = false;
    return inClass || isAscii(piece) ? piece : `(?:${piece})`;
  });
}
