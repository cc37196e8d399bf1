import { bytesOf, textOf } from "../regex/bytes";
import { type Atom, type Look, type OtherWay, type Piece, quoted } from "../regex/ends-cover";
import { stateAfter } from "../regex/table";

const slash = 0x2f;

/** One segment, whatever it is. */
const one = "{*}";

/** Any number of segments, none among them; only at the end. */
const any = "{**}";

/** Segments that Istio takes beside templates (pkg/config/security, IsValidLiteral). */
const literalSegment = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

/** Whether Istio takes a template, and Envoy reads it as it is meant. */
export function isTemplate(text: string): boolean {
  return text
    .slice(1)
    .split("/")
    .every((segment, index, all) =>
      segment === any ? index === all.length - 1 : segment === one || literalSegment.test(segment),
    );
}

/** RE2 of the paths of RFC 3986 that a template matches. */
export function templatePattern(text: string): string {
  return text
    .split("/")
    .map((segment) => (segment === one ? "[^/]+" : segment === any ? ".*" : quoted(segment)))
    .join("/");
}

/** Segments that differ from the others, at most. */
const mostExceptions = 24;

/** Beginnings of segments that are followed in search of them. */
const mostWords = 5000;

/** What follows a slash by segments: any one but a few, and these. */
export const byTemplates: OtherWay = (text, state, look) =>
  text.endsWith("/") ? (segments(text, false, state, look) ?? lastSegment(text, state, look)) : undefined;

/** One more segment, told by its ends: all that begins and ends so, without what has a slash. */
function lastSegment(text: string, state: number, look: Look): readonly Piece[] | undefined {
  const { table, isDead } = look;
  const inside = new Set([state]);
  for (const from of inside) {
    for (const byte of pathLetters) {
      const to = byte === slash ? undefined : stateAfter(table, from, [byte]);
      if (to !== undefined) inside.add(to);
    }
  }
  if ([...inside].some((from) => !isDead(stateAfter(table, from, [slash]) ?? from))) return undefined;
  const pieces = look.coverWithout(slash, text, state);
  if (pieces === undefined) return undefined;
  const deeper: readonly Atom[] = [
    { kind: "template", text: `${text}${one}/${any}` },
    { kind: "prefix", text: `${text}/` },
  ];
  if (!isTemplate(`${text}${one}/${any}`)) return undefined;
  return pieces.map((piece) => ({ ...piece, noneOf: [...piece.noneOf, ...deeper] }));
}

/** Undefined where a segment is told by more than which one it is. */
function segments(text: string, inTemplate: boolean, state: number, look: Look): readonly Piece[] | undefined {
  const { table, isDead, isAll } = look;
  const { next, ends, classes } = table;
  const afterSlash = (from: number): number => stateAfter(table, from, [slash]) ?? from;
  const inSegment = classes.map((bytes) => bytes.filter((byte) => byte !== slash));
  const steps = (from: number): readonly { readonly to: number; readonly bytes: readonly number[] }[] =>
    (next[from] ?? []).flatMap((to, letter) => {
      const bytes = inSegment[letter] ?? [];
      return bytes.length === 0 ? [] : [{ to, bytes }];
    });
  const usual = stayIn(state, (from) => steps(from).map(({ to }) => to));
  if (usual === undefined || (isDead(usual) && !inTemplate)) return undefined;
  const isUsual = (one: number): boolean => ends[one] === ends[usual] && afterSlash(one) === afterSlash(usual);
  const exceptions = wordsNotTo(usual, isUsual, state, steps);
  if (exceptions === undefined) return undefined;

  const atom = (path: string): Atom => ({ kind: inTemplate || path.includes(one) ? "template" : "exact", text: path });
  const below = (path: string): Atom =>
    inTemplate || path.includes(one)
      ? { kind: "template", text: `${path}/${any}` }
      : { kind: "prefix", text: `${path}/` };
  /** What follows a segment. */
  const after = (path: string, from: number): readonly Piece[] | undefined => {
    const templated = inTemplate || path.includes(one);
    const pieces: Piece[] = ends[from] === true ? [{ anyOf: [atom(path)], noneOf: [] }] : [];
    const further = afterSlash(from);
    if (isDead(further)) return pieces;
    if (isAll(further)) return [...pieces, { anyOf: [below(path)], noneOf: [] }];
    const rest = templated ? segments(`${path}/`, true, further, look) : look.cover(`${path}/`, further);
    return rest === undefined ? undefined : [...pieces, ...rest];
  };

  const found: Piece[] = [];
  // An empty segment.
  const empty = afterSlash(state);
  if (inTemplate && (ends[state] === true || !isDead(empty))) return undefined;
  if (ends[state] === true) found.push({ anyOf: [{ kind: "exact", text }], noneOf: [] });
  if (!isDead(empty)) found.push(...look.cover(`${text}/`, empty));
  for (const { word, state: to } of exceptions) {
    const pieces = after(text + textOf(word), to);
    if (pieces === undefined) return undefined;
    found.push(...pieces);
  }
  if (!isDead(usual)) {
    const pieces = after(text + one, usual);
    if (pieces === undefined) return undefined;
    const noneOf = exceptions.flatMap(({ word }) => {
      const path = text + textOf(word);
      return [atom(path), below(path)];
    });
    found.push(...pieces.map((piece) => ({ ...piece, noneOf: [...piece.noneOf, ...noneOf] })));
  }
  const named = found.flatMap((piece) => [...piece.anyOf, ...piece.noneOf]).filter(({ kind }) => kind === "template");
  return named.every((template) => isTemplate(template.text)) ? found : undefined;
}

/** The one state in which all long walks end; undefined where there are several. */
function stayIn(from: number, stepsOf: (state: number) => readonly number[]): number | undefined {
  const reach = new Set(stepsOf(from));
  for (const state of reach) for (const to of stepsOf(state)) reach.add(to);
  const stays = [...reach].filter((state) => stepsOf(state).every((to) => to === state));
  const [only] = stays;
  if (stays.length !== 1 || only === undefined) return undefined;
  // All others have to lead on, and never back.
  const done = new Set([only]);
  for (let before = -1; before < done.size;) {
    before = done.size;
    for (const state of reach) if (stepsOf(state).every((to) => done.has(to))) done.add(state);
  }
  return done.size === reach.size ? only : undefined;
}

/** The words that do not lead to a state; undefined where they are many. */
function wordsNotTo(
  usual: number,
  isUsual: (state: number) => boolean,
  from: number,
  stepsOf: (state: number) => readonly { readonly to: number; readonly bytes: readonly number[] }[],
): readonly { readonly word: readonly number[]; readonly state: number }[] | undefined {
  const found: { readonly word: readonly number[]; readonly state: number }[] = [];
  let edge = [{ word: [] as readonly number[], state: from }];
  while (edge.length > 0) {
    const following: typeof edge = [];
    for (const { word, state } of edge) {
      for (const { to, bytes } of stepsOf(state)) {
        if (to === usual) continue;
        const words = bytes.map((byte) => ({ word: [...word, byte], state: to }));
        if (!isUsual(to)) found.push(...words);
        following.push(...words);
        if (found.length > mostExceptions || following.length > mostWords) return undefined;
      }
    }
    edge = following;
  }
  return found;
}

/** The bytes of RFC 3986's path characters. */
export const pathLetters: readonly number[] = bytesOf(
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=:@/",
);
