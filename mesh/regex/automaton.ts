import { CharSet, DFA, NFA, TooManyNodesError } from "refa";
import { RE2JS } from "re2js";
import { compilePattern, isPatternError } from "./pattern";

/** Characters of paths and header values: HTTP lets no others through a sidecar. */
const maxCharacter = 0x7f;
const newline = 0x0a;

/** States that an automaton may have. Beyond that the pattern is called too complex. */
const mostStates = 20_000;

/** A pattern whose automaton would be too large, such as `.*a.{30}`. */
export class TooComplexError extends Error {
  override readonly name = "TooComplexError";
}

/** RE2's instruction codes, as re2js numbers them. */
const opcode = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  fail: 5,
  match: 6,
  nop: 7,
  firstRune: 8,
  lastRune: 11,
} as const;

/** RE2's empty-width conditions, as bits of an instruction's argument. */
const condition = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, wordBoundary: 16, noWordBoundary: 32 } as const;

/** What stands left or right of a place in the text. */
type Neighbour = "edge" | "newline" | "word" | "other";

interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly characters: CharSet;
}

/** An instruction to go on from, and the character before it. */
interface State {
  readonly at: number;
  readonly before: Neighbour;
}

const wordCharacters = CharSet.empty(maxCharacter).union([
  { min: 0x30, max: 0x39 },
  { min: 0x41, max: 0x5a },
  { min: 0x5f, max: 0x5f },
  { min: 0x61, max: 0x7a },
]);
const newlineCharacters = CharSet.empty(maxCharacter).union([{ min: newline, max: newline }]);
const classes: readonly (readonly [Exclude<Neighbour, "edge">, CharSet])[] = [
  ["newline", newlineCharacters],
  ["word", wordCharacters],
  ["other", wordCharacters.union(newlineCharacters).negate()],
];

/**
 * The automaton of a pattern that matches whole ASCII texts, made from RE2's own program for it, so that no second parser
 * has to agree with RE2's.
 *
 * @throws {TooComplexError}
 */
export function patternAutomaton(source: string): NFA {
  const pattern = compilePattern(source);
  if (isPatternError(pattern)) return NFA.empty({ maxCharacter });
  const { instructions, start } = readProgram(RE2JS.compile(source));
  // Without conditions on the neighbours all places are alike.
  const conditional = instructions.some(({ op }) => op === opcode.emptyWidth);
  const states = new Map<string, State>();
  const stateAt = (at: number, before: Neighbour): State => {
    const key = `${String(at)}${conditional ? before : ""}`;
    let state = states.get(key);
    if (state === undefined) states.set(key, (state = { at, before: conditional ? before : "other" }));
    return state;
  };
  const kinds = conditional ? classes : ([["other", CharSet.all(maxCharacter)]] as const);
  try {
    return NFA.fromTransitionIterator(
      {
        initial: stateAt(start, "edge"),
        isFinal: ({ at, before }) =>
          reachable(instructions, at, before, "edge").some((index) => instructions[index]?.op === opcode.match),
        getOut: ({ at, before }) => {
          const out = new Map<State, CharSet>();
          for (const [after, characters] of kinds) {
            for (const index of reachable(instructions, at, before, after)) {
              const instruction = instructions[index];
              if (instruction === undefined || !isRune(instruction.op)) continue;
              const via = instruction.characters.intersect(characters);
              if (via.isEmpty) continue;
              const next = stateAt(instruction.out, after);
              out.set(next, out.get(next)?.union(via) ?? via);
            }
          }
          return out;
        },
      },
      { maxCharacter },
      new NFA.LimitedNodeFactory(mostStates),
    );
  } catch (error) {
    if (error instanceof TooManyNodesError)
      throw new TooComplexError(`The pattern ${source} is too complex to analyse.`);
    throw error;
  }
}

/**
 * A minimal deterministic automaton.
 *
 * @throws {TooComplexError}
 */
export function determinize(automaton: NFA, what: string): DFA {
  return limited(what, (factory) => {
    const result = DFA.fromFA(automaton, factory);
    result.minimize();
    return result;
  });
}

/** Runs a construction under the limit of states. */
export function limited(what: string, make: (factory: DFA.LimitedNodeFactory) => DFA): DFA {
  try {
    return make(new DFA.LimitedNodeFactory(mostStates));
  } catch (error) {
    if (error instanceof TooManyNodesError) throw new TooComplexError(`${what} is too complex to analyse.`);
    throw error;
  }
}

function isRune(op: number): boolean {
  return op >= opcode.firstRune && op <= opcode.lastRune;
}

/** Instructions that are reached without reading a character. */
function reachable(
  instructions: readonly Instruction[],
  start: number,
  before: Neighbour,
  after: Neighbour,
): readonly number[] {
  const seen = new Set<number>();
  const found: number[] = [];
  const stack = [start];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const instruction = instructions[at];
    if (instruction === undefined || seen.has(at)) continue;
    seen.add(at);
    const { op, out, arg } = instruction;
    if (op === opcode.alt || op === opcode.altMatch) stack.push(out, arg);
    else if (op === opcode.capture || op === opcode.nop) stack.push(out);
    else if (op === opcode.emptyWidth) {
      if (holds(arg, before, after)) stack.push(out);
    } else if (op !== opcode.fail) found.push(at);
  }
  return found;
}

function holds(wanted: number, before: Neighbour, after: Neighbour): boolean {
  const boundary = (before === "word") !== (after === "word");
  const all =
    (before === "edge" ? condition.beginText | condition.beginLine : 0) |
    (before === "newline" ? condition.beginLine : 0) |
    (after === "edge" ? condition.endText | condition.endLine : 0) |
    (after === "newline" ? condition.endLine : 0) |
    (boundary ? condition.wordBoundary : condition.noWordBoundary);
  return (wanted & ~all) === 0;
}

/** re2js gives its program without types: this reads it and refuses what it does not know. */
function readProgram(compiled: RE2JS): { readonly instructions: readonly Instruction[]; readonly start: number } {
  const program: unknown = compiled.re2().prog;
  const list: unknown = field(program, "inst");
  const start = numberField(program, "start");
  if (!Array.isArray(list)) throw new TypeError("re2js gave a program without instructions.");
  return {
    start,
    instructions: list.map((item: unknown) => {
      const op = numberField(item, "op");
      if (op < opcode.alt || op > opcode.lastRune)
        throw new TypeError(`re2js gave the unknown instruction ${String(op)}.`);
      return {
        op,
        out: numberField(item, "out"),
        arg: numberField(item, "arg"),
        characters: isRune(op) ? charactersOf(item) : CharSet.empty(maxCharacter),
      };
    }),
  };
}

function charactersOf(instruction: unknown): CharSet {
  const matchRune: unknown = field(instruction, "matchRune");
  if (typeof matchRune !== "function") throw new TypeError("re2js gave an instruction without a test.");
  const ranges: { min: number; max: number }[] = [];
  for (let code = 0; code <= maxCharacter; code += 1) {
    if (matchRune.call(instruction, code) !== true) continue;
    const last = ranges.at(-1);
    if (last?.max === code - 1) last.max = code;
    else ranges.push({ min: code, max: code });
  }
  return CharSet.empty(maxCharacter).union(ranges);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function numberField(value: unknown, name: string): number {
  const found = field(value, name);
  if (typeof found !== "number") throw new TypeError(`re2js gave a program without ${name}.`);
  return found;
}
