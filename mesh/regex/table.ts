import { nowhere } from "./automaton";
import { type Language } from "./language";

/** A language over some letters as a complete table: every state has a next one for every letter. */
export interface Table {
  readonly start: number;
  /** Whether texts may end in a state. */
  readonly ends: readonly boolean[];
  /** Letters that no state tells apart, as bytes. */
  readonly classes: readonly (readonly number[])[];
  /** Next state, by state and class. */
  readonly next: readonly (readonly number[])[];
  /** Class of a byte; undefined for what is no letter. */
  readonly classOf: ReadonlyMap<number, number>;
}

/** Reads a language's automaton, as far as it goes by some letters. */
export function tableOf({ automaton }: Language, letters: readonly number[]): Table {
  const index = new Map([[0, 0]]);
  const nodes = [0];
  const rows: (number | undefined)[][] = [];
  for (const node of nodes) {
    rows.push(
      letters.map((letter) => {
        const to = automaton.next[node * automaton.letters + (automaton.letterOf[letter] ?? 0)] ?? nowhere;
        if (to === nowhere) return undefined;
        let found = index.get(to);
        if (found === undefined) {
          index.set(to, (found = nodes.length));
          nodes.push(to);
        }
        return found;
      }),
    );
  }
  // The state that nothing leads out of stands for every step that the automaton does not have.
  const dead = nodes.length;
  const complete = [...rows.map((row) => row.map((to) => to ?? dead)), letters.map(() => dead)];
  const ends = [...nodes.map((node) => automaton.ends[node] === 1), false];
  return minimal({ start: 0, ends, rows: complete, letters });
}

/** States that accept the same become one (Moore), and letters that do the same a class. */
function minimal({
  start,
  ends,
  rows,
  letters,
}: {
  readonly start: number;
  readonly ends: readonly boolean[];
  readonly rows: readonly (readonly number[])[];
  readonly letters: readonly number[];
}): Table {
  let block: readonly number[] = ends.map(Number);
  for (let blocks = 0; ;) {
    const ids = new Map<string, number>();
    const refined = rows.map((row, state) => {
      const key = `${String(block[state])}|${row.map((to) => block[to]).join()}`;
      let id = ids.get(key);
      if (id === undefined) ids.set(key, (id = ids.size));
      return id;
    });
    block = refined;
    if (ids.size === blocks) break;
    blocks = ids.size;
  }
  // Only blocks that the start leads to, in the order in which it does.
  const order = new Map<number, number>();
  const members: number[] = [];
  const numberOf = (state: number): number => {
    const id = block[state] ?? 0;
    let found = order.get(id);
    if (found === undefined) {
      order.set(id, (found = members.length));
      members.push(state);
    }
    return found;
  };
  const first = numberOf(start);
  const reached: number[][] = [];
  for (const member of members) reached.push((rows[member] ?? []).map(numberOf));
  const columns = new Map<string, { readonly bytes: number[]; readonly at: number }>();
  letters.forEach((letter, at) => {
    const key = reached.map((row) => row[at]).join();
    const known = columns.get(key);
    if (known === undefined) columns.set(key, { bytes: [letter], at });
    else known.bytes.push(letter);
  });
  const classes = [...columns.values()];
  return {
    start: first,
    ends: members.map((member) => ends[member] === true),
    classes: classes.map(({ bytes }) => bytes),
    next: reached.map((row) => classes.map(({ at }) => row[at] ?? 0)),
    classOf: new Map(classes.flatMap(({ bytes }, index) => bytes.map((byte) => [byte, index] as const))),
  };
}

/** The state that some bytes lead to. */
export function stateAfter({ next, classOf }: Table, from: number, bytes: readonly number[]): number | undefined {
  let state: number | undefined = from;
  for (const byte of bytes) {
    const letter = classOf.get(byte);
    state = letter === undefined || state === undefined ? undefined : next[state]?.[letter];
  }
  return state;
}

/** States that a state leads to, itself among them. */
export function reachOf({ next }: Pick<Table, "next">, from: number): readonly number[] {
  const seen = new Set([from]);
  for (const state of seen) for (const to of next[state] ?? []) seen.add(to);
  return [...seen];
}
