import { type PageData } from "../page-data";
import { detailsOf } from "./details";
import { byId, counted, element } from "./dom";
import { makeMatrix } from "./matrix";
import { choiceName, nameOf } from "./names";
import { makePicture } from "./picture";
import { type Choice, type End, type State } from "./state";
import { makeTable } from "./table";
import { makeTools } from "./tools";
import { keptOf, unfoldedFirst, visibleOf } from "./visible";

/** Reads the data that the page was made with, and shows it. */
function start(): void {
  const data = JSON.parse(byId("data").textContent ?? "") as PageData;
  const changes = data.kind === "diff" && data.calls.some(({ change }) => change !== undefined);
  const filters = { only: undefined, denied: true, changes };
  let state: State = {
    ...filters,
    view: "picture",
    unfolded: unfoldedFirst(data, keptOf(data, filters)),
    choice: undefined,
    query: "",
  };
  let kept = keptOf(data, state);
  const details = byId("details");

  const choose = (choice: Choice | undefined): void => change({ choice });
  const fold = (group: number): void => {
    const unfolded = new Set(state.unfolded);
    if (!unfolded.delete(group)) unfolded.add(group);
    change({ unfolded });
  };
  const picture = makePicture(data, { choose, fold, matrix: () => change({ view: "matrix" }) });
  const matrix = makeMatrix(data, choose);
  const table = makeTable(data);
  const tools = makeTools(data, {
    change: (part) => change(part),
    foldAll: (folded) => change({ unfolded: new Set(folded ? [] : data.groups.keys()) }),
    goTo: (query) => {
      const [place] = found(query) ?? [];
      const group = place === undefined ? undefined : data.boxes[place]?.group;
      if (place === undefined || group === undefined) return;
      const end: End = { kind: "box", place };
      change({ choice: end, unfolded: new Set([...state.unfolded, group]) });
      picture.reveal(end);
    },
  });
  const only = (end: End): void => change({ only: end });

  /** Boxes whose names have the text, those whose whole name it is first; undefined where none is asked for. */
  function found(query: string): readonly number[] | undefined {
    const wanted = query.trim().toLowerCase();
    if (wanted === "") return undefined;
    const named = data.boxes.map((_, place) => ({ place, name: nameOf(data, place).toLowerCase() }));
    const exact = named.filter(({ name }) => name === wanted);
    return [...exact, ...named.filter(({ name }) => name !== wanted && name.includes(wanted))].map(
      ({ place }) => place,
    );
  }

  function change(part: Partial<State>): void {
    const before = state;
    state = { ...state, ...part };
    const filtered = before.only !== state.only || before.denied !== state.denied || before.changes !== state.changes;
    if (filtered) {
      kept = keptOf(data, state);
      if (before.denied === state.denied) state = { ...state, unfolded: unfoldedFirst(data, kept) };
    }
    draw(before, filtered);
  }

  function draw(before: State | undefined, fresh: boolean): void {
    const hits = found(state.query);
    const redrawn = fresh || before?.unfolded !== state.unfolded || before.view !== state.view;
    for (const [view, { root }] of [
      ["picture", picture],
      ["matrix", matrix],
      ["table", table],
    ] as const) {
      root.hidden = view !== state.view;
    }
    if (before === undefined || fresh || before.choice !== state.choice || before.unfolded !== state.unfolded) {
      const { choice } = state;
      const inside = details.contains(document.activeElement);
      details.replaceChildren(
        ...(choice === undefined
          ? []
          : detailsOf(data, kept, state.unfolded, choice, {
              choose,
              only,
              fold,
              table: () => change({ view: "table" }),
            })),
      );
      details.hidden = choice === undefined;
      if (before?.choice !== choice) details.scrollTop = 0;
      if (inside) details.querySelector("h2")?.focus();
      byId("said").textContent = choice === undefined ? "" : `${choiceName(data, choice)} is chosen.`;
    }
    const visible = visibleOf(data, kept, state.unfolded);
    if (state.view === "picture") {
      if (redrawn) picture.draw(visible, fresh || before?.view !== state.view);
      picture.mark(state.choice, hits === undefined ? undefined : new Set(hits));
    } else if (state.view === "matrix") {
      if (redrawn) matrix.draw(visible);
    } else if (redrawn || before.query !== state.query) table.draw(kept, state.query.trim().toLowerCase());
    tools.draw(
      state,
      visible.shown.some(({ end, boxes }) => end.kind === "group" && boxes.length > 1),
    );
    byId("summary").replaceChildren(...summaryOf(hits?.length));
  }

  function summaryOf(hits: number | undefined): readonly (Node | string)[] {
    if (hits !== undefined) return [`${counted(hits, "name")} found. Enter goes to the first.`];
    const services = data.boxes.reduce((sum, { serves }) => sum + serves.length, 0);
    const pairs = data.calls.reduce((sum, { callers }) => sum + (data.callerSets[callers]?.length ?? 0), 0);
    const spaces = data.groups.filter(({ kind }) => kind === "namespace").length;
    const sums = [counted(services, "service"), counted(spaces, "namespace"), counted(pairs, "call")].join(", ");
    return [[`${sums}.`, ...data.notes].join(" "), ...data.remarks.map(remarkOf)];
  }

  byId("tools").replaceWith(tools.root);
  document.querySelector("main")?.replaceChildren(picture.root, matrix.root, table.root);
  draw(undefined, true);
  window.addEventListener("resize", () => draw(undefined, true));
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") choose(undefined);
  });
}

/** A longer sentence, which opens where it is asked for. */
function remarkOf(text: string): HTMLElement {
  return element("details", {}, element("summary", {}, "More"), element("p", {}, text));
}

start();
