import { asksNeighbours, type Neighbour, neighbourOf, reach, type Reader, reads } from "./machine";
import { compilePattern, isPatternError, programOf } from "./pattern";

/**
 * A deterministic automaton that reads bytes. Those that {@link minimal} makes are the only ones of their language, state by state.
 * The start is state 0.
 */
export interface Automaton {
  /** Letter of every byte: bytes that no state tells apart are one. */
  readonly letterOf: Uint8Array;
  readonly letters: number;
  /** Next state by `state * letters + letter`; {@link nowhere} where no text of the language goes on. */
  readonly next: Int16Array;
  /** Whether texts may end in a state: 1 where they may. */
  readonly ends: Uint8Array;
}

export const nowhere = -1;

/** Bytes. */
const byteCount = 256;

/** States that an automaton may have. Beyond that the pattern is called too complex. */
const mostStates = 20_000;

/** A pattern whose automaton would be too large, such as `.*a.{30}`. */
export class TooComplexError extends Error {
  override readonly name = "TooComplexError";
}

/** No text at all. */
export const emptyAutomaton: Automaton = {
  letterOf: new Uint8Array(byteCount),
  letters: 1,
  next: Int16Array.of(nowhere),
  ends: Uint8Array.of(0),
};

const kinds = ["newline", "word", "other"] as const;

/**
 * The automaton of a pattern that matches whole texts, made from RE2's own program for it.
 *
 * @throws {TooComplexError}
 */
export function patternAutomaton(source: string): Automaton {
  if (isPatternError(compilePattern(source))) return emptyAutomaton;
  const program = programOf(source);
  // Without conditions on the neighbours all places are alike.
  const conditional = asksNeighbours(program);
  const readers = program.instructions.filter((instruction): instruction is Reader => instruction.op === "bytes");
  const { letterOf, samples } = lettersOf(readers, conditional);
  const lettersRead = ({ lo, hi, fold }: Reader, kind: Neighbour): readonly number[] => {
    const found: number[] = [];
    const [from, to] = fold ? [0, samples.length - 1] : [letterOf[lo] ?? 0, letterOf[hi] ?? 0];
    for (let letter = from; letter <= to; letter += 1) {
      const sample = samples[letter] ?? 0;
      if (fold && !reads({ op: "bytes", lo, hi, fold, out: 0 }, sample)) continue;
      if (!conditional || neighbourOf(sample) === kind) found.push(letter);
    }
    return found;
  };
  return constructed(`The pattern ${source}`, letterOf, samples.length, (numberOf) => {
    const places: { readonly from: readonly number[]; readonly before: Neighbour }[] = [];
    const placeAt = (from: readonly number[], before: Neighbour): number => {
      const number = numberOf(`${from.join()} ${before}`);
      if (number === places.length) places.push({ from, before });
      return number;
    };
    placeAt([program.start], conditional ? "edge" : "other");
    return (state) => {
      const { from, before } = places[state] ?? { from: [], before: "edge" };
      const outs = samples.map((): number[] => []);
      for (const after of conditional ? kinds : (["other"] as const)) {
        for (const reader of reach(program, from, before, after).readers) {
          for (const letter of lettersRead(reader, after)) outs[letter]?.push(reader.out);
        }
      }
      return {
        isEnd: reach(program, from, before, "edge").matches,
        to: (letter) => {
          const out = outs[letter] ?? [];
          if (out.length === 0) return nowhere;
          const all = out.length === 1 ? out : [...new Set(out)].sort((a, b) => a - b);
          return placeAt(all, conditional ? neighbourOf(samples[letter] ?? 0) : "other");
        },
      };
    };
  });
}

/** Bytes that readers, and conditions on neighbours, tell apart: runs of them, and the first of each. */
function lettersOf(
  readers: readonly Reader[],
  conditional: boolean,
): { readonly letterOf: Uint8Array; readonly samples: readonly number[] } {
  const cuts = new Set([0]);
  for (const { lo, hi, fold } of readers) {
    for (const cut of [lo, hi + 1]) {
      cuts.add(cut);
      if (fold && cut > 0x61 && cut <= 0x7a) cuts.add(cut - 0x20);
    }
    if (fold) cuts.add(0x41).add(0x5b);
  }
  if (conditional) for (const cut of [0x0a, 0x0b, 0x30, 0x3a, 0x41, 0x5b, 0x5f, 0x60, 0x61, 0x7b]) cuts.add(cut);
  const letterOf = new Uint8Array(byteCount);
  const samples: number[] = [];
  for (let byte = 0; byte < byteCount; byte += 1) {
    if (cuts.has(byte)) samples.push(byte);
    letterOf[byte] = samples.length - 1;
  }
  return { letterOf, samples };
}

/** Texts that both automata have, or that only the first has. @throws {TooComplexError} */
export function product(a: Automaton, b: Automaton, which: "both" | "first only", what: string): Automaton {
  const pairs = new Map<number, number>();
  const ofA: number[] = [];
  const ofB: number[] = [];
  const letterOf = new Uint8Array(byteCount);
  for (let byte = 0; byte < byteCount; byte += 1) {
    const [one = 0, other = 0] = [a.letterOf[byte], b.letterOf[byte]];
    const key = one * byteCount + other;
    let letter = pairs.get(key);
    if (letter === undefined) {
      pairs.set(key, (letter = ofA.length));
      ofA.push(one);
      ofB.push(other);
    }
    letterOf[byte] = letter;
  }
  return constructed(what, letterOf, ofA.length, (numberOf) => {
    const places: { readonly one: number; readonly other: number }[] = [];
    const placeAt = (one: number, other: number): number => {
      const number = numberOf(one * mostStates + other + 1);
      if (number === places.length) places.push({ one, other });
      return number;
    };
    placeAt(0, 0);
    return (state) => {
      const { one, other } = places[state] ?? { one: nowhere, other: nowhere };
      const isOther = b.ends[other] === 1;
      return {
        isEnd: a.ends[one] === 1 && isOther === (which === "both"),
        to: (letter) => {
          const next = a.next[one * a.letters + (ofA[letter] ?? 0)] ?? nowhere;
          const also = other === nowhere ? nowhere : (b.next[other * b.letters + (ofB[letter] ?? 0)] ?? nowhere);
          return next === nowhere || (also === nowhere && which === "both") ? nowhere : placeAt(next, also);
        },
      };
    };
  });
}

/** Whether a text is one of the automaton's. */
export function accepts({ letterOf, letters, next, ends }: Automaton, bytes: Uint8Array): boolean {
  return ends[stateAfter({ letterOf, letters, next, ends }, bytes)] === 1;
}

/** The state in which an automaton is after some bytes, or {@link nowhere}. */
function stateAfter({ letterOf, letters, next }: Automaton, bytes: Uint8Array): number {
  let state = 0;
  for (const byte of bytes) {
    if (state === nowhere) return nowhere;
    state = next[state * letters + (letterOf[byte] ?? 0)] ?? nowhere;
  }
  return state;
}

/**
 * The texts that are an automaton's once their first bytes, so many of any kind, are replaced.
 *
 * @param forNothing what counts in the place of a text of which nothing would be left.
 */
export function beforeReplacing(after: Automaton, replaced: number, by: Uint8Array, forNothing: Uint8Array): Automaton {
  const { letterOf, letters, next, ends } = after;
  const behind = stateAfter(after, by);
  if (behind === nowhere) return emptyAutomaton;
  // A state for each byte that goes, one where the others begin, and those of the automaton.
  const own = replaced + 1;
  const steps = new Int16Array((own + ends.length) * letters);
  for (let state = 0; state < replaced; state += 1) steps.fill(state + 1, state * letters, (state + 1) * letters);
  const stepOf = (place: number): number => {
    const to = next[place] ?? nowhere;
    return to === nowhere ? nowhere : to + own;
  };
  for (let letter = 0; letter < letters; letter += 1)
    steps[replaced * letters + letter] = stepOf(behind * letters + letter);
  for (let place = 0; place < next.length; place += 1) steps[own * letters + place] = stepOf(place);
  const isEnd = new Uint8Array(own + ends.length);
  isEnd.set(ends, own);
  isEnd[replaced] = by.length > 0 ? (ends[behind] ?? 0) : accepts(after, forNothing) ? 1 : 0;
  return minimal({ letterOf, letters, next: steps, ends: isEnd });
}

/** What can be done in a state. */
interface Steps {
  readonly isEnd: boolean;
  /** The next state, or {@link nowhere}. */
  to(this: void, letter: number): number;
}

/**
 * Builds the states that the start leads to.
 *
 * @param begin is given a function that numbers new states by a key, and numbers the start first; tells what can be done in a state.
 */
function constructed<K>(
  what: string,
  letterOf: Uint8Array,
  letters: number,
  begin: (numberOf: (key: K) => number) => (state: number) => Steps,
): Automaton {
  const numbers = new Map<K, number>();
  const stepsOf = begin((key) => {
    let number = numbers.get(key);
    if (number === undefined) {
      if (numbers.size >= mostStates) throw new TooComplexError(`${what} is too complex to analyse.`);
      numbers.set(key, (number = numbers.size));
    }
    return number;
  });
  const next: number[] = [];
  const ends: number[] = [];
  for (let state = 0; state < numbers.size; state += 1) {
    const { isEnd, to } = stepsOf(state);
    ends.push(isEnd ? 1 : 0);
    for (let letter = 0; letter < letters; letter += 1) next.push(to(letter));
  }
  return minimal({ letterOf, letters, next: Int16Array.from(next), ends: Uint8Array.from(ends) });
}

/** Letters to the nearest end of a text, by state; -1 where there is none. */
export function distancesToEnd(automaton: Automaton): Int16Array {
  const { ends } = automaton;
  return distances(
    automaton,
    [...ends.keys()].filter((state) => ends[state] === 1),
    [],
  );
}

/** Letters to the nearest text that the automaton does not have, by state; -1 where it has all. */
function distancesToOthers(automaton: Automaton): Int16Array {
  const { letters, next, ends } = automaton;
  const states = [...ends.keys()];
  const leadsNowhere = (state: number): boolean =>
    next.subarray(state * letters, (state + 1) * letters).includes(nowhere);
  return distances(
    automaton,
    states.filter((state) => ends[state] === 0),
    states.filter((state) => ends[state] === 1 && leadsNowhere(state)),
  );
}

/** Letters to the nearest of some states, where others are known to be one letter away from what is looked for. */
function distances({ letters, next, ends }: Automaton, at: readonly number[], beside: readonly number[]): Int16Array {
  // Steps into each state as linked lists of places in the table: lists of objects take most of the time of all.
  const first = new Int32Array(ends.length).fill(-1);
  const following = new Int32Array(next.length);
  for (let place = 0; place < next.length; place += 1) {
    const to = next[place] ?? nowhere;
    if (to === nowhere || (place % letters > 0 && next[place - 1] === to)) continue;
    following[place] = first[to] ?? -1;
    first[to] = place;
  }
  const distance = new Int16Array(ends.length).fill(-1);
  for (const state of at) distance[state] = 0;
  for (const state of beside) distance[state] = 1;
  // The order of the two kinds in it is that of their distance.
  const queue = [...at, ...beside];
  for (const state of queue) {
    for (let place = first[state] ?? -1; place !== -1; place = following[place] ?? -1) {
      const earlier = Math.floor(place / letters);
      if (distance[earlier] !== -1) continue;
      distance[earlier] = (distance[state] ?? 0) + 1;
      queue.push(earlier);
    }
  }
  return distance;
}

/** The one smallest automaton of the same language, its states and letters numbered in the order in which texts come to them. */
function minimal(automaton: Automaton): Automaton {
  const { letterOf, letters, next } = automaton;
  const distance = distancesToEnd(automaton);
  if (distance[0] === -1) return emptyAutomaton;
  const block = blocksOf(automaton, distance);
  const rows = new Map<number, number>();
  const members: number[] = [];
  const numberOf = (state: number): number => {
    const own = block[state] ?? nowhere;
    if (own === nowhere) return nowhere;
    let number = rows.get(own);
    if (number === undefined) {
      rows.set(own, (number = members.length));
      members.push(state);
    }
    return number;
  };
  numberOf(0);
  const columns: number[][] = Array.from({ length: letters }, () => []);
  for (const member of members) {
    for (let letter = 0; letter < letters; letter += 1) {
      const to = next[member * letters + letter] ?? nowhere;
      columns[letter]?.push(to === nowhere ? nowhere : numberOf(to));
    }
  }
  const merged = new Map<string, number>();
  const kept: number[][] = [];
  const newLetter = columns.map((column) => {
    const key = column.join();
    let letter = merged.get(key);
    if (letter === undefined) {
      merged.set(key, (letter = kept.length));
      kept.push(column);
    }
    return letter;
  });
  const small = new Int16Array(members.length * kept.length);
  kept.forEach((column, letter) => {
    column.forEach((to, state) => {
      small[state * kept.length + letter] = to;
    });
  });
  return {
    letterOf: letterOf.map((letter) => newLetter[letter] ?? 0),
    letters: kept.length,
    next: small,
    ends: Uint8Array.from(members, (member) => automaton.ends[member] ?? 0),
  };
}

/**
 * States that accept the same, by number; {@link nowhere} for those that accept nothing. Moore's refinement, which begins with states that
 * are as far from an end and as far from a text that is not of the language: of long texts that leaves little to refine.
 */
function blocksOf(automaton: Automaton, toEnd: Int16Array): Int16Array {
  const { letters, next } = automaton;
  const toOthers = distancesToOthers(automaton);
  const far = (state: number): number => (toEnd[state] ?? 0) * mostStates + (toOthers[state] ?? 0);
  let block = numbered(toEnd, far);
  for (let count = new Set(block).size; ;) {
    const sizes = new Map<number, number>();
    for (const one of block) sizes.set(one, (sizes.get(one) ?? 0) + 1);
    const known = block;
    const refined = numbered(toEnd, (state) => {
      const own = known[state] ?? nowhere;
      if (sizes.get(own) === 1) return own;
      const row: number[] = [own];
      for (let letter = 0; letter < letters; letter += 1) {
        const to = next[state * letters + letter] ?? nowhere;
        row.push(to === nowhere ? nowhere : (known[to] ?? nowhere));
      }
      return row.join();
    });
    const found = new Set(refined).size;
    if (found === count) return refined;
    block = refined;
    count = found;
  }
}

/** Numbers for the states that lead to an end, equal for equal keys. */
function numbered(toEnd: Int16Array, keyOf: (state: number) => number | string): Int16Array {
  const numbers = new Map<number | string, number>();
  return toEnd.map((distance, state) => {
    if (distance === -1) return nowhere;
    const key = keyOf(state);
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    return number;
  });
}
