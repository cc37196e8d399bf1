/**
 * Text that other people wrote, in GitHub's Markdown. Branches, titles, names of objects and paths may hold anything: markup,
 * mentions that would notify hundreds of people, references that close issues, directions that turn the text around.
 * All of it goes into code, where GitHub looks for none of that, and can not get out of it.
 */

/** Characters that are not seen, or turn the text around them. */
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

function visible(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** One line, shortened to `most` characters, with what cannot be seen made visible. */
export function plainLine(text: string, most = 200): string {
  // Cut first: nobody needs a title of a megabyte made visible. Twice the length, so that a cut is noticed.
  const line = text
    .slice(0, most * 2)
    .replace(/\s+/g, " ")
    .trim()
    .replace(unseen, visible);
  const letters = [...line];
  return letters.length <= most && text.length <= most * 2 ? line : `${letters.slice(0, most - 1).join("")}…`;
}

/** Inline code that shows exactly this text: in HTML, with every character that means something to Markdown as a reference. */
export function code(text: string, most?: number): string {
  return `<code>${references(plainLine(text, most))}</code>`;
}

function references(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

/** A block of code. Its fence is longer than any in the lines, so that none of them can end it. */
export function block(lines: readonly string[], language = "text"): string {
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []);
  const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${fence}${language}\n${lines.join("\n")}\n${fence}`;
}

/** A link that shows where it leads; text where that is no web address. */
export function link(address: string): string {
  if (!URL.canParse(address)) return code(address);
  const url = new URL(address);
  if (
    !["http:", "https:"].includes(url.protocol) ||
    url.username !== "" ||
    url.password !== "" ||
    url.href.length > 200
  ) {
    return code(address);
  }
  // Names in other scripts are shown as they are asked for (xn--…), so that no letter passes for another.
  return `<a href="${references(url.href)}">${references(url.href)}</a>`;
}

/** `1 output`, `2 outputs`. */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}
