import { type PageCall } from "../page-data";
import { changeStyles, type LineName, lineStyles } from "../tones";
import { drawn, element } from "./dom";

/** A piece of a line, for a legend or beside its meaning in words. */
export function lineSample(line: LineName): SVGElement {
  return drawn(
    "svg",
    { class: "sample", width: 30, height: 10, "aria-hidden": "true" },
    drawn("path", { class: line, d: "M0 5H30" }),
  );
}

/** How the calls are drawn. */
export function lineOf({ change, tone }: PageCall): LineName {
  return change?.kind ?? tone;
}

/** The sign before a change; nothing for what is none. */
export function signOf(line: LineName): string {
  const style: { readonly sign?: string } | undefined = Object.entries(changeStyles).find(
    ([name]) => name === line,
  )?.[1];
  return style?.sign === undefined ? "" : `${style.sign} `;
}

/** What a line means, in words and as it is drawn. */
export function lineText(line: LineName): HTMLElement {
  return element("span", { class: `meaning ${line}` }, lineSample(line), `${signOf(line)}${lineStyles[line].title}`);
}
