import { block } from "./escape";

/** A part of the comment, whose lines may be left out from the end where the comment gets too long. */
export interface Section {
  /** Markdown; already safe. */
  readonly title: string;
  /** Markdown before the lines; stays where lines are left out. */
  readonly intro?: string;
  /** Safe text of a code block, one entry each; an entry may have several lines and is left out whole. */
  readonly entries: readonly string[];
  /** `diff` colours lines that begin with + and -. */
  readonly language: "diff" | "text" | "sh";
  /** Folded away until somebody clicks. */
  readonly folded: boolean;
  /** Whose lines go first where there is too much: the smallest. */
  readonly weight: number;
}

/** A comment: the head that always stays, and sections in the order in which they are read. */
export interface Draft {
  readonly head: string;
  readonly sections: readonly Section[];
}

/** The comment's text, at most `most` characters, with a note wherever something was left out. */
export function fit({ head, sections }: Draft, most: number): string {
  const shown = sections.map(({ entries }) => entries.length);
  const whole = (): string =>
    [head, ...sections.map((section, index) => sectionText(section, shown[index] ?? 0))].join("\n\n") + "\n";
  let text = whole();
  const byWeight = sections
    .map((section, index) => ({ section, index }))
    .sort((a, b) => a.section.weight - b.section.weight);
  for (const { section, index } of byWeight) {
    // Each round drops what is too long, measured by the entries themselves; the note may ask for one round more.
    while (text.length > most && (shown[index] ?? 0) > 0) {
      let over = text.length - most;
      let count = shown[index] ?? 0;
      while (count > 0 && over > 0) over -= (section.entries[--count]?.length ?? 0) + 1;
      shown[index] = count;
      text = whole();
    }
  }
  return text;
}

function sectionText({ title, intro, entries, language, folded }: Section, shown: number): string {
  const left = entries.length - shown;
  const parts = [
    ...(intro === undefined ? [] : [intro]),
    ...(shown > 0 ? [block(entries.slice(0, shown), language)] : []),
    ...(left > 0 ? [`_${String(left)} of ${String(entries.length)} left out: too long for one comment._`] : []),
  ];
  if (!folded) return [`#### ${title}`, ...parts].join("\n\n");
  return [`<details><summary>${title}</summary>`, ...parts, "</details>"].join("\n\n");
}
