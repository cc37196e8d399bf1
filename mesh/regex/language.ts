import { DFA, isDisjointWith, type NFA } from "refa";
import { determinize, limited, patternAutomaton } from "./automaton";
import { textOf } from "./bytes";
import { plainPrefix } from "./pattern";

/** A set of texts, as a deterministic automaton that reads their bytes. */
export interface Language {
  readonly automaton: DFA;
  readonly isEmpty: boolean;
}

const nfas = new Map<string, NFA>();
const languages = new Map<string, Language>();

/** Entries kept of each table above. */
const mostKept = 50_000;

function nfaOf(source: string): NFA {
  let found = nfas.get(source);
  if (found === undefined) {
    found = patternAutomaton(source);
    if (nfas.size >= mostKept) nfas.clear();
    nfas.set(source, found);
  }
  return found;
}

/**
 * All texts that a pattern matches as a whole.
 *
 * @throws {TooComplexError}
 */
export function languageOf(source: string): Language {
  let found = languages.get(source);
  if (found === undefined) {
    found = fromAutomaton(determinize(nfaOf(source), `The pattern ${source}`));
    if (languages.size >= mostKept) languages.clear();
    languages.set(source, found);
  }
  return found;
}

function fromAutomaton(automaton: DFA): Language {
  return { automaton, isEmpty: automaton.isEmpty };
}

export function intersection(a: Language, b: Language): Language {
  if (a === b || b.isEmpty) return b;
  if (a.isEmpty) return a;
  return fromAutomaton(
    limited("The intersection of two patterns", (factory) => {
      const result = DFA.fromIntersection(a.automaton, b.automaton, factory);
      result.minimize();
      return result;
    }),
  );
}

/** Texts of `a` that are not in `b`. */
export function difference(a: Language, b: Language): Language {
  return a.isEmpty || b.isEmpty ? a : intersection(a, complementOf(b));
}

const complements = new WeakMap<Language, Language>();

function complementOf(language: Language): Language {
  let found = complements.get(language);
  if (found === undefined) {
    const copy = language.automaton.copy();
    copy.complement();
    found = fromAutomaton(copy);
    complements.set(language, found);
  }
  return found;
}

/** Whether some text is in both. Works on the automata as they are, without making them deterministic. */
export function patternsOverlap(a: string, b: string, within: string): boolean {
  if (a === b) return !isDisjointWith(nfaOf(a), nfaOf(within));
  if (prefixesDiffer(a, b)) return false;
  if (isDisjointWith(nfaOf(a), nfaOf(b))) return false;
  return !intersection(intersection(languageOf(a), languageOf(b)), languageOf(within)).isEmpty;
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
  const { automaton } = language;
  // Shortest distance to an end, walked with the friendliest character at each step.
  const distance = distancesToEnd(automaton);
  let node = automaton.initial;
  const bytes: number[] = [];
  for (;;) {
    const left = distance.get(node);
    if (left === undefined || left === 0) return textOf(bytes);
    let best: { readonly rank: number; readonly code: number; readonly to: DFA.Node } | undefined;
    for (const [range, to] of node.out) {
      if (distance.get(to) !== left - 1) continue;
      for (let code = range.min; code <= range.max; code += 1) {
        const rank = friendliness(code, bytes.at(-1));
        if (best === undefined || rank < best.rank) best = { rank, code, to };
      }
    }
    if (best === undefined) return textOf(bytes);
    bytes.push(best.code);
    node = best.to;
  }
}

function distancesToEnd(automaton: DFA): ReadonlyMap<DFA.Node, number> {
  const before = new Map<DFA.Node, DFA.Node[]>();
  for (const node of automaton.nodes()) {
    for (const [, to] of node.out) {
      const list = before.get(to);
      if (list === undefined) before.set(to, [node]);
      else list.push(node);
    }
  }
  const distance = new Map<DFA.Node, number>();
  let edge = [...automaton.finals];
  for (let steps = 0; edge.length > 0; steps += 1) {
    const next: DFA.Node[] = [];
    for (const node of edge) {
      if (distance.has(node)) continue;
      distance.set(node, steps);
      next.push(...(before.get(node) ?? []));
    }
    edge = next;
  }
  return distance;
}

/** Letters first, then digits, then the marks that paths and values often have; last what is not ASCII. */
function friendliness(code: number, before: number | undefined): number {
  if (code > 0x7e || code < 0x20) return 6 + code / 1000;
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return character === "x" && before !== code ? 0 : 1 + code / 1000;
  if (/[0-9]/.test(character)) return 2 + code / 1000;
  if (/[A-Z]/.test(character)) return 3 + code / 1000;
  const mark = "/-_.".indexOf(character);
  return mark >= 0 ? 4 + mark / 1000 : 5 + code / 1000;
}
