import { factor } from "./factor";
import { type Group, lastOfLatin1, lastOfUnicode, perlGroup, posixGroup, unicodeGroup } from "./groups";
import { alternate, type Assertion, concat, flag, literal, type Node, repetition } from "./node";
import { asciiCase, complement, contains, countOf, foldAscii, isUpper, type Range, union, upTo } from "./ranges";

/** Why RE2 does not read a pattern. */
export class SyntaxFault extends Error {
  override readonly name = "SyntaxFault";

  /**
   * @param kind in RE2's words.
   * @param from where the part that it names begins.
   * @param to where that part ends; where it begins, if it names the whole pattern.
   */
  constructor(
    readonly kind: string,
    readonly from: number,
    readonly to: number,
  ) {
    super(kind);
  }
}

/** Times that something may be repeated, repetitions within it multiplied. */
const mostRepeats = 1000;

/** Brackets and repetitions within each other. What nests deeper than this has a program that is too large by far. */
const mostDepth = 1000;

interface Marker {
  readonly op: "bracket" | "bar";
  readonly flags: number;
  /** Number of a bracket that captures. */
  readonly index?: number;
  readonly name?: string;
}

type Item = Node | Marker;

function isMarker(item: Item | undefined): item is Marker {
  return item?.op === "bracket" || item?.op === "bar";
}

/**
 * Reads a pattern as RE2 in C++ does, with its factoring of alternatives, on which the size of the program depends.
 *
 * @param input characters of the pattern: bytes, for Latin-1.
 * @throws {SyntaxFault}
 */
export function parse(input: readonly number[]): Node {
  const stack: Item[] = [];
  let flags: number = flag.oneLine;
  let at = 0;
  let captures = 0;
  let depth = 0;

  const fault = (kind: string, from: number, to: number = at): SyntaxFault => new SyntaxFault(kind, from, to);
  const character = (index: number): string => {
    const code = input[index];
    return code === undefined ? "" : String.fromCodePoint(code);
  };
  const textOf = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, index) => character(from + index)).join("");
  const isNext = (text: string): boolean => textOf(at, Math.min(at + text.length, input.length)) === text;
  const has = (bit: number): boolean => (flags & bit) !== 0;

  // The stack: parts to be put one after the other above a marker, alternatives below a bar.

  /** Joins the two literals on top into one; a new character then takes the place of the upper. */
  function joinLiterals(next?: Node): boolean {
    const upper = stack.at(-1);
    const lower = stack.at(-2);
    if (upper?.op !== "literal" || lower?.op !== "literal") return false;
    if (((upper.flags ^ lower.flags) & flag.foldCase) !== 0) return false;
    stack.splice(-2, 2, { ...lower, text: [...lower.text, ...upper.text] });
    if (next !== undefined) stack.push(next);
    return next !== undefined;
  }

  function push(item: Item): void {
    joinLiterals();
    stack.push(item);
  }

  function pushCharacter(code: number): void {
    if (has(flag.foldCase) && foldAscii({ lo: code, hi: code }).length > 1) {
      pushClass([{ lo: code, hi: code }].flatMap(foldAscii));
      return;
    }
    const node = literal([code], flags);
    if (!joinLiterals(node)) push(node);
  }

  /** A class of one character is a literal, one of a letter in both cases a literal in either case. */
  function pushClass(ranges: readonly Range[]): void {
    const all = upTo(union(ranges), lastOfLatin1);
    const first = all[0]?.lo ?? 0;
    const count = countOf(all);
    if (count === 1) push(literal([first], flags));
    else if (count === 2 && isUpper(first) && contains(all, first + asciiCase))
      push(literal([first + asciiCase], flags | flag.foldCase));
    else push({ op: "class", ranges: all, flags: flags & ~flag.foldCase });
  }

  function pushSimple(op: Assertion | "anyByte" | "anyCharacter", more = 0): void {
    push({ op, flags: flags | more });
  }

  function pushRepetition(op: "star" | "plus" | "quest", from: number, nonGreedy: boolean): void {
    stack[stack.length - 1] = repetition(op, argument(from), nonGreedy ? flags ^ flag.nonGreedy : flags);
  }

  function pushCounted(min: number, max: number, from: number, nonGreedy: boolean): void {
    if ((max !== -1 && max < min) || min > mostRepeats || max > mostRepeats) {
      throw fault("invalid repetition size", from);
    }
    const sub = argument(from);
    const node: Node = { op: "repeat", sub, min, max, flags: nonGreedy ? flags ^ flag.nonGreedy : flags };
    if ((min >= 2 || max >= 2) && repeatsLeft(node, mostRepeats) === 0) throw fault("invalid repetition size", from);
    stack[stack.length - 1] = node;
  }

  function argument(from: number): Node {
    const top = stack.at(-1);
    if (top === undefined || isMarker(top)) throw fault("no argument for repetition operator", from);
    return top;
  }

  function openBracket(name?: string): void {
    captures += 1;
    depth += 1;
    push({ op: "bracket", flags, index: captures, ...(name !== undefined && { name }) });
  }

  function endAlternative(): void {
    joinLiterals();
    const top = stack.at(-1);
    if (top === undefined || isMarker(top)) push({ op: "empty", flags });
    collapse("concat");
    const [before, bar, last] = stack.slice(-3);
    if (bar?.op !== "bar" || last === undefined || isMarker(last)) {
      push({ op: "bar", flags });
      return;
    }
    const isSingle = (item: Item | undefined): boolean =>
      item?.op === "class" || item?.op === "anyCharacter" || (item?.op === "literal" && item.text.length === 1);
    stack.length -= 2;
    // Any character stands for a single one beside it.
    if (last.op === "anyCharacter" && isSingle(before)) stack[stack.length - 1] = last;
    else if (before?.op !== "anyCharacter" || !isSingle(last)) stack.push(last);
    stack.push(bar);
  }

  function endAlternatives(): void {
    endAlternative();
    stack.pop();
    collapse("alternate");
  }

  /** Puts what stands above the topmost marker into one node. */
  function collapse(op: "concat" | "alternate"): void {
    let from = stack.length;
    while (from > 0 && !isMarker(stack[from - 1])) from -= 1;
    const items = stack.slice(from);
    if (items.length === 1) return;
    const subs = items.flatMap((item) => (isMarker(item) ? [] : item.op === op ? item.subs : [item]));
    stack.length = from;
    stack.push(op === "concat" ? concat(subs, flags) : alternate(factor(subs, flags), flags));
  }

  function closeBracket(): void {
    endAlternatives();
    const inner = stack.pop();
    const bracket = stack.pop();
    if (inner === undefined || isMarker(inner) || bracket?.op !== "bracket") {
      throw fault("unexpected )", 0, 0);
    }
    depth -= 1;
    flags = bracket.flags;
    const { index, name } = bracket;
    push(index === undefined ? inner : { op: "capture", sub: inner, index, name, flags });
  }

  // What is read, token by token.

  /** A whole number without leading zeros, or undefined. */
  function number(): number | undefined {
    const digits = /^(?:0(?![0-9])|[1-9][0-9]{0,8})(?![0-9])/.exec(textOf(at, Math.min(at + 11, input.length)))?.[0];
    if (digits === undefined) return undefined;
    at += digits.length;
    return Number(digits);
  }

  /** `{2}`, `{2,}` or `{2,5}`; what only begins like that is text. */
  function counts(): readonly [number, number] | undefined {
    const start = at;
    at += 1;
    const min = number();
    let max = min;
    if (min !== undefined && isNext(",")) {
      at += 1;
      max = isNext("}") ? -1 : number();
    }
    if (min === undefined || max === undefined || !isNext("}")) {
      at = start;
      return undefined;
    }
    at += 1;
    return [min, max];
  }

  function repeatOperator(before: number | undefined): void {
    const start = at;
    const counted = isNext("{") ? counts() : undefined;
    const single = character(at);
    if (counted === undefined) at += 1;
    const nonGreedy = isNext("?");
    if (nonGreedy) at += 1;
    if (before !== undefined) throw fault("bad repetition operator", before);
    if (counted !== undefined) pushCounted(...counted, start, nonGreedy);
    else pushRepetition(single === "*" ? "star" : single === "+" ? "plus" : "quest", start, nonGreedy);
  }

  /** The character of an escape such as `\n`, `\x41` or `\.`. */
  function escaped(): number {
    const start = at;
    at += 1;
    if (at >= input.length) throw fault("trailing \\", start, start);
    const letter = character(at);
    at += 1;
    const invalid = (): SyntaxFault => fault("invalid escape sequence", start);
    const simple: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, a: 7, f: 12, v: 11 };
    if (simple[letter] !== undefined) return simple[letter];
    if (/^[0-7]$/.test(letter)) {
      // A single digit would refer back to a group, which RE2 does not do.
      if (letter !== "0" && !/^[0-7]$/.test(character(at))) throw invalid();
      let code = Number(letter);
      for (let more = 0; more < 2 && /^[0-7]$/.test(character(at)); more += 1) {
        code = code * 8 + Number(character(at));
        at += 1;
      }
      if (code > lastOfLatin1) throw invalid();
      return code;
    }
    if (letter === "x") return hexadecimal(invalid);
    if (/^[\0-\x7f]$/.test(letter) && !/^[0-9A-Za-z]$/.test(letter)) return letter.charCodeAt(0);
    throw invalid();
  }

  function hexadecimal(invalid: () => SyntaxFault): number {
    const next = (): string => {
      if (at >= input.length) throw invalid();
      at += 1;
      return character(at - 1);
    };
    const first = next();
    if (first !== "{") {
      const second = next();
      if (!/^[0-9A-Fa-f]{2}$/.test(first + second)) throw invalid();
      return parseInt(first + second, 16);
    }
    // Nothing after the bracket is to RE2 no character of UTF-8.
    if (at >= input.length) throw fault("invalid UTF-8", 0, 0);
    let code: number | undefined;
    let digit = next();
    while (/^[0-9A-Fa-f]$/.test(digit)) {
      code = (code ?? 0) * 16 + parseInt(digit, 16);
      if (code > lastOfLatin1) throw invalid();
      digit = next();
    }
    if (digit !== "}" || code === undefined) throw invalid();
    return code;
  }

  /** Characters of a group; a negation leaves out what the case folding adds, too. */
  function charactersOf({ ranges, negated }: Group): readonly Range[] {
    const folded = has(flag.foldCase) ? upTo(ranges, lastOfLatin1).flatMap(foldAscii) : ranges;
    return negated ? complement(union(folded), lastOfUnicode) : folded;
  }

  /** `\pN` or `\p{Greek}`, or their negations; undefined for something else. */
  function unicodeClass(): readonly Range[] | undefined {
    const letter = character(at + 1);
    if (character(at) !== "\\" || (letter !== "p" && letter !== "P")) return undefined;
    const start = at;
    at += 2;
    let name = character(at);
    at += 1;
    if (name === "{") {
      const end = input.indexOf(0x7d, at);
      if (end < 0) throw fault("invalid character class range", start, input.length);
      name = textOf(at, end);
      at = end + 1;
    }
    const swapped = name.startsWith("^");
    const ranges = unicodeGroup(swapped ? name.slice(1) : name);
    if (ranges === undefined) throw fault("invalid character class range", start, Math.min(at, input.length));
    return charactersOf({ ranges, negated: (letter === "P") !== swapped });
  }

  /** `\d` and its like; undefined for something else. */
  function perlClass(): readonly Range[] | undefined {
    const group = character(at) === "\\" ? perlGroup(character(at + 1)) : undefined;
    if (group === undefined) return undefined;
    at += 2;
    return charactersOf(group);
  }

  /** `[:alpha:]` within a class; undefined for something else. */
  function posixClass(): readonly Range[] | undefined {
    if (!isNext("[:")) return undefined;
    const start = at;
    const rest = textOf(at, input.length);
    const end = rest.indexOf(":]", 2);
    if (end < 0) return undefined;
    const group = posixGroup(rest.slice(2, end));
    at += end + 2;
    if (group === undefined) throw fault("invalid character class range", start);
    return charactersOf(group);
  }

  function classCharacter(start: number): number {
    if (at >= input.length) throw fault("missing ]", start, input.length);
    if (isNext("\\")) return escaped();
    at += 1;
    return input[at - 1] ?? 0;
  }

  function characterClass(): void {
    const start = at;
    at += 1;
    const negated = isNext("^");
    if (negated) at += 1;
    const ranges: Range[] = [];
    for (let first = true; at < input.length && (first || !isNext("]")); first = false) {
      // What has only two characters left cannot be a group and its closing bracket.
      const group = at + 2 < input.length ? (posixClass() ?? unicodeClass() ?? perlClass()) : perlClass();
      if (group !== undefined) {
        ranges.push(...group);
        continue;
      }
      const from = at;
      const lo = classCharacter(start);
      let hi = lo;
      if (isNext("-") && at + 1 < input.length && character(at + 1) !== "]") {
        at += 1;
        hi = classCharacter(start);
        if (hi < lo) throw fault("invalid character class range", from);
      }
      ranges.push(...(has(flag.foldCase) ? foldAscii({ lo, hi }) : [{ lo, hi }]));
    }
    if (at >= input.length) throw fault("missing ]", start, input.length);
    at += 1;
    pushClass(negated ? complement(union(ranges), lastOfUnicode) : ranges);
  }

  /** `(?:`, `(?i)`, `(?i:`, `(?P<name>` or `(?<name>`. */
  function extension(): void {
    const start = at;
    const look = /^\(\?(?:[=!](?=.)|<[=!](?=.))/s.exec(textOf(at, Math.min(at + 5, input.length)))?.[0];
    if (look !== undefined) throw fault("invalid perl operator", start, start + look.length);
    const named = isNext("(?P<") && input.length - at > 4 ? 4 : isNext("(?<") && input.length - at > 3 ? 3 : undefined;
    if (named !== undefined) {
      const end = input.indexOf(0x3e, at + named);
      if (end < 0) throw fault("invalid named capture group", start, input.length);
      const name = textOf(at + named, end);
      at = end + 1;
      if (!isCaptureName(name)) throw fault("invalid named capture group", start);
      openBracket(name);
      return;
    }
    at += 2;
    const bits: Readonly<Record<string, number>> = {
      i: flag.foldCase,
      m: flag.oneLine,
      s: flag.dotAll,
      U: flag.nonGreedy,
    };
    let next = flags;
    let minus = false;
    let sawFlag = false;
    for (;;) {
      const letter = character(at);
      if (letter === "") throw fault("invalid perl operator", start);
      at += 1;
      const bit = bits[letter];
      if (bit !== undefined) {
        sawFlag = true;
        // `m` takes away what the bit says.
        next = minus === (letter === "m") ? next | bit : next & ~bit;
      } else if (letter === "-" && !minus) {
        minus = true;
        sawFlag = false;
      } else if (letter === ":" || letter === ")") {
        if (letter === ":") {
          depth += 1;
          push({ op: "bracket", flags });
        }
        break;
      } else throw fault("invalid perl operator", start);
    }
    if (minus && !sawFlag) throw fault("invalid perl operator", start);
    flags = next;
  }

  function backslash(): void {
    const letter = character(at + 1);
    const simple: Readonly<Record<string, Assertion | "anyByte">> = {
      b: "wordBoundary",
      B: "noWordBoundary",
      A: "beginText",
      z: "endText",
      C: "anyByte",
    };
    const op = simple[letter];
    if (op !== undefined) {
      at += 2;
      pushSimple(op);
    } else if (letter === "Q") {
      at += 2;
      while (at < input.length && !isNext("\\E")) {
        pushCharacter(input[at] ?? 0);
        at += 1;
      }
      if (at < input.length) at += 2;
    } else {
      const group = unicodeClass() ?? perlClass();
      if (group !== undefined) pushClass(group);
      else pushCharacter(escaped());
    }
  }

  let operatorAt: number | undefined;
  while (at < input.length) {
    if (depth > mostDepth) throw fault("pattern too large - compile failed", 0, 0);
    const start = at;
    const letter = character(at);
    const before = operatorAt;
    operatorAt = undefined;
    if (letter === "(") {
      if (isNext("(?")) extension();
      else {
        openBracket();
        at += 1;
      }
    } else if (letter === "|" || letter === ")") {
      at += 1;
      if (letter === "|") endAlternative();
      else closeBracket();
    } else if (letter === "^" || letter === "$") {
      at += 1;
      if (letter === "^") pushSimple(has(flag.oneLine) ? "beginText" : "beginLine");
      else if (has(flag.oneLine)) pushSimple("endText", flag.dollar);
      else pushSimple("endLine");
    } else if (letter === ".") {
      at += 1;
      if (has(flag.dotAll)) pushSimple("anyCharacter");
      else pushClass(complement([{ lo: 0x0a, hi: 0x0a }], lastOfUnicode));
    } else if (letter === "[") characterClass();
    else if (letter === "*" || letter === "+" || letter === "?" || (letter === "{" && startsCounts())) {
      repeatOperator(before);
      operatorAt = start;
    } else if (letter === "\\") backslash();
    else {
      at += 1;
      pushCharacter(input[start] ?? 0);
    }
  }
  endAlternatives();
  const [whole] = stack;
  if (whole === undefined || isMarker(whole) || stack.length > 1) throw fault("missing )", 0, 0);
  return whole;

  function startsCounts(): boolean {
    const start = at;
    const found = counts() !== undefined;
    at = start;
    return found;
  }
}

/** How often the innermost part may still be repeated, of so many times. */
function repeatsLeft(node: Node, times: number): number {
  let left = times;
  if (node.op === "repeat") {
    const most = node.max < 0 ? node.min : node.max;
    if (most > 0) left = Math.trunc(left / most);
  }
  if ("sub" in node) return Math.min(left, repeatsLeft(node.sub, left));
  return "subs" in node ? node.subs.reduce((least, sub) => Math.min(least, repeatsLeft(sub, left)), left) : left;
}

/** Names are letters, digits and connectors; bytes beyond ASCII are taken for the characters of Latin-1 that they would be. */
function isCaptureName(name: string): boolean {
  return /^[\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]+$/u.test(name);
}
