import { type Instruction, type Program } from "./re2";
import { type Assertion } from "./re2/node";

/** What stands left or right of a place in a text. */
export type Neighbour = "edge" | "newline" | "word" | "other";

/** Instructions that read a byte. */
export type Reader = Extract<Instruction, { readonly op: "bytes" }>;

export function neighbourOf(byte: number): Exclude<Neighbour, "edge"> {
  if (byte === 0x0a) return "newline";
  const isWord =
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || (byte >= 0x61 && byte <= 0x7a);
  return isWord ? "word" : "other";
}

export function reads({ lo, hi, fold }: Reader, byte: number): boolean {
  const folded = fold && byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
  return lo <= folded && folded <= hi;
}

/** What can be done at a place of the text without reading: bytes that can be read next, and whether it may end here. */
export interface Reached {
  readonly readers: readonly Reader[];
  readonly matches: boolean;
}

/** What is reached from some instructions between two neighbours. */
export function reach(
  { instructions }: Program,
  from: readonly number[],
  before: Neighbour,
  after: Neighbour,
): Reached {
  const seen = new Set<number>();
  const readers: Reader[] = [];
  let matches = false;
  const stack = [...from];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const instruction = instructions[at];
    if (instruction === undefined || seen.has(at)) continue;
    seen.add(at);
    switch (instruction.op) {
      case "split":
        stack.push(instruction.out, instruction.other);
        break;
      case "capture":
      case "nop":
        stack.push(instruction.out);
        break;
      case "assert":
        if (holds(instruction.assertion, before, after)) stack.push(instruction.out);
        break;
      case "bytes":
        readers.push(instruction);
        break;
      case "match":
        matches = true;
        break;
      case "fail":
        break;
    }
  }
  return { readers, matches };
}

function holds(assertion: Assertion, before: Neighbour, after: Neighbour): boolean {
  switch (assertion) {
    case "beginText":
      return before === "edge";
    case "endText":
      return after === "edge";
    case "beginLine":
      return before === "edge" || before === "newline";
    case "endLine":
      return after === "edge" || after === "newline";
    case "wordBoundary":
      return (before === "word") !== (after === "word");
    case "noWordBoundary":
      return (before === "word") === (after === "word");
  }
}

/** Whether a program asks for what stands beside a place. */
export function asksNeighbours({ instructions }: Program): boolean {
  return instructions.some(({ op }) => op === "assert");
}

interface State {
  readonly from: readonly number[];
  readonly before: Neighbour;
  readonly next: Map<number, State>;
  ends?: boolean;
}

/** States that a matcher remembers. */
const mostStates = 1000;

/** Tells whether a program matches whole texts, and remembers the ways that it went. */
export function matcher(program: Program): (bytes: readonly number[]) => boolean {
  const asks = asksNeighbours(program);
  const states = new Map<string, State>();
  const stateOf = (from: readonly number[], before: Neighbour): State => {
    const key = `${from.join()} ${before}`;
    let state = states.get(key);
    if (state === undefined) {
      if (states.size >= mostStates) states.clear();
      states.set(key, (state = { from, before, next: new Map() }));
    }
    return state;
  };
  const step = (state: State, byte: number): State => {
    let next = state.next.get(byte);
    if (next === undefined) {
      const after = asks ? neighbourOf(byte) : "other";
      const { readers } = reach(program, state.from, state.before, after);
      const outs = new Set(readers.filter((reader) => reads(reader, byte)).map(({ out }) => out));
      next = stateOf(
        [...outs].sort((a, b) => a - b),
        after,
      );
      state.next.set(byte, next);
    }
    return next;
  };
  return (bytes) => {
    let state = stateOf([program.start], "edge");
    for (const byte of bytes) {
      state = step(state, byte);
      if (state.from.length === 0) return false;
    }
    return (state.ends ??= reach(program, state.from, state.before, "edge").matches);
  };
}
