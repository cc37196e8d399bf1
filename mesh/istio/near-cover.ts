import { textOf } from "../regex/bytes";
import { type Atom, type Look, type OtherWay, type Piece } from "../regex/ends-cover";
import { reachOf, stateAfter } from "../regex/table";
import { byTemplates } from "./path-template";

/** Letters beyond which telling them one by one says nothing to a reader. */
const fewBranches = 4;

/** Values of a narrower cover at most. */
const mostSaid = 12;

/** Ends that are looked at in search of one that decides. */
const mostLookedAt = 2000;

const slash = 0x2f;

/** Whether this is the place to stop being exact: nothing exact is left to say, or only letter by letter. */
function isTooWide(state: number, { table, isDead }: Look): boolean {
  const { next, classes } = table;
  const row = next[state] ?? [];
  const live = row.reduce((sum, to, letter) => sum + (isDead(to) ? 0 : (classes[letter] ?? []).length), 0);
  return live > fewBranches || row.some((to) => reachOf(table, to).includes(state));
}

/** What is said instead of what cannot be: something wider. */
export const wider: OtherWay = (text, state, look) => {
  const exact = byTemplates(text, state, look);
  if (exact !== undefined) return exact;
  if (!isTooWide(state, look)) return undefined;
  const { table, isDead } = look;
  const end = commonEnd(state, look);
  if (end !== "") return [{ ...beginning(text), anyOf: [{ kind: "suffix", text: end }], noneOf: [] }];
  // One segment, or more below it.
  const within = stateAfter(table, state, [slash]);
  if (text.endsWith("/") && table.ends[state] !== true && within !== undefined && isDead(within)) {
    const below = reachOf(table, state).some((to) => {
      const further = stateAfter(table, to, [slash]);
      return further !== undefined && !isDead(further);
    });
    return [
      {
        anyOf: [{ kind: "template", text: `${text}{*}${below ? "/{**}" : ""}` }, ...ownSegment(text, below)],
        noneOf: [],
      },
    ];
  }
  return [{ anyOf: isRoot(text) ? [] : [{ kind: "prefix", text }], noneOf: [] }];
};

function ownSegment(text: string, below: boolean): readonly Atom[] {
  return below ? [{ kind: "template", text: `${text}{*}` }] : [];
}

/** What is said instead of what cannot be: something narrower. */
export const narrower: OtherWay = (text, state, look) => {
  const exact = byTemplates(text, state, look);
  if (exact !== undefined) return exact;
  if (!isTooWide(state, look)) return undefined;
  const ends = decidingEnds(state, look).map((end): Atom => ({ kind: "suffix", text: end }));
  const starts = shortWords(state, look, (to) => look.isAll(to)).map((word): Atom => ({
    kind: "prefix",
    text: text + word,
  }));
  const own: Atom[] = look.table.ends[state] === true && text !== "" ? [{ kind: "exact", text }] : [];
  const pieces: Piece[] = own.length > 0 ? [{ anyOf: own, noneOf: [] }] : [];
  if (ends.length > 0) pieces.push({ ...beginning(text), anyOf: ends, noneOf: [] });
  if (starts.length > 0) pieces.push({ anyOf: starts, noneOf: [] });
  if (pieces.length > 0) return pieces;
  const words = shortWords(state, look, (to) => look.table.ends[to] === true);
  return words.map((word) => ({ anyOf: [{ kind: "exact", text: text + word }], noneOf: [] }));
};

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

function isRoot(text: string): boolean {
  return text === "/" || text === "";
}

function beginning(text: string): Pick<Piece, "startsWith"> {
  return isRoot(text) ? {} : { startsWith: [text] };
}

/** What all texts from a state on end with. */
function commonEnd(state: number, { table }: Look): string {
  const { next, ends, classes } = table;
  const reach = reachOf(table, state);
  let accepting: ReadonlySet<number> = new Set(reach.filter((to) => ends[to] === true));
  const end: number[] = [];
  while (!accepting.has(state) && end.length < 64) {
    const before = classes.flatMap((bytes, letter) => {
      const from = new Set(reach.filter((one) => accepting.has(next[one]?.[letter] ?? -1)));
      return from.size === 0 ? [] : bytes.map((byte) => ({ byte, from }));
    });
    const [only] = before;
    if (before.length !== 1 || only === undefined) break;
    end.unshift(only.byte);
    accepting = only.from;
  }
  return textOf(end);
}

/** Shortest ends that make every text one of the language. */
function decidingEnds(state: number, { table }: Look): readonly string[] {
  const { next, ends, classes } = table;
  const reach = reachOf(table, state);
  const first = new Set(reach.filter((to) => ends[to] === true));
  let edge: readonly { readonly end: readonly number[]; readonly accepting: ReadonlySet<number> }[] = [
    { end: [], accepting: first },
  ];
  const seen = new Set<string>();
  for (let looked = 0; edge.length > 0 && looked < mostLookedAt;) {
    const found = edge.filter(({ accepting }) => accepting.size === reach.length);
    if (found.length > 0) return found.slice(0, mostSaid).map(({ end }) => textOf(end));
    edge = edge.flatMap(({ end, accepting }) =>
      classes.flatMap((bytes, letter) => {
        looked += 1;
        const before = new Set(reach.filter((one) => accepting.has(next[one]?.[letter] ?? -1)));
        const key = [...before].join();
        // No value ends with a blank.
        const shown = end.length > 0 ? bytes : bytes.filter((byte) => !isBlank(byte));
        if (before.size === 0 || shown.length === 0 || seen.has(key)) return [];
        seen.add(key);
        return shown.slice(0, 1).map((byte) => ({ end: [byte, ...end], accepting: before }));
      }),
    );
  }
  return [];
}

/** Shortest words that lead to a state of some kind: all of one length, or the first few of them. */
function shortWords(state: number, { table, isDead }: Look, isGoal: (state: number) => boolean): readonly string[] {
  const { next, classes } = table;
  let edge: readonly { readonly word: readonly number[]; readonly to: number }[] = [{ word: [], to: state }];
  const seen = new Set([state]);
  while (edge.length > 0) {
    const found = edge.filter(({ word, to }) => word.length > 0 && isGoal(to));
    if (found.length > 0) return found.slice(0, mostSaid).map(({ word }) => textOf(word));
    const reached = new Set<number>();
    edge = edge
      .flatMap(({ word, to: from }) =>
        (next[from] ?? []).flatMap((to, letter) => {
          if (isDead(to) || (seen.has(to) && !isGoal(to))) return [];
          reached.add(to);
          const bytes = (classes[letter] ?? []).filter((byte) => word.length > 0 || !isBlank(byte));
          return bytes.slice(0, mostSaid).map((byte) => ({ word: [...word, byte], to }));
        }),
      )
      .slice(0, mostLookedAt);
    for (const to of reached) seen.add(to);
  }
  return [];
}
