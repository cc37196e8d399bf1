import { reachOf, type Table } from "./table";

/**
 * What of a language its texts' ends tell. A language is _definite_ where some k exists so that the last k letters of every longer
 * text decide; _generalised definite_ where the first k and the last k do. Those are the finite Boolean combinations of exact
 * texts, prefixes and suffixes (Brzozowski; Ginzburg: their syntactic semigroups are locally trivial).
 */
export interface Definiteness {
  /** Whether what follows a state is definite. */
  isDefinite(state: number): boolean;
  /** Whether a state leads back to itself. */
  onCycle(state: number): boolean;
  /** Two texts that begin and end alike at any length, of which the language has one; undefined where it is generalised definite. */
  readonly pumped: Pumped | undefined;
}

/** Two texts of a language that is not generalised definite, as classes of letters. */
export interface Pumped {
  /** One that the language has. */
  readonly inside: readonly number[];
  /** One that it has not. */
  readonly outside: readonly number[];
}

/** States that are compared pair by pair at most. */
export const mostStates = 250;

/** Tells what the ends of texts decide. @param table has at most {@link mostStates} states. */
export function definitenessOf(table: Table): Definiteness {
  const { next } = table;
  const count = next.length;
  const reach = next.map((_, state) => new Set(reachOf(table, state)));
  const cyclic = next.map((row, state) => row.some((to) => reach[to]?.has(state) === true));
  const split = splitForEver(table);
  const definite = next.map((_, state) => {
    const states = [...(reach[state] ?? [])];
    return states.every((one, at) => states.slice(at + 1).every((other) => !split.has(pairKey(one, other, count))));
  });
  const bad = reachOf(table, table.start).find((state) => cyclic[state] === true && definite[state] === false);
  return {
    isDefinite: (state) => definite[state] === true,
    onCycle: (state) => cyclic[state] === true,
    get pumped() {
      return bad === undefined ? undefined : pumpedThrough(table, bad, split);
    },
  };
}

function pairKey(a: number, b: number, count: number): number {
  return Math.min(a, b) * count + Math.max(a, b);
}

/** Pairs of states that some text of any length keeps apart: those that lead to a cycle of pairs. */
function splitForEver({ next }: Table): ReadonlySet<number> {
  const count = next.length;
  const steps = new Map<number, readonly number[]>();
  for (let a = 0; a < count; a += 1) {
    for (let b = a + 1; b < count; b += 1) {
      const out = (next[a] ?? []).flatMap((to, letter) => {
        const other = next[b]?.[letter] ?? to;
        return to === other ? [] : [pairKey(to, other, count)];
      });
      steps.set(pairKey(a, b, count), [...new Set(out)]);
    }
  }
  // What is left after taking away again and again what leads nowhere.
  const before = new Map<number, number[]>();
  const open = new Map<number, number>();
  const ready: number[] = [];
  for (const [pair, out] of steps) {
    open.set(pair, out.length);
    if (out.length === 0) ready.push(pair);
    for (const to of out) {
      const list = before.get(to);
      if (list === undefined) before.set(to, [pair]);
      else list.push(pair);
    }
  }
  for (let pair = ready.pop(); pair !== undefined; pair = ready.pop()) {
    open.delete(pair);
    for (const earlier of before.get(pair) ?? []) {
      const left = (open.get(earlier) ?? 0) - 1;
      open.set(earlier, left);
      if (left === 0) ready.push(earlier);
    }
  }
  return new Set(open.keys());
}

/** A shortest way through a graph, as the letters on it. */
function shortest<N>(
  from: readonly N[],
  keyOf: (node: N) => number,
  stepsOf: (node: N) => Iterable<readonly [letter: number, to: N]>,
  isGoal: (node: N, length: number) => boolean,
): readonly number[] | undefined {
  let edge: readonly { readonly node: N; readonly word: readonly number[] }[] = from.map((node) => ({
    node,
    word: [],
  }));
  const seen = new Set<number>();
  while (edge.length > 0) {
    const found = edge.find(({ node, word }) => isGoal(node, word.length));
    if (found !== undefined) return found.word;
    const following: { readonly node: N; readonly word: readonly number[] }[] = [];
    for (const { node, word } of edge) {
      for (const [letter, to] of stepsOf(node)) {
        const key = keyOf(to);
        if (seen.has(key)) continue;
        seen.add(key);
        following.push({ node: to, word: [...word, letter] });
      }
    }
    edge = following;
  }
  return undefined;
}

type Pair = readonly [number, number];

function pumpedThrough(table: Table, loop: number, split: ReadonlySet<number>): Pumped | undefined {
  const { next, ends, start } = table;
  const count = next.length;
  const out = (state: number): readonly (readonly [number, number])[] =>
    (next[state] ?? []).map((to, letter) => [letter, to] as const);
  const outOf = ([a, b]: Pair): readonly (readonly [number, Pair])[] =>
    (next[a] ?? []).flatMap((to, letter) => {
      const other = next[b]?.[letter] ?? to;
      return to === other ? [] : [[letter, [to, other] as Pair] as const];
    });
  const orderedKey = ([a, b]: Pair): number => a * count + b;
  const way = shortest(
    [start],
    (one) => one,
    out,
    (one) => one === loop,
  );
  const around = shortest(
    [loop],
    (one) => one,
    out,
    (one, length) => one === loop && length > 0,
  );
  if (way === undefined || around === undefined) return undefined;
  const states = reachOf(table, loop);
  for (const a of states) {
    for (const b of states) {
      if (a === b || !split.has(pairKey(a, b, count))) continue;
      const pair: Pair = [a, b];
      const kept = shortest([pair], orderedKey, outOf, (one, length) => length > 0 && one[0] === a && one[1] === b);
      if (kept === undefined) continue;
      const toA = shortest(
        [loop],
        (one) => one,
        out,
        (one) => one === a,
      );
      const toB = shortest(
        [loop],
        (one) => one,
        out,
        (one) => one === b,
      );
      const tail = shortest([pair], orderedKey, outOf, (one) => ends[one[0]] !== ends[one[1]]);
      if (toA === undefined || toB === undefined || tail === undefined) continue;
      const text = (middle: readonly number[]): readonly number[] => [
        ...way,
        ...around,
        ...middle,
        ...kept,
        ...kept,
        ...tail,
      ];
      const first = text(toA);
      const end = first.reduce((state, letter) => next[state]?.[letter] ?? state, start);
      return ends[end] === true ? { inside: first, outside: text(toB) } : { inside: text(toB), outside: first };
    }
  }
  return undefined;
}
