import {
  accepts,
  type Automaton,
  beforeReplacing,
  distancesToEnd,
  emptyAutomaton,
  nowhere,
  patternAutomaton,
  product,
} from "./automaton";
import { bytesOf, textOf } from "./bytes";
import { plainPrefix } from "./pattern";

/** A set of texts, as the one smallest deterministic automaton that reads their bytes. */
export interface Language {
  readonly automaton: Automaton;
  readonly isEmpty: boolean;
}

const languages = new Map<string, Language>();

/** By automaton: equal languages are one and the same object, as long as they are kept. */
const distinct = new Map<string, Language>();

/** Entries kept of each table above. */
const mostKept = 20_000;

/**
 * All texts that a pattern matches as a whole.
 *
 * @throws {TooComplexError}
 */
export function languageOf(source: string): Language {
  let found = languages.get(source);
  if (found === undefined) {
    found = fromAutomaton(patternAutomaton(source));
    if (languages.size >= mostKept) languages.clear();
    languages.set(source, found);
  }
  return found;
}

/** A character for every byte, another for each. */
const byteText = new TextDecoder("latin1");

function fromAutomaton(automaton: Automaton): Language {
  const { letterOf, next, ends } = automaton;
  const key = [letterOf, new Uint8Array(next.buffer), ends].map((bytes) => byteText.decode(bytes)).join("|");
  let found = distinct.get(key);
  if (found === undefined) {
    found = { automaton, isEmpty: automaton === emptyAutomaton };
    if (distinct.size >= mostKept) distinct.clear();
    distinct.set(key, found);
  }
  return found;
}

const nothing = fromAutomaton(emptyAutomaton);

type Known = WeakMap<Language, WeakMap<Language, Language>>;

const intersections: Known = new WeakMap();
const differences: Known = new WeakMap();

function remembered(known: Known, a: Language, b: Language, make: () => Language): Language {
  let ofA = known.get(a);
  if (ofA === undefined) known.set(a, (ofA = new WeakMap()));
  let found = ofA.get(b);
  if (found === undefined) ofA.set(b, (found = make()));
  return found;
}

/** @throws {TooComplexError} */
export function intersection(a: Language, b: Language): Language {
  if (a === b || b.isEmpty) return b;
  if (a.isEmpty) return a;
  return remembered(intersections, a, b, () =>
    fromAutomaton(product(a.automaton, b.automaton, "both", "The intersection of two patterns")),
  );
}

/** Texts of `a` that are not in `b`. @throws {TooComplexError} */
export function difference(a: Language, b: Language): Language {
  if (a.isEmpty || b.isEmpty) return a;
  if (a === b) return nothing;
  return remembered(differences, a, b, () =>
    fromAutomaton(product(a.automaton, b.automaton, "first only", "The intersection of two patterns")),
  );
}

/** Whether a text is of the language. */
export function hasText({ automaton }: Language, text: string): boolean {
  return accepts(automaton, Uint8Array.from(bytesOf(text)));
}

/**
 * The paths that are of a language once their first bytes, so many of any kind, are replaced. One of which nothing would be left counts
 * as `/`.
 */
export function pathsBeforeReplacing(after: Language, replaced: number, by: string): Language {
  const bytes = (text: string): Uint8Array => Uint8Array.from(bytesOf(text));
  return fromAutomaton(beforeReplacing(after.automaton, replaced, bytes(by), bytes("/")));
}

/** Patterns that begin with different plain text share no text. */
export function prefixesDiffer(a: string, b: string): boolean {
  const first = plainPrefix(a);
  const second = plainPrefix(b);
  return first.length <= second.length ? !second.startsWith(first) : !first.startsWith(second);
}

/** A short text of the language that reads well; undefined for an empty one. */
export function exampleOf(language: Language): string | undefined {
  if (language.isEmpty) return undefined;
  const { letterOf, letters, next } = language.automaton;
  // Shortest distance to an end, walked with the friendliest character at each step.
  const distance = distancesToEnd(language.automaton);
  const bytes: number[] = [];
  for (let state = 0; ;) {
    const left = distance[state] ?? 0;
    if (left <= 0) return textOf(bytes);
    const nextOf = (byte: number): number => next[state * letters + (letterOf[byte] ?? 0)] ?? nowhere;
    const leadsOn = (byte: number): boolean => distance[nextOf(byte)] === left - 1;
    const byte = bytes.at(-1) !== letterX && leadsOn(letterX) ? letterX : friendliest.find(leadsOn);
    if (byte === undefined) return textOf(bytes);
    bytes.push(byte);
    state = nextOf(byte);
  }
}

/** Stands for any letter, if not twice in a row. */
const letterX = 0x78;

/** Letters first, then digits, then the marks that paths and values often have; last what is not ASCII. */
const friendliest = Array.from({ length: 256 }, (_, byte) => byte).sort((a, b) => friendliness(a) - friendliness(b));

function friendliness(code: number): number {
  if (code > 0x7e || code < 0x20) return 6 + code / 1000;
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return 1 + code / 1000;
  if (/[0-9]/.test(character)) return 2 + code / 1000;
  if (/[A-Z]/.test(character)) return 3 + code / 1000;
  const mark = "/-_.".indexOf(character);
  return mark >= 0 ? 4 + mark / 1000 : 5 + code / 1000;
}
