import { namesSecret } from "../comment";

/**
 * A message that may be shown, as the program that says it writes it. In place of what differs stand fields:
 *
 * - `{name}`, `{kind}`, `{id}`, `{urn}`, `{path}`, `{number}`, `{amounts}`: a word of that form alone, which is shown;
 * - `{words}`: to the end of the line, shown as far as it reads like a sentence, see {@link sentence};
 * - `{rest}`: anything, which is not shown.
 */
export interface MessageShape {
  readonly shape: string;
  /** What was really said. A test holds the shape to it. */
  readonly example: string;
}

/** A line as it may be shown. */
export interface ShownLine {
  readonly text: string;
  /** Whether something of it is left out. */
  readonly cut: boolean;
}

/** What a field may be. Nothing of that has room for a key: a value with `=`, `+` or blanks is no name. */
const fields: Readonly<Record<string, string>> = {
  name: String.raw`[A-Za-z0-9_][\w.():-]{0,89}`,
  kind: String.raw`[A-Za-z][\w.-]{0,80}(?:\/[\w.-]{1,80}){0,2}`,
  id: String.raw`\/[\w.()/-]{1,500}`,
  urn: String.raw`urn:pulumi:[\w.:$@/-]{1,500}`,
  path: String.raw`[\w.[\]"/-]{1,200}`,
  number: String.raw`-?\d{1,12}`,
  amounts: String.raw`[a-z][\w./-]{0,60}=\w{1,12}(?:,[a-z][\w./-]{0,60}=\w{1,12}){0,20}`,
  words: ".*",
  rest: ".*",
};

const compiled = new Map<string, { readonly pattern: RegExp; readonly parts: readonly string[] }>();

/** Text and names of fields in turn, text first. */
function compile(shape: string): { readonly pattern: RegExp; readonly parts: readonly string[] } {
  const known = compiled.get(shape);
  if (known !== undefined) return known;
  const parts = shape.split(/\{([a-z]+)\}/);
  const pattern = parts.map((part, index) => {
    if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
    const field = fields[part];
    if (field === undefined) throw new Error(`The shape "${shape}" has the field {${part}}, which nothing describes.`);
    return `(${field})`;
  });
  const result = { pattern: new RegExp(`^${pattern.join("")}$`), parts };
  compiled.set(shape, result);
  return result;
}

/** A line as the first of the shapes shows it that fits; undefined where none does. */
export function shownBy(shapes: readonly MessageShape[], line: string): ShownLine | undefined {
  for (const { shape } of shapes) {
    const { pattern, parts } = compile(shape);
    const found = pattern.exec(line);
    if (found === null) continue;
    let cut = false;
    const text = parts.map((part, index) => {
      if (index % 2 === 0) return part;
      const value = found[(index + 1) / 2] ?? "";
      if (part !== "words" && part !== "rest") return value;
      if (value === "") return "";
      const shown = part === "words" ? sentence(value) : { text: "…", cut: true };
      cut ||= shown.cut;
      return (/^\s/.test(value) ? " " : "") + shown.text;
    });
    return { text: text.join(""), cut };
  }
  return undefined;
}

/** Marks around a word. */
const before = /^[("'`[]{0,2}/;
const after = /[)"'`\].,;:!?]{0,3}$/;

/** Words that a sentence is made of, and the names that stand in it. */
const words: readonly RegExp[] = [
  /^[A-Za-z]?[a-z]{0,23}$/,
  /^[A-Z]{2,8}$/,
  /^[A-Za-z]+(?:['’-][a-z]+){1,4}$/,
  /^[a-z]{1,20}\(s\)?$/,
  /^\d{1,9}(?:%|\/\d{1,9})?$/,
  // Kinds and properties.
  /^[a-z]{0,20}(?:[A-Z][a-z]{1,20}){1,5}$/,
  /^(?=.{1,120}$)[A-Za-z][A-Za-z]*(?:\.[A-Za-z][A-Za-z]{0,40}|\[\d{1,4}\]|\/[a-z][a-z-]{0,40})+$/,
  // Names of previews, and what the documents write for one.
  /^pr-(?:\d{1,9}|NUMBER)-(?:[a-z-]{0,40}|\*)$/,
  /^(?:aks-mesh|app\.kubernetes\.io|kubernetes\.azure\.com)\/[a-z][a-z-]{0,40}(?:=\d{1,9})?$/,
  /^https:\/\/(?:aka\.ms|learn\.microsoft\.com|docs\.microsoft\.com|kubernetes\.io)\/[A-Za-z0-9/_.-]{1,120}$/,
];

/** The longest word of letters alone that is taken for one. */
const longest = 40;

/**
 * A text as far as it is made of words: it ends before the first thing that could be a key (letters and digits mixed, `=`, base64),
 * and behind a word that announces one.
 */
export function sentence(text: string): ShownLine {
  const shown: string[] = [];
  const all = text.trim().split(/\s+/);
  for (const word of all) {
    const bare = word.replace(before, "").replace(after, "");
    if (bare.length > longest && !bare.startsWith("https://")) break;
    if (bare !== "" && !words.some((form) => form.test(bare))) break;
    shown.push(word);
    if (namesSecret(bare)) break;
  }
  const cut = shown.length < all.length;
  return { text: [...shown, ...(cut ? ["…"] : [])].join(" "), cut };
}
