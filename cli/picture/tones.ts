import { type ChangeKind, type Tone } from "./page-data";

/** How a line is drawn. Dashes say again what colours say, for readers who cannot tell the colours apart. */
export interface LineStyle {
  readonly light: string;
  readonly dark: string;
  readonly dash: string;
  /** What it means. */
  readonly title: string;
}

export const tones: Readonly<Record<Tone, LineStyle>> = {
  all: { light: "#1a7f4b", dark: "#4cc38a", dash: "", title: "everything passes" },
  some: { light: "#2563b0", dark: "#79b0f5", dash: "", title: "some requests pass" },
  unsettled: { light: "#9a5800", dark: "#f0a84b", dash: "8 4", title: "may fail" },
  none: { light: "#b3261e", dark: "#ff8a80", dash: "2 4", title: "always fails" },
  share: { light: "#5b6472", dark: "#9ca3af", dash: "1 3", title: "part of a split" },
};

/** What a change does, most urgent first; `sign` stands before it, as in the text of `aks-mesh diff`. */
export const changeStyles: Readonly<Record<ChangeKind, LineStyle & { readonly sign: string }>> = {
  opens: { light: "#b3261e", dark: "#ff8a80", dash: "", sign: "+", title: "opens" },
  closes: { light: "#1a7f4b", dark: "#4cc38a", dash: "8 4", sign: "−", title: "closes" },
  unsettles: { light: "#9a5800", dark: "#f0a84b", dash: "3 3", sign: "~", title: "may fail now" },
  settles: { light: "#2563b0", dark: "#79b0f5", dash: "3 3", sign: "~", title: "always passes now" },
  shares: { light: "#7a3ea8", dark: "#c79bf0", dash: "1 3", sign: "~", title: "goes to other backends" },
  answers: { light: "#7a3ea8", dark: "#c79bf0", dash: "3 3", sign: "~", title: "fails otherwise" },
  unknown: { light: "#9a5800", dark: "#f0a84b", dash: "1 3", sign: "?", title: "cannot be compared" },
};

/** Every kind of line. */
export const lineStyles: Readonly<Record<LineName, LineStyle>> = { ...tones, ...changeStyles };

/** How a kind of line is named in the page's style. */
export type LineName = Tone | ChangeKind;

/** The kinds of lines, most urgent first: of calls that share an arrow it shows the most urgent. */
export const urgency: readonly LineName[] = [
  "opens",
  "closes",
  "unknown",
  "unsettles",
  "settles",
  "shares",
  "answers",
  "unsettled",
  "some",
  "all",
  "none",
  "share",
];

/** Fills of the boxes of a namespace, light and dark. */
export const tints = [
  ["#e8f1fb", "#1c2f45"],
  ["#efeafa", "#2b2545"],
  ["#e6f5ea", "#1a3626"],
  ["#fcf1de", "#3d2f17"],
  ["#fae9ec", "#40232a"],
  ["#e2f4f6", "#153639"],
] as const;
