import { type PageData } from "../page-data";
import { button, element } from "./dom";
import { nameOf, nameOfEnd } from "./names";
import { type State, type ViewName } from "./state";

/** What a reader does with the page's tools. */
export interface ToolActions {
  readonly change: (part: Partial<State>) => void;
  /** Goes to the first box that is found. */
  readonly goTo: (query: string) => void;
  readonly foldAll: (fold: boolean) => void;
}

/** The tools above the picture. */
export interface Tools {
  readonly root: HTMLElement;
  /** Shows what is set. */
  readonly draw: (state: State, anyFolded: boolean) => void;
}

const views: Readonly<Record<ViewName, string>> = { picture: "Picture", matrix: "Matrix", table: "Table" };

/** Makes the tools. */
export function makeTools(data: PageData, act: ToolActions): Tools {
  const viewButtons = (["picture", "matrix", "table"] as const).map((view) => ({
    view,
    made: button(views[view], { "aria-pressed": "false" }, () => act.change({ view })),
  }));
  const names = data.boxes.map((_, place) => element("option", { value: nameOf(data, place) }));
  const search = element("input", { type: "search", id: "search", list: "names", placeholder: "Search names" });
  search.addEventListener("input", () => act.change({ query: search.value }));
  search.addEventListener("change", () => act.goTo(search.value));
  search.addEventListener("keydown", ({ key }) => {
    if (key === "Enter") act.goTo(search.value);
  });
  const fold = button("", {}, () => act.foldAll(fold.dataset["fold"] === "true"));
  const only = button("", { class: "only" }, () => act.change({ only: undefined }));
  const denied = checkbox("What always fails", (checked) => act.change({ denied: checked }));
  const changes = checkbox("Only what changes", (checked) => act.change({ changes: checked }));
  const root = element(
    "div",
    { class: "tools" },
    element("div", { class: "views", role: "group", "aria-label": "View" }, ...viewButtons.map(({ made }) => made)),
    element("label", { class: "search" }, element("span", { class: "unseen" }, "Search names"), search),
    element("datalist", { id: "names" }, ...names),
    fold,
    ...(data.calls.some(({ tone, change }) => tone === "none" && change === undefined) ? [denied.root] : []),
    ...(data.kind === "diff" ? [changes.root] : []),
    only,
  );
  return {
    root,
    draw: (state, anyFolded) => {
      for (const { view, made } of viewButtons) made.setAttribute("aria-pressed", String(view === state.view));
      denied.input.checked = state.denied;
      changes.input.checked = state.changes;
      fold.textContent = anyFolded ? "Unfold all" : "Fold all";
      fold.dataset["fold"] = String(!anyFolded);
      fold.hidden = state.view === "table";
      only.hidden = state.only === undefined;
      only.textContent =
        state.only === undefined ? "" : `Only what touches ${nameOfEnd(data, state.only)} × show all again`;
    },
  };
}

function checkbox(
  text: string,
  act: (checked: boolean) => void,
): { readonly root: HTMLElement; readonly input: HTMLInputElement } {
  const input = element("input", { type: "checkbox" });
  input.addEventListener("change", () => act(input.checked));
  return { root: element("label", {}, input, ` ${text}`), input };
}
