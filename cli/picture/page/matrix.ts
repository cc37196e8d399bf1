import { type PageData } from "../page-data";
import { lineStyles, type LineName } from "../tones";
import { button, counted, element } from "./dom";
import { neighbourTo } from "./keyboard";
import { nameOfEnd } from "./names";
import { type Choice } from "./state";
import { type Shown, type ShownArrow, type Visible } from "./visible";

/** Callers as rows, what is called as columns. */
export interface Matrix {
  readonly root: HTMLElement;
  readonly draw: (visible: Visible) => void;
}

/** Most cells: of more nobody sees anything, and browsers take seconds. */
const mostCells = 60_000;

/** What stands in a cell, as in the table that `aks-mesh access` prints. */
const symbols: Readonly<Record<LineName, string>> = {
  all: "●",
  some: "◐",
  unsettled: "◌",
  none: "○",
  share: "%",
  opens: "+",
  closes: "−",
  unsettles: "~",
  settles: "~",
  shares: "~",
  answers: "~",
  unknown: "?",
};

/** Makes the matrix's part of the page. */
export function makeMatrix(data: PageData, choose: (choice: Choice) => void): Matrix {
  const root = element("section", { class: "matrix", "aria-label": "Matrix", tabindex: "0" });
  root.addEventListener("keydown", (event) => {
    if (!(event.target instanceof HTMLButtonElement)) return;
    const next = neighbourTo(event.target, event.key, [...root.querySelectorAll("button")]);
    if (next === undefined) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  const draw = (visible: Visible): void => {
    const { rows, columns, cells } = cellsOf(data, visible);
    if (rows.length * columns.length > mostCells) {
      const size = `${counted(rows.length, "row")} by ${counted(columns.length, "column")}`;
      root.replaceChildren(
        element(
          "p",
          {},
          `${size} are too many to be read. Fold namespaces, or choose one end and “Only what touches it”.`,
        ),
      );
      return;
    }
    if (rows.length === 0 || columns.length === 0) {
      root.replaceChildren(element("p", {}, "Nothing is left to show."));
      return;
    }
    const text = "Who calls, by row, whom, by column. Empty: never passes. A cell shows its calls.";
    root.replaceChildren(element("p", { id: "matrix-text" }, text), tableOf(rows, columns, cells, choose));
    const first = root.querySelector("button");
    if (first !== null) first.tabIndex = 0;
  };
  return { root, draw };
}

function cellsOf(data: PageData, { shown, arrows }: Visible) {
  const called = new Set(arrows.map(({ to }) => to));
  const calling = new Set(arrows.map(({ from }) => from));
  const cells = new Map(arrows.map((arrow) => [`${String(arrow.from)} ${String(arrow.to)}`, arrow]));
  const sorted = shown
    .map((one, place) => ({ one, place, name: nameOfEnd(data, one.end) }))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const kindsOf = ({ boxes }: Shown): ReadonlySet<string | undefined> =>
    new Set(boxes.map((box) => data.boxes[box]?.kind));
  return {
    cells,
    // Who may call nobody is a row too, an empty one.
    rows: sorted.filter(
      ({ one, place }) => calling.has(place) || [...kindsOf(one)].some((kind) => kind !== "host" && kind !== "service"),
    ),
    columns: sorted.filter(
      ({ one, place }) => called.has(place) || one.boxes.some((box) => (data.boxes[box]?.serves.length ?? 0) > 0),
    ),
  };
}

type Line = ReturnType<typeof cellsOf>["rows"][number];

function tableOf(
  rows: readonly Line[],
  columns: readonly Line[],
  cells: ReadonlyMap<string, ShownArrow>,
  choose: (choice: Choice) => void,
): HTMLElement {
  const heads = columns.map(({ name }) => element("th", { scope: "col" }, element("span", {}, name)));
  const lines = rows.map((row) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, row.name),
      ...columns.map((column) => {
        const arrow = cells.get(`${String(row.place)} ${String(column.place)}`);
        if (arrow === undefined) return element("td");
        const { tone, count } = arrow;
        const label = `${row.name} to ${column.name}: ${lineStyles[tone].title}, ${counted(count, "call")}`;
        return element(
          "td",
          {},
          button(symbols[tone], { class: `cell ${tone}`, "aria-label": label, title: label, tabindex: "-1" }, () =>
            choose({ kind: "pair", from: row.one.end, to: column.one.end }),
          ),
        );
      }),
    ),
  );
  const corner = element("td", { class: "corner" }, "calls →");
  return element(
    "table",
    { "aria-describedby": "matrix-text" },
    element("thead", {}, element("tr", {}, corner, ...heads)),
    element("tbody", {}, ...lines),
  );
}
