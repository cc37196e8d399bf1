import { difference, exampleOf, intersection, type Language, languageOf } from "../regex/language";
import {
  type Atom,
  type Cover,
  type Domain,
  endsCover,
  languageOfPieces,
  nearCover,
  type OtherWay,
  type Piece,
} from "../regex/ends-cover";
import { narrower, wider } from "./near-cover";
import { byTemplates, isTemplate, pathLetters, templatePattern } from "./path-template";

/** Paths of RFC 3986, without query. Beyond them a template is not what a pattern is, and sidecars write most differently. */
export const plainPath = String.raw`/[a-zA-Z0-9\-._~%!$&'()*+,;=:@/]*`;

/** What an AuthorizationPolicy can say of paths. */
const paths: Domain = {
  letters: pathLetters,
  root: "/",
  texts: languageOf(plainPath),
  noun: "path",
  sayable: ({ kind, text }) => {
    if (kind === "template") return isTemplate(text);
    if (kind === "exact") return !text.endsWith("*");
    return text !== "";
  },
  patternOf: templatePattern,
};

/** Values that a header can have, as bytes. */
const headerLetters: readonly number[] = [
  0x09,
  ...Array.from({ length: 0x5f }, (_, index) => 0x20 + index),
  ...Array.from({ length: 0x80 }, (_, index) => 0x80 + index),
];

/** RE2 of all values that a header can have. */
export const anyHeaderValue = String.raw`(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?`;

/** What an AuthorizationPolicy can say of the values of a header that is there. */
const headerValues: Domain = {
  letters: headerLetters,
  root: "",
  texts: languageOf(anyHeaderValue),
  noun: "value",
  sayable: ({ kind, text }) => {
    // Bytes that are no character cannot be written.
    if (/[\udc80-\udcff]/.test(text) || text === "") return false;
    if (kind === "exact") return !text.startsWith("*") && !text.endsWith("*");
    return kind === "suffix" || !text.startsWith("*");
  },
};

/**
 * A path language in what an AuthorizationPolicy can say: exact paths, prefixes, suffixes, what is left without some, and templates.
 * Equal for every path of RFC 3986: the automata of both are compared, whatever made the cover.
 */
export function pathCover(language: Language): Cover {
  return endsCover(intersection(language, paths.texts), paths, byTemplates);
}

/** The same for the values of a header. */
export function headerCover(language: Language): Cover {
  const exact = endsCover(language, headerValues);
  if (exact.kind === "cover") return exact;
  // What no header can be may be in a cover: a blank at an end.
  const free = endsCover(difference(languageOf("(?s).*"), difference(headerValues.texts, language)), headerValues);
  return free.kind === "cover" ? free : exact;
}

/** A cover that is near a language: what it says, and a text that shows the difference. */
export interface Near {
  readonly pieces: readonly Piece[];
  readonly witness: string;
}

/** The nearest covers on both sides of a path language that has none itself. */
export function nearPaths(language: Language): { readonly narrower?: Near; readonly wider?: Near } {
  return nearOf(language, paths);
}

/** The same for the values of a header. */
export function nearHeaders(language: Language): { readonly narrower?: Near; readonly wider?: Near } {
  return nearOf(language, headerValues);
}

function nearOf(all: Language, domain: Domain): { readonly narrower?: Near; readonly wider?: Near } {
  const language = intersection(all, domain.texts);
  const side = (way: OtherWay, isWider: boolean): Near | undefined => {
    // Inside, texts that do not count may be taken for the language's.
    const free = difference(languageOf("(?s).*"), difference(domain.texts, language));
    const found = nearCover(isWider || domain.root !== "" ? language : free, domain, way);
    // Everything is always wider.
    const pieces = isWider ? (found ?? [{ anyOf: [], noneOf: [] }]) : sayableOf(found ?? [], domain);
    if (pieces.length === 0) return undefined;
    const covered = languageOfPieces(pieces, domain);
    const [more, less] = isWider ? [covered, language] : [language, covered];
    const witness = exampleOf(difference(more, less));
    return witness === undefined || !difference(less, more).isEmpty ? undefined : { pieces, witness };
  };
  const [inside, outside] = [side(narrower, false), side(wider, true)];
  return { ...(inside && { narrower: inside }), ...(outside && { wider: outside }) };
}

/** Pieces without the values that cannot be written. */
function sayableOf(pieces: readonly Piece[], domain: Domain): readonly Piece[] {
  return pieces.flatMap((piece) => {
    const anyOf = piece.anyOf.filter((atom) => domain.sayable(atom));
    return anyOf.length === 0 && piece.anyOf.length > 0 ? [] : [{ ...piece, anyOf }];
  });
}

/** An atom as a policy writes it. */
export function valueOf({ kind, text }: Atom): string {
  return kind === "prefix" ? `${text}*` : kind === "suffix" ? `*${text}` : text;
}
