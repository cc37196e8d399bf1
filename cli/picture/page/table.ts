import { type PageCall, type PageData } from "../page-data";
import { callDetails } from "./call-text";
import { button, counted, element } from "./dom";
import { lineOf, lineText } from "./lines";
import { nameOf } from "./names";
import { type Kept } from "./visible";

/** The same as the picture, as text. */
export interface Table {
  readonly root: HTMLElement;
  /** @param query what names are searched for, in small letters; empty for all. */
  readonly draw: (kept: Kept, query: string) => void;
}

/** Rows that are added at a time, and most callers that one row names. */
const rowsAtOnce = 200;
const mostNamed = 20;

/** Makes the table's part of the page. */
export function makeTable(data: PageData): Table {
  const idle = element("p", { class: "idle" });
  const body = element("tbody");
  const more = element("p");
  const head = ["Who calls", "What is called", "Calls", "Routes"].map((title) =>
    element("th", { scope: "col" }, title),
  );
  const root = element(
    "section",
    { class: "table", "aria-label": "Table", tabindex: "0" },
    idle,
    element(
      "table",
      {},
      element("caption", {}, "Every call that is let through or fails, by who calls and what is called"),
      element("thead", {}, element("tr", {}, ...head)),
      body,
    ),
    more,
  );
  const draw = (kept: Kept, query: string): void => {
    const rows = kept.calls.flatMap((call) => {
      const callers = (data.callerSets[call.callers] ?? []).filter((caller) => kept.callerIs(call, caller));
      if (query === "") return [{ call, callers }];
      const target = `${call.address} ${nameOf(data, call.to)}`.toLowerCase().includes(query);
      const found = target ? callers : callers.filter((caller) => nameOf(data, caller).toLowerCase().includes(query));
      return found.length === 0 ? [] : [{ call, callers: found }];
    });
    idle.textContent = idleText(data, kept, query);
    body.replaceChildren();
    const add = (): void => {
      const next = rows.slice(body.childElementCount, body.childElementCount + rowsAtOnce);
      body.append(...next.map(({ call, callers }) => rowOf(data, call, callers)));
      const left = rows.length - body.childElementCount;
      more.replaceChildren(
        rows.length === 0
          ? "No call is left to show."
          : left > 0
            ? button(`Show more: ${counted(left, "row is", "rows are")} left`, {}, add)
            : counted(rows.length, "row"),
      );
    };
    add();
  };
  return { root, draw };
}

function rowOf(data: PageData, call: PageCall, callers: readonly number[]): HTMLElement {
  const names = callers.slice(0, mostNamed).map((caller) => {
    const note = data.boxes[caller]?.note;
    return element("span", { class: "who" }, nameOf(data, caller), note === undefined ? undefined : ` (${note})`);
  });
  const more = callers.length - mostNamed;
  return element(
    "tr",
    {},
    element("td", {}, ...names, more > 0 ? ` and ${counted(more, "other")}` : undefined),
    element("td", {}, call.address),
    element("td", {}, lineText(lineOf(call))),
    element("td", {}, ...callDetails(data, call)),
  );
}

/** Most names in a sentence about those who may call nobody. */
const mostIdle = 60;

/** Who may call nobody: first those who serve nothing either. */
function idleText(data: PageData, kept: Kept, query: string): string {
  const calling = new Set(
    kept.calls.filter(({ tone }) => tone !== "none").flatMap(({ callers }) => data.callerSets[callers] ?? []),
  );
  const idle = [...kept.boxes].flatMap((place) => {
    const box = data.boxes[place];
    if (box === undefined || box.kind === "host" || box.kind === "service" || calling.has(place)) return [];
    const name = nameOf(data, place);
    return name.toLowerCase().includes(query) ? [{ name, box }] : [];
  });
  const sentence = (title: string, names: readonly string[]): string => {
    if (names.length === 0) return "";
    const more = names.length > mostIdle ? ` and ${String(names.length - mostIdle)} more` : "";
    return `${title}: ${names.slice(0, mostIdle).join(", ")}${more}. `;
  };
  const serving = idle.filter(({ box }) => box.serves.length > 0).map(({ name }) => name);
  const others = idle
    .filter(({ box }) => box.serves.length === 0)
    .map(({ name, box }) => (box.note === undefined ? name : `${name} (${box.note})`));
  return sentence("May call nobody", others) + sentence("Services that call nobody", serving);
}
