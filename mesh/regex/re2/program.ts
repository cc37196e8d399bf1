import { type Assertion, flag, type Node } from "./node";
import { lastOfLatin1 } from "./groups";
import { foldsAscii, isUpper, type Ranges } from "./ranges";

/** One step of a machine that reads bytes. `out` is the index of the next. */
export type Instruction =
  | { readonly op: "fail" | "match" }
  | { readonly op: "nop" | "capture"; out: number }
  | { readonly op: "assert"; readonly assertion: Assertion; out: number }
  /** A byte between two; with fold, an upper-case letter is taken for its lower-case one first. */
  | { readonly op: "bytes"; readonly lo: number; readonly hi: number; readonly fold: boolean; out: number }
  /** Two ways, the better first; loop marks a repetition of any byte up to the end, which RE2 has a name of its own for. */
  | { readonly op: "split"; out: number; other: number; loop: boolean };

export interface Program {
  readonly instructions: readonly Instruction[];
  /** Where a match at the beginning of the text starts. */
  readonly start: number;
  /** Where a match anywhere in the text starts. */
  readonly anywhere: number;
}

/** What `RE2::Options::max_mem` leaves for a program, in instructions. */
const mostInstructions = 690_000;

/** A pattern whose program would have too many instructions for RE2 itself. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/** An end that still has to be led somewhere: an instruction, and which of its ways. */
interface End {
  readonly at: number;
  readonly way: "out" | "other";
}

/** A piece of program. One that begins at the instruction that fails cannot match. */
interface Piece {
  readonly begin: number;
  readonly ends: readonly End[];
  readonly nullable: boolean;
}

const impossible: Piece = { begin: 0, ends: [], nullable: false };

/**
 * The program that RE2 compiles a simplified pattern to, before it is flattened.
 *
 * @throws {TooLargeError}
 */
export function compile(pattern: Node): Program {
  const instructions: Instruction[] = [{ op: "fail" }];

  function add(instruction: Instruction): number {
    if (instructions.length >= mostInstructions) throw new TooLargeError("pattern too large - compile failed");
    instructions.push(instruction);
    return instructions.length - 1;
  }

  function lead(ends: readonly End[], to: number): void {
    for (const { at, way } of ends) {
      const instruction = instructions[at];
      if (instruction === undefined || !("out" in instruction)) continue;
      if (way === "other" && instruction.op === "split") instruction.other = to;
      else instruction.out = to;
    }
  }

  /** A piece of one instruction that leads on by its `out`. */
  function single(instruction: Instruction, nullable: boolean): Piece {
    const at = add(instruction);
    return { begin: at, ends: [{ at, way: "out" }], nullable };
  }

  function bytes(lo: number, hi: number, fold: boolean): Piece {
    return single({ op: "bytes", lo, hi, fold, out: 0 }, false);
  }

  function followed(a: Piece, b: Piece): Piece {
    if (a.begin === 0 || b.begin === 0) return impossible;
    lead(a.ends, b.begin);
    // An instruction that does nothing is left out where it stands first.
    if (instructions[a.begin]?.op === "nop" && a.ends.length === 1 && a.ends[0]?.at === a.begin) return b;
    return { begin: a.begin, ends: b.ends, nullable: a.nullable && b.nullable };
  }

  function either(a: Piece, b: Piece): Piece {
    if (a.begin === 0) return b;
    if (b.begin === 0) return a;
    const begin = add({ op: "split", out: a.begin, other: b.begin, loop: false });
    return { begin, ends: [...a.ends, ...b.ends], nullable: a.nullable || b.nullable };
  }

  /** A choice between a piece and going on, the better way first. */
  function choice(begin: number, nonGreedy: boolean): { readonly at: number; readonly end: End } {
    const [out, other] = nonGreedy ? [0, begin] : [begin, 0];
    const at = add({ op: "split", out, other, loop: false });
    return { at, end: { at, way: nonGreedy ? "out" : "other" } };
  }

  function optional(a: Piece, nonGreedy: boolean): Piece {
    if (a.begin === 0) return single({ op: "nop", out: 0 }, true);
    const { at, end } = choice(a.begin, nonGreedy);
    return { begin: at, ends: [end, ...a.ends], nullable: true };
  }

  function oneOrMore(a: Piece, nonGreedy: boolean): Piece {
    const { at, end } = choice(a.begin, nonGreedy);
    lead(a.ends, at);
    return { begin: a.begin, ends: [end], nullable: a.nullable };
  }

  function anyNumber(a: Piece, nonGreedy: boolean): Piece {
    // What may be empty needs two choices, so that the better way comes first in all of them.
    if (a.nullable) return optional(oneOrMore(a, nonGreedy), nonGreedy);
    const { at, end } = choice(a.begin, nonGreedy);
    lead(a.ends, at);
    return { begin: at, ends: [end], nullable: true };
  }

  function oneOf(ranges: Ranges): Piece {
    // One instruction for a letter in both cases.
    const folds = foldsAscii(ranges);
    let piece: Piece | undefined;
    for (const { lo, hi } of ranges) {
      if (lo > lastOfLatin1) break;
      if (folds && isUpper(lo) && isUpper(hi)) continue;
      const apart = (lo <= 0x41 && hi >= 0x7a) || hi < 0x41 || lo > 0x7a || (lo > 0x5a && hi < 0x61);
      const next = bytes(lo, Math.min(hi, lastOfLatin1), folds && !apart);
      piece = piece === undefined ? next : either(piece, next);
    }
    return piece ?? impossible;
  }

  function walk(node: Node): Piece {
    const nonGreedy = (node.flags & flag.nonGreedy) !== 0;
    switch (node.op) {
      case "nothing":
        return impossible;
      case "empty":
        return single({ op: "nop", out: 0 }, true);
      case "literal": {
        const fold = (node.flags & flag.foldCase) !== 0;
        return node.text.map((character) => bytes(character, character, fold)).reduce(followed);
      }
      case "anyByte":
      case "anyCharacter":
        return bytes(0, lastOfLatin1, false);
      case "class":
        return oneOf(node.ranges);
      case "star":
        return anyNumber(walk(node.sub), nonGreedy);
      case "plus":
        return oneOrMore(walk(node.sub), nonGreedy);
      case "quest":
        return optional(walk(node.sub), nonGreedy);
      case "capture": {
        const inner = walk(node.sub);
        if (inner.begin === 0) return impossible;
        const begin = add({ op: "capture", out: inner.begin });
        const close = single({ op: "capture", out: 0 }, true);
        lead(inner.ends, close.begin);
        return { begin, ends: close.ends, nullable: inner.nullable };
      }
      case "concat":
        return node.subs.map(walk).reduce(followed);
      case "alternate":
        return node.subs.map(walk).reduce(either);
      case "repeat":
        throw new TypeError("A pattern is simplified before it is compiled.");
      default:
        return single({ op: "assert", assertion: node.op, out: 0 }, true);
    }
  }

  const begun = withoutAssertion(pattern, "beginText", 0);
  const ended = withoutAssertion(begun ?? pattern, "endText", 0);
  const match: Piece = { begin: 0, ends: [], nullable: false };
  const body = walk(ended ?? begun ?? pattern);
  const whole = followed(body, { ...match, begin: add({ op: "match" }) });
  const anywhere = begun === undefined ? followed(anyNumber(bytes(0, 0xff, false), true), whole) : whole;
  // Without a possible match RE2 keeps the one instruction that fails.
  if (whole.begin === 0) instructions.length = 1;
  const program = { instructions, start: whole.begin, anywhere: anywhere.begin };
  optimize(program);
  return program;
}

/**
 * The pattern without an assertion that it begins with, or ends with; undefined where it does not. RE2 looks through so many
 * brackets and no more.
 */
function withoutAssertion(node: Node, assertion: "beginText" | "endText", depth: number): Node | undefined {
  if (depth >= 4) return undefined;
  if (node.op === assertion) return { op: "empty", flags: node.flags };
  if (node.op === "capture") {
    const sub = withoutAssertion(node.sub, assertion, depth + 1);
    return sub && { ...node, sub };
  }
  if (node.op !== "concat") return undefined;
  const index = assertion === "beginText" ? 0 : node.subs.length - 1;
  const part = node.subs[index];
  const rest = part && withoutAssertion(part, assertion, depth + 1);
  return rest && { ...node, subs: node.subs.with(index, rest) };
}

/** Takes out instructions that do nothing, and marks those that read all that is left of a text. */
function optimize({ instructions, start }: Program): void {
  const at = (index: number): Instruction => instructions[index] ?? { op: "fail" };
  const past = (index: number): number => {
    let to = index;
    for (let next = at(to); next.op === "nop"; next = at(to)) to = next.out;
    return to;
  };
  const reached = new Set(start === 0 ? [] : [start]);
  const reach = (index: number): void => {
    if (index !== 0) reached.add(index);
  };
  for (const index of reached) {
    const instruction = at(index);
    if (!("out" in instruction)) continue;
    instruction.out = past(instruction.out);
    reach(instruction.out);
    if (instruction.op !== "split") continue;
    instruction.other = past(instruction.other);
    reach(instruction.other);
  }
  const readsAll = (index: number, back: number): boolean => {
    const one = at(index);
    return one.op === "bytes" && one.out === back && one.lo === 0 && one.hi === 0xff;
  };
  const matches = (index: number): boolean => {
    let one = at(index);
    while (one.op === "capture" || one.op === "nop") one = at(one.out);
    return one.op === "match";
  };
  for (const index of reached) {
    const one = at(index);
    if (one.op !== "split") continue;
    one.loop = (readsAll(one.out, index) && matches(one.other)) || (matches(one.out) && readsAll(one.other, index));
  }
}
