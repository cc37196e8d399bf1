import { CharSet, DFA, NFA, TooManyNodesError } from "refa";
import { asksNeighbours, type Neighbour, neighbourOf, reach, type Reader, reads } from "./machine";
import { compilePattern, isPatternError, programOf } from "./pattern";

/** Automata read bytes. */
const maxCharacter = 0xff;

/** States that an automaton may have. Beyond that the pattern is called too complex. */
const mostStates = 20_000;

/** A pattern whose automaton would be too large, such as `.*a.{30}`. */
export class TooComplexError extends Error {
  override readonly name = "TooComplexError";
}

/** An instruction to go on from, and what was read before it. */
interface State {
  readonly at: number;
  readonly before: Neighbour;
}

const everything = CharSet.all(maxCharacter);

/** All bytes by what they are to their neighbours. */
const classes = (["newline", "word", "other"] as const).map(
  (kind) => [kind, bytesThat((byte) => neighbourOf(byte) === kind)] as const,
);

/**
 * The automaton of a pattern that matches whole texts, made from RE2's own program for it.
 *
 * @throws {TooComplexError}
 */
export function patternAutomaton(source: string): NFA {
  if (isPatternError(compilePattern(source))) return NFA.empty({ maxCharacter });
  const program = programOf(source);
  // Without conditions on the neighbours all places are alike.
  const conditional = asksNeighbours(program);
  const states = new Map<string, State>();
  const stateAt = (at: number, before: Neighbour): State => {
    const key = `${String(at)}${conditional ? before : ""}`;
    let state = states.get(key);
    if (state === undefined) states.set(key, (state = { at, before: conditional ? before : "other" }));
    return state;
  };
  const kinds = conditional ? classes : ([["other", everything]] as const);
  try {
    return NFA.fromTransitionIterator(
      {
        initial: stateAt(program.start, "edge"),
        isFinal: ({ at, before }) => reach(program, [at], before, "edge").matches,
        getOut: ({ at, before }) => {
          const out = new Map<State, CharSet>();
          for (const [after, characters] of kinds) {
            for (const reader of reach(program, [at], before, after).readers) {
              const via = charactersOf(reader).intersect(characters);
              if (via.isEmpty) continue;
              const next = stateAt(reader.out, after);
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

function charactersOf(reader: Reader): CharSet {
  return reader.fold
    ? bytesThat((byte) => reads(reader, byte))
    : CharSet.empty(maxCharacter).union([{ min: reader.lo, max: reader.hi }]);
}

function bytesThat(is: (byte: number) => boolean): CharSet {
  const all = Array.from({ length: maxCharacter + 1 }, (_, byte) => byte).filter(is);
  return CharSet.empty(maxCharacter).union(all.map((byte) => ({ min: byte, max: byte })));
}
