import { bytesOf, textOf } from "./bytes";
import { definitenessOf, type Definiteness, mostStates } from "./definite";
import { difference, intersection, exampleOf, type Language, languageOf } from "./language";
import { reachOf, stateAfter, type Table, tableOf } from "./table";

/** Texts that a list of values can name. */
export interface Atom {
  /** `template` is a whole path with `{*}` or `{**}` in it. */
  readonly kind: "exact" | "prefix" | "suffix" | "template";
  readonly text: string;
}

/** Texts that meet all three. */
export interface Piece {
  /** Any of these; any text at all where there is none. */
  readonly anyOf: readonly Atom[];
  /** None of these. */
  readonly noneOf: readonly Atom[];
  /** Begins with any of these; undefined for any text. */
  readonly startsWith?: readonly string[];
}

/** Why a language has no cover. */
export interface Uncovered {
  readonly kind: "uncovered";
  /** In a sentence. */
  readonly reason: string;
}

/** A union of pieces, or why there is none. */
export type Cover = { readonly kind: "cover"; readonly pieces: readonly Piece[] } | Uncovered;

/** What is covered. */
export interface Domain {
  /** Bytes that texts have. */
  readonly letters: readonly number[];
  /** What every text begins with. */
  readonly root: string;
  /** Texts that count: a cover may do with all others what it likes. */
  readonly texts: Language;
  /** What texts are called, such as `path`. */
  readonly noun: string;
  /** Whether a value can be written as it is. */
  sayable(atom: Atom): boolean;
  /** The texts of an atom that is neither exact nor at an end. */
  patternOf?(template: string): string;
}

/** Values in a cover at most. A longer list nobody reads, and it is a sign that a pattern means something else. */
export const mostValues = 120;

/** There is no short cover below a text. */
class NoCover extends Error {
  constructor(
    readonly kind: "pumped" | "long" | "unsayable",
    /** Text that something had to be said about. */
    readonly at: string,
  ) {
    super(at);
  }
}

/** What another way to cover knows of the language. */
export interface Look {
  readonly table: Table;
  /** Covers what follows a text. */
  cover(text: string, state: number): readonly Piece[];
  /** Covers what follows a text without some letters; undefined where ends do not tell that. */
  coverWithout(letter: number, text: string, state: number): readonly Piece[] | undefined;
  isDead(state: number): boolean;
  isAll(state: number): boolean;
}

/** Another way to cover what follows a text, asked where letters would have to be told one by one. */
export type OtherWay = (text: string, state: number, look: Look) => readonly Piece[] | undefined;

/**
 * Texts by exact ones, prefixes and suffixes; verified by automata.
 *
 * @param otherWay for what these cannot say.
 */
export function endsCover(language: Language, domain: Domain, otherWay?: OtherWay): Cover {
  if (language.isEmpty) return { kind: "cover", pieces: [] };
  const table = tableWithin(language, domain);
  if (table.next.length > mostStates) {
    return uncovered(
      `its automaton has ${String(table.next.length)} states; at most ${String(mostStates)} are looked at`,
    );
  }
  const definiteness = definitenessOf(table);
  let pieces: readonly Piece[];
  try {
    pieces = merged(coverer(table, domain, definiteness, otherWay)(domain.root, table.start));
  } catch (error) {
    if (!(error instanceof NoCover)) throw error;
    return uncovered(reasonOf(error, table, domain, definiteness));
  }
  const size = valuesIn(pieces);
  if (size > mostValues) return uncovered(tooLong(size));
  const repaired = repair(pieces, language, domain);
  if (repaired === undefined) return uncovered("no short list of values is exactly this language");
  return { kind: "cover", pieces: repaired };
}

function tableWithin(language: Language, { letters, root }: Domain): Table {
  const table = tableOf(language, letters);
  const start = stateAfter(table, table.start, bytesOf(root));
  return start === undefined ? table : { ...table, start };
}

/**
 * Pieces that are near a language and not quite it: what another way gives, and what can be said of the rest. Not verified.
 */
export function nearCover(language: Language, domain: Domain, otherWay: OtherWay): readonly Piece[] | undefined {
  const table = tableWithin(language, domain);
  if (language.isEmpty || table.next.length > mostStates) return undefined;
  try {
    const pieces = merged(coverer(table, domain, definitenessOf(table), otherWay)(domain.root, table.start));
    return valuesIn(pieces) > mostValues ? undefined : pieces;
  } catch (error) {
    if (error instanceof NoCover) return undefined;
    throw error;
  }
}

function uncovered(reason: string): Uncovered {
  return { kind: "uncovered", reason };
}

function tooLong(size: number): string {
  return `it would take ${String(size)} values; at most ${String(mostValues)} are written`;
}

function reasonOf(error: NoCover, table: Table, { root, noun }: Domain, { pumped }: Definiteness): string {
  if (pumped === undefined && error.kind === "unsayable") {
    return error.at === ""
      ? `an empty ${noun} cannot be told from others`
      : `the ${noun} ${JSON.stringify(error.at)} cannot be written: its * would be a wildcard`;
  }
  if (pumped === undefined) return `it would take more than ${String(mostValues)} values`;
  const [inside, outside] = [pumped.inside, pumped.outside].map(
    (letters) => root + textOf(letters.map((letter) => friendliest(table.classes[letter] ?? []))),
  );
  return `${JSON.stringify(inside)} is one and ${JSON.stringify(outside)} is not, though they may begin and end alike at any length: only the middle tells them apart`;
}

function friendliest(bytes: readonly number[]): number {
  const isNice = (byte: number): boolean => /[a-z0-9]/.test(String.fromCharCode(byte));
  return bytes.find((byte) => byte === 0x78) ?? bytes.find(isNice) ?? bytes[0] ?? 0x78;
}

/** How many values a cover has. */
export function valuesIn(pieces: readonly Piece[]): number {
  return pieces.reduce(
    (sum, { anyOf, noneOf, startsWith = [] }) => sum + anyOf.length + noneOf.length + startsWith.length,
    0,
  );
}

function coverer(
  table: Table,
  domain: Domain,
  definiteness: Definiteness,
  otherWay: OtherWay | undefined,
): (text: string, state: number) => readonly Piece[] {
  const { next, ends, classes } = table;
  const isDead = (state: number): boolean => ends[state] !== true && (next[state] ?? []).every((to) => to === state);
  const isAll = (state: number): boolean => ends[state] === true && (next[state] ?? []).every((to) => to === state);
  const say = (atom: Atom): Atom => {
    if (!domain.sayable(atom)) throw new NoCover("unsayable", atom.text);
    return atom;
  };
  const beginning = (text: string): Pick<Piece, "startsWith"> => (text === domain.root ? {} : { startsWith: [text] });
  const exact = (text: string): Piece => ({ anyOf: [say({ kind: "exact", text })], noneOf: [] });
  const whole = (text: string): Piece => ({
    anyOf: text === domain.root ? [] : [say({ kind: "prefix", text })],
    noneOf: [],
  });
  const following = (bytes: readonly number[]): readonly string[] => bytes.map((byte) => textOf([byte]));

  let depth = 0;
  const cover = (text: string, state: number): readonly Piece[] => {
    if (isDead(state)) return [];
    if (isAll(state)) return [whole(text)];
    if (definiteness.isDefinite(state)) return definite(text, state);
    if (depth > mostValues) throw new NoCover("long", text);
    depth += 1;
    try {
      const other = otherWay?.(text, state, { table, cover, coverWithout, isDead, isAll });
      if (other !== undefined) return other;
      if (definiteness.onCycle(state)) throw new NoCover("pumped", text);
      return letterByLetter(text, state);
    } finally {
      depth -= 1;
    }
  };

  const coverWithout = (letter: number, text: string, from: number): readonly Piece[] | undefined => {
    const kept = classes.map((bytes) => bytes.filter((byte) => byte !== letter));
    const isKept = (_: unknown, index: number): boolean => (kept[index] ?? []).length > 0;
    const inner: Table = {
      start: from,
      ends,
      classes: kept.filter(isKept),
      next: next.map((row) => row.filter(isKept)),
      classOf: new Map(kept.filter(isKept).flatMap((bytes, index) => bytes.map((byte) => [byte, index] as const))),
    };
    try {
      return coverer(inner, domain, definitenessOf(inner), undefined)(text, from);
    } catch (error) {
      if (error instanceof NoCover) return undefined;
      throw error;
    }
  };

  const letterByLetter = (text: string, state: number): readonly Piece[] => {
    const pieces: Piece[] = ends[state] === true ? [exact(text)] : [];
    const row = next[state] ?? [];
    const targets = new Map<number, number[]>();
    row.forEach((to, letter) => {
      targets.set(to, [...(targets.get(to) ?? []), ...(classes[letter] ?? [])]);
    });
    // The widest class is said as what is left of all.
    const [widest] = [...targets].sort(([, a], [, b]) => b.length - a.length);
    for (const [to, bytes] of targets) {
      if (isDead(to)) continue;
      if (bytes.length > fewLetters && to === widest?.[0] && (isAll(to) || definiteness.isDefinite(to))) {
        const others = [...targets].flatMap(([other, letters]) => (other === to ? [] : following(letters)));
        const noneOf = [
          ...others.map((letter): Atom => say({ kind: "prefix", text: text + letter })),
          say({ kind: "exact", text }),
        ];
        const inner: readonly Piece[] = isAll(to) ? [{ anyOf: [], noneOf: [] }] : definite("", to);
        for (const piece of inner) {
          const some = piece.anyOf.filter(({ kind }) => kind === "suffix");
          const without = piece.noneOf.filter(({ kind }) => kind === "suffix");
          if (some.length === 0 && without.length === 0 && !isAll(to)) continue;
          pieces.push(
            some.length === 0
              ? { ...whole(text), noneOf: [...noneOf, ...without] }
              : { ...beginning(text), anyOf: some, noneOf: [...noneOf, ...without] },
          );
        }
        continue;
      }
      for (const letter of following(bytes)) {
        pieces.push(...cover(text + letter, to));
        if (valuesIn(pieces) > 4 * mostValues) throw new NoCover("long", text);
      }
    }
    return pieces;
  };

  /** What follows a text is told by its end. */
  const definite = (text: string, state: number): readonly Piece[] => {
    const reach = reachOf(table, state);
    const found = endings(table, state, reach);
    const exactOf = (words: readonly string[]): Atom[] =>
      words.map((word) => say({ kind: "exact", text: text + word }));
    const suffixOf = (words: readonly string[]): Atom[] => words.map((word) => say({ kind: "suffix", text: word }));
    const overlapping = (suffixes: readonly string[], wanted: boolean): string[] => {
      // The beginning and the end of a short text may share letters.
      const words = new Set<string>();
      for (const suffix of suffixes) {
        const bytes = bytesOf(suffix);
        for (let at = 1; at <= bytes.length; at += 1) {
          const word = textOf(bytes.slice(at));
          if (!(text + word).endsWith(suffix)) continue;
          const end = stateAfter(table, state, bytes.slice(at));
          if (end !== undefined && (ends[end] === true) === wanted) words.add(word);
        }
      }
      return [...words];
    };
    const { suffixes, words, without } = found;
    if (suffixes.includes("")) {
      return [
        { ...whole(text), noneOf: [...suffixOf(without.suffixes), ...exactOf(without.words)] },
        ...overlapping(without.suffixes, true).map((word) => exact(text + word)),
      ];
    }
    if (suffixes.length === 0) return words.map((word) => exact(text + word));
    return [
      {
        ...beginning(text),
        anyOf: [...suffixOf(suffixes), ...exactOf(words)],
        noneOf: [...suffixOf(without.suffixes), ...exactOf([...without.words, ...overlapping(suffixes, false)])],
      },
    ];
  };
  return cover;
}

/** Letters that are written one by one rather than as all but the others. */
const fewLetters = 16;

/** Ends of texts, and whole texts. */
interface Endings {
  readonly suffixes: readonly string[];
  readonly words: readonly string[];
}

const noEndings: Endings = { suffixes: [], words: [] };

function joined(all: readonly Endings[]): Endings {
  return { suffixes: all.flatMap(({ suffixes }) => suffixes), words: all.flatMap(({ words }) => words) };
}

/** Ways to tell texts by their ends, for texts with one end: how many values each takes, and what they are. */
interface Way {
  readonly size: number;
  list(end: readonly number[]): Endings & { readonly without: Endings };
}

interface Ways {
  /** What is inside, and outside, of the language, one by one. */
  readonly inside: Way;
  readonly outside: Way;
  /** What is inside by the fewest values: all but what is outside, where that is shorter. */
  readonly best: Way;
}

const nothing: Way = { size: 0, list: () => ({ ...noEndings, without: noEndings }) };

/** Ends by which texts from a definite state on are told to be in the language. */
function endings(
  { next, ends, classes }: Table,
  start: number,
  reach: readonly number[],
): Endings & { readonly without: Endings } {
  const known = new Map<string, Ways>();
  const all: Way = { size: 1, list: (end) => ({ suffixes: [textOf(end)], words: [], without: noEndings }) };
  const waysFor = (accepting: ReadonlySet<number>): Ways => {
    if (accepting.size === reach.length) return { inside: all, outside: nothing, best: all };
    if (accepting.size === 0) return { inside: nothing, outside: all, best: nothing };
    const key = [...accepting].join();
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = mixed(accepting)));
    return found;
  };
  const mixed = (accepting: ReadonlySet<number>): Ways => {
    const longer = classes.map((bytes, letter) => ({
      bytes,
      ways: waysFor(new Set(reach.filter((state) => accepting.has(next[state]?.[letter] ?? -1)))),
    }));
    const oneByOne = (of: keyof Ways, isIn: boolean): Way => ({
      size: longer.reduce((sum, { bytes, ways }) => sum + bytes.length * ways[of].size, isIn ? 1 : 0),
      list: (end) => {
        const parts = longer.flatMap(({ bytes, ways }) =>
          ways[of].size === 0 ? [] : bytes.map((byte) => ways[of].list([byte, ...end])),
        );
        const own: Endings = { suffixes: [], words: isIn ? [textOf(end)] : [] };
        return { ...joined([own, ...parts]), without: joined(parts.map(({ without }) => without)) };
      },
    });
    const isWord = accepting.has(start);
    const inside = oneByOne("inside", isWord);
    const outside = oneByOne("outside", !isWord);
    const listed = oneByOne("best", isWord);
    const allBut: Way = {
      size: outside.size + 1,
      list: (end) => ({ suffixes: [textOf(end)], words: [], without: outside.list(end) }),
    };
    return { inside, outside, best: listed.size <= allBut.size ? listed : allBut };
  };
  const { best } = waysFor(new Set(reach.filter((state) => ends[state] === true)));
  if (best.size > mostValues) throw new NoCover("long", "");
  return best.list([]);
}

/** Pieces of bare values become one, and those that differ in their beginnings alone. */
function merged(pieces: readonly Piece[]): readonly Piece[] {
  const bare: Atom[] = [];
  const others = new Map<string, Piece>();
  for (const piece of pieces) {
    const { anyOf, noneOf, startsWith } = piece;
    if (noneOf.length === 0 && startsWith === undefined && anyOf.length > 0) bare.push(...anyOf);
    else {
      const key = JSON.stringify(noneOf.length === 0 ? [anyOf] : [piece]);
      const known = others.get(key);
      others.set(
        key,
        known === undefined || known.startsWith === undefined || startsWith === undefined
          ? piece
          : { ...known, startsWith: [...known.startsWith, ...startsWith] },
      );
    }
  }
  return [...(bare.length > 0 ? [{ anyOf: distinct(bare), noneOf: [] }] : []), ...others.values()];
}

function distinct(atoms: readonly Atom[]): readonly Atom[] {
  return [...new Map(atoms.map((atom) => [`${atom.kind} ${atom.text}`, atom])).values()];
}

/** The texts of a cover. */
export function languageOfPieces(pieces: readonly Piece[], domain: Domain): Language {
  const all = pieces.map(({ anyOf, noneOf, startsWith }): Language => {
    let left = domain.texts;
    if (anyOf.length > 0) left = intersection(left, alternatives(anyOf, domain));
    if (startsWith !== undefined) {
      const atoms = startsWith.map((text): Atom => ({ kind: "prefix", text }));
      left = intersection(left, alternatives(atoms, domain));
    }
    return noneOf.length === 0 ? left : difference(left, alternatives(noneOf, domain));
  });
  // What is in none of them is not in the cover.
  const rest = all.reduce((left, piece) => difference(left, piece), domain.texts);
  return difference(domain.texts, rest);
}

function alternatives(atoms: readonly Atom[], domain: Domain): Language {
  return languageOf(`(?s)(?:${atoms.map((atom) => patternOf(atom, domain)).join("|")})`);
}

function patternOf({ kind, text }: Atom, domain: Domain): string {
  switch (kind) {
    case "exact":
      return quoted(text);
    case "prefix":
      return `${quoted(text)}.*`;
    case "suffix":
      return `.*${quoted(text)}`;
    case "template":
      return domain.patternOf?.(text) ?? quoted(text);
  }
}

/** RE2 that matches a text and nothing else. */
export function quoted(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

/** Texts that are added or taken away at most, where a cover is not quite the language. */
const mostRepairs = 24;

/** The cover made exactly the language; undefined where a few single texts do not do that. */
function repair(pieces: readonly Piece[], language: Language, domain: Domain): readonly Piece[] | undefined {
  const wanted = intersection(language, domain.texts);
  let current = pieces;
  for (let round = 0; round < mostRepairs; round += 1) {
    const covered = languageOfPieces(current, domain);
    const missing = exampleOf(difference(wanted, covered));
    if (missing !== undefined) {
      const atom: Atom = { kind: "exact", text: missing };
      if (!domain.sayable(atom)) return undefined;
      const [first, ...rest] = current;
      const joins =
        first !== undefined && first.noneOf.length === 0 && first.startsWith === undefined && first.anyOf.length > 0;
      current = joins
        ? [{ ...first, anyOf: [...first.anyOf, atom] }, ...rest]
        : [{ anyOf: [atom], noneOf: [] }, ...current];
      continue;
    }
    const extra = exampleOf(difference(covered, wanted));
    if (extra === undefined) return shortened(current, wanted, domain);
    const atom: Atom = { kind: "exact", text: extra };
    if (!domain.sayable(atom)) return undefined;
    current = current.map((piece) => {
      const own = languageOfPieces([piece], domain);
      return intersection(own, languageOf(quoted(extra))).isEmpty
        ? piece
        : { ...piece, noneOf: [...piece.noneOf, atom] };
    });
  }
  return undefined;
}

/** Values taken out that the cover does not need. */
function shortened(pieces: readonly Piece[], wanted: Language, domain: Domain): readonly Piece[] {
  const isSame = (some: readonly Piece[]): boolean => {
    const language = languageOfPieces(some, domain);
    return difference(language, wanted).isEmpty && difference(wanted, language).isEmpty;
  };
  if (valuesIn(pieces) > mostTried) return pieces;
  let current = pieces;
  for (const [index, piece] of pieces.entries()) {
    const replace = (by: Piece): readonly Piece[] => current.map((one, at) => (at === index ? by : one));
    let now = piece;
    for (const part of ["noneOf", "anyOf"] as const) {
      for (const atom of piece[part]) {
        const left = now[part].filter((one) => one !== atom);
        if (part === "anyOf" && left.length === 0) continue;
        const shorter = { ...now, [part]: left };
        if (!isSame(replace(shorter))) continue;
        now = shorter;
        current = replace(now);
      }
    }
  }
  for (const piece of pieces.length > 1 ? [...current] : []) {
    const fewer = current.filter((one) => one !== piece);
    if (fewer.length > 0 && isSame(fewer)) current = fewer;
  }
  return current;
}

/** Values that are tried one by one for being needed. */
const mostTried = 40;
