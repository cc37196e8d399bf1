import { type PageCall, type PageData } from "../page-data";
import { callDetails } from "./call-text";
import { button, counted, element } from "./dom";
import { lineOf, lineText } from "./lines";
import { choiceName, describeBox, describeGroup, nameOf } from "./names";
import { type Choice, type End } from "./state";
import { endHas, type Kept } from "./visible";

/** What a reader does with what is chosen. */
export interface DetailActions {
  readonly choose: (choice: Choice | undefined) => void;
  readonly only: (end: End) => void;
  readonly fold: (group: number) => void;
  readonly table: () => void;
}

/** Most calls, and most callers of one, that are listed beside the picture: the table has all. */
const mostCalls = 40;
const mostNamed = 8;

/** What is known of the choice, as the content of the page's side. */
export function detailsOf(
  data: PageData,
  kept: Kept,
  unfolded: ReadonlySet<number>,
  choice: Choice,
  act: DetailActions,
): readonly HTMLElement[] {
  const close = button("×", { class: "close", "aria-label": "Close" }, () => act.choose(undefined));
  if (choice.kind === "pair") {
    const { from, to } = choice;
    const calls = kept.calls.filter(
      (call) => endHas(data, to, call.to) && callersOf(data, kept, call, from).length > 0,
    );
    return [
      close,
      element("h2", { tabindex: "-1" }, choiceName(data, choice)),
      ...listOf(data, kept, calls, "Calls", from, undefined, act),
    ];
  }
  const box = choice.kind === "box" ? data.boxes[choice.place] : undefined;
  const group = box?.group ?? choice.place;
  const inside = [...kept.boxes].filter((place) => data.boxes[place]?.group === group);
  const out = kept.calls.filter((call) => callersOf(data, kept, call, choice).length > 0);
  const into = kept.calls.filter(({ to }) => endHas(data, choice, to));
  const folded = !unfolded.has(group);
  return [
    close,
    element("h2", { tabindex: "-1" }, choiceName(data, choice)),
    element("p", { class: "role" }, box === undefined ? describeGroup(data, inside) : describeBox(box)),
    element(
      "p",
      { class: "actions" },
      button("Only what touches it", {}, () => act.only(choice)),
      inside.length > 1
        ? button(`${folded ? "Unfold" : "Fold"} ${data.groups[group]?.title ?? ""}`, {}, () => act.fold(group))
        : undefined,
    ),
    ...(choice.kind === "group" ? [membersOf(data, inside, act)] : []),
    ...listOf(data, kept, out, "May call", choice, "to", act),
    ...listOf(data, kept, into, "Is called by", undefined, "from", act),
  ];
}

function callersOf(data: PageData, kept: Kept, call: PageCall, end: End | undefined): readonly number[] {
  return (data.callerSets[call.callers] ?? []).filter(
    (caller) => kept.callerIs(call, caller) && (end === undefined || endHas(data, end, caller)),
  );
}

function membersOf(data: PageData, inside: readonly number[], act: DetailActions): HTMLElement {
  const names = inside.slice(0, mostCalls).map((place) =>
    element(
      "li",
      {},
      button(data.boxes[place]?.title ?? "", { class: "link" }, () => act.choose({ kind: "box", place })),
    ),
  );
  const more = inside.length - mostCalls;
  return element(
    "ul",
    { class: "members" },
    ...names,
    ...(more > 0 ? [element("li", {}, `and ${String(more)} more`)] : []),
  );
}

/** @param link the end that a call leads to from here, which can be chosen. */
function listOf(
  data: PageData,
  kept: Kept,
  calls: readonly PageCall[],
  title: string,
  from: End | undefined,
  link: "from" | "to" | undefined,
  act: DetailActions,
): readonly HTMLElement[] {
  const items = calls.slice(0, mostCalls).map((call) => {
    const callers = callersOf(data, kept, call, from);
    const boxLink = (place: number): HTMLElement =>
      button(nameOf(data, place), { class: "link" }, () => act.choose({ kind: "box", place }));
    const names = callers.slice(0, mostNamed).map((place) => (link === "from" ? boxLink(place) : nameOf(data, place)));
    const more = callers.length - mostNamed;
    const single = from?.kind === "box" && link === "to";
    return element(
      "li",
      {},
      ...(single ? [] : names.flatMap((name, index) => (index === 0 ? [name] : [", ", name]))),
      more > 0 && !single ? ` and ${String(more)} more` : undefined,
      single ? undefined : " → ",
      link === "to"
        ? button(call.address, { class: "link" }, () => act.choose({ kind: "box", place: call.to }))
        : call.address,
      " ",
      lineText(lineOf(call)),
      ...callDetails(data, call),
    );
  });
  const more = calls.length - mostCalls;
  return [
    element("h3", {}, `${title} (${calls.length.toLocaleString("en")})`),
    items.length === 0 ? element("p", {}, "Nothing.") : element("ul", { class: "calls" }, ...items),
    ...(more > 0
      ? [element("p", {}, button(`${counted(more, "more call")} in the table`, { class: "link" }, act.table))]
      : []),
  ];
}
