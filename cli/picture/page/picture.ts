import { type PageData } from "../page-data";
import { lineStyles, tints, urgency } from "../tones";
import { type BoxSize } from "../arrow-paths";
import { type Camera, cameraOf } from "./camera";
import { button, type Content, counted, drawn, element } from "./dom";
import { neighbourTo } from "./keyboard";
import { fits, isDrawable, type Layout, layoutOf } from "./layout";
import { lineSample, signOf } from "./lines";
import { describeBox, describeGroup } from "./names";
import { type Choice, type End, isChosen, keyOf } from "./state";
import { type Shown, type ShownArrow, type Visible } from "./visible";

/** What a reader does in the picture. */
export interface PictureActions {
  /** Chosen once an end is looked at; once more, a folded group is unfolded. */
  readonly choose: (choice: Choice | undefined) => void;
  readonly fold: (group: number) => void;
  /** Shows the matrix instead. */
  readonly matrix: () => void;
}

/** Boxes and arrows, in a window that pans and zooms. */
export interface Picture {
  readonly root: HTMLElement;
  /** Draws anew. `fresh`: other things than before are shown, so that it begins at its beginning. */
  readonly draw: (visible: Visible, fresh: boolean) => void;
  /** Marks what is chosen, and what names are searched for. */
  readonly mark: (choice: Choice | undefined, hits: ReadonlySet<number> | undefined) => void;
  /** Brings an end into view. */
  readonly reveal: (end: End) => void;
}

/** Most arrows that have labels; more of them are read one by one. */
const mostLabels = 24;

/** Widths below which chains of calls go down. */
const narrow = 700;

/** Makes the picture's part of the page. */
export function makePicture(data: PageData, act: PictureActions): Picture {
  const world = element("div", { class: "world" });
  const stage = element("div", { class: "stage" }, world);
  const legend = element("ul", { class: "legend", "aria-label": "What the lines mean" });
  const hint = element("p", { class: "hint" });
  const camera = cameraOf(stage, world);
  const root = element(
    "section",
    { class: "picture", "aria-label": "Picture. The view Table has the same as text." },
    stage,
    element("div", { class: "foot" }, hint, legend, zoomButtons(camera)),
  );
  let visible: Visible = { shown: [], arrows: [] };
  let chosen: Choice | undefined;
  let buttons = new Map<string, HTMLElement>();
  let lines: readonly SVGGElement[] = [];

  /** Marks what touches an end, and puts everything else back. */
  const highlight = (end: End | undefined): void => {
    const place = end === undefined ? -1 : visible.shown.findIndex((one) => keyOf(one.end) === keyOf(end));
    world.classList.toggle("focused", place >= 0);
    const between = visible.arrows.filter(({ from, to }) => from !== to);
    const calling = new Set(between.filter(({ to }) => to === place).map(({ from }) => from));
    const called = new Set(between.filter(({ from }) => from === place).map(({ to }) => to));
    visible.shown.forEach((one, index) => {
      const target = buttons.get(keyOf(one.end));
      target?.classList.toggle("calling", calling.has(index));
      target?.classList.toggle("called", called.has(index));
      target?.classList.toggle("centre", index === place);
    });
    visible.arrows.forEach(({ from, to }, index) => {
      lines[index]?.classList.toggle("on", from === place || to === place);
    });
  };
  const highlightChosen = (): void => highlight(chosen === undefined || chosen.kind === "pair" ? undefined : chosen);

  const buttonOf = (one: Shown): HTMLElement => {
    const made = boxButton(data, visible, one);
    made.addEventListener("click", () => {
      if (one.end.kind === "group" && isChosen(chosen, one.end)) act.fold(one.group);
      else act.choose(one.end);
    });
    for (const name of ["mouseenter", "focus"]) made.addEventListener(name, () => highlight(one.end));
    for (const name of ["mouseleave", "blur"]) made.addEventListener(name, highlightChosen);
    made.addEventListener("focus", () => camera.reveal(made));
    return made;
  };
  const frameTitle = (group: number): HTMLElement =>
    button(data.groups[group]?.title ?? "", { class: "frame-title", "aria-expanded": "true", title: "Fold" }, () =>
      act.fold(group),
    );

  const draw = (next: Visible, fresh: boolean): void => {
    const focused = [...buttons].find(([, one]) => one === document.activeElement)?.[0];
    visible = next;
    buttons = new Map(visible.shown.map((one) => [keyOf(one.end), buttonOf(one)]));
    const titles = new Map(
      visible.shown.filter(({ end }) => end.kind === "box").map(({ group }) => [group, frameTitle(group)]),
    );
    for (const [group, title] of titles) buttons.set(`title ${String(group)}`, title);
    const boxes = visible.shown.flatMap(({ end }) => buttons.get(keyOf(end)) ?? []);
    world.className = "world";
    world.replaceChildren(...boxes, ...titles.values());
    const layout = isDrawable(visible) ? laidOut(visible, boxes, [...titles.values()], stage) : undefined;
    if (layout === undefined) {
      lines = [];
      drawGrid(data, world, visible, boxes, titles);
    } else lines = drawLayout(world, visible, boxes, titles, layout, act);
    world.classList.toggle("with-arrows", layout !== undefined);
    if (layout === undefined) {
      const size = gridSize();
      // Cards are in rows as wide as the window: they begin at its top, at their full size.
      if (fresh) camera.fit({ ...size, height: stage.clientHeight }, { x: 0, y: 0 });
      camera.resize(size);
    } else if (fresh) camera.fit(layout, layout.beginning);
    else camera.resize(layout);
    hint.replaceChildren(...hintOf(visible, layout === undefined, act));
    legend.replaceChildren(...legendOf(visible));
    const first = [...buttons.values()][0];
    for (const one of buttons.values()) one.tabIndex = one === first ? 0 : -1;
    if (focused !== undefined) buttons.get(focused)?.focus({ preventScroll: true });
    highlightChosen();
  };

  /** Cards in rows fill the window, from its top. */
  const gridSize = (): BoxSize => {
    world.style.width = `${String(stage.clientWidth)}px`;
    return { width: stage.clientWidth, height: Math.max(world.offsetHeight, stage.clientHeight) };
  };
  // What is chosen takes a part of the window.
  new ResizeObserver(() => {
    if (world.classList.contains("grid")) camera.resize(gridSize());
  }).observe(stage);

  stage.addEventListener("keydown", (event) => {
    if (!(event.target instanceof HTMLElement)) return;
    const all = [...buttons.values()];
    if (event.key === "+" || event.key === "=") camera.zoomBy(1.25);
    else if (event.key === "-") camera.zoomBy(0.8);
    else if (event.key === "0") camera.whole();
    else {
      const next = neighbourTo(event.target, event.key, all);
      if (next === undefined) return;
      for (const one of all) one.tabIndex = one === next ? 0 : -1;
      next.focus({ preventScroll: true });
    }
    event.preventDefault();
  });

  return {
    root,
    draw,
    mark: (choice, hits) => {
      chosen = choice;
      for (const { end, boxes } of visible.shown) {
        const target = buttons.get(keyOf(end));
        target?.setAttribute("aria-pressed", String(isChosen(choice, end)));
        target?.classList.toggle("hit", hits !== undefined && boxes.some((box) => hits.has(box)));
      }
      world.classList.toggle("searched", hits !== undefined);
      highlightChosen();
    },
    reveal: (end) => {
      const target = buttons.get(keyOf(end));
      if (target !== undefined) camera.reveal(target);
    },
  };
}

function zoomButtons(camera: Camera): HTMLElement {
  return element(
    "div",
    { class: "zoom", role: "group", "aria-label": "Size of the picture" },
    button("+", { "aria-label": "Larger", title: "Larger (+)" }, () => camera.zoomBy(1.25)),
    button("−", { "aria-label": "Smaller", title: "Smaller (−)" }, () => camera.zoomBy(0.8)),
    button("Fit", { title: "Show all of it (0)" }, camera.whole),
  );
}

function boxButton(data: PageData, { shown, arrows }: Visible, one: Shown): HTMLElement {
  const { end, boxes } = one;
  const place = shown.indexOf(one);
  const box = end.kind === "box" ? data.boxes[end.place] : undefined;
  const passing = arrows.filter(({ tone }) => tone !== "none" && tone !== "share");
  const out = passing.filter(({ from, to }) => from === place && to !== place).length;
  const into = passing.filter(({ from, to }) => to === place && from !== place).length;
  const inside = passing.find(({ from, to }) => from === place && to === place);
  const idle = box !== undefined && box.kind !== "host" && out + into === 0 && inside === undefined;
  const role = box === undefined ? describeGroup(data, boxes) : describeBox(box);
  const group = data.groups[one.group];
  const space =
    box === undefined || box.kind === "host" ? "" : box.kind === "caller" ? "outside: " : `${group?.title ?? ""}/`;
  // What is seen is the button's name for a screen reader, too, with what its frame and its arrows say to others.
  const parts: readonly Content[] = [
    element(
      "span",
      { class: "name" },
      space === "" ? undefined : element("span", { class: "unseen" }, space),
      box?.title ?? group?.title ?? "",
    ),
    element("span", { class: "role" }, role),
    idle ? element("span", { class: "role denied" }, idleText(data, end.place)) : undefined,
    inside === undefined || box === undefined ? undefined : element("span", { class: "role" }, "calls itself"),
    idle ? undefined : element("span", { class: "role sums" }, `calls ${String(out)}, called by ${String(into)}`),
  ];
  return element(
    "button",
    {
      type: "button",
      class: `box ${box?.kind ?? "folded"} tint${String(one.group % tints.length)}${idle ? " idle" : ""}${box?.only === undefined ? "" : ` only-${box.only}`}`,
      "aria-pressed": "false",
      ...(end.kind === "group" && { "aria-expanded": "false" }),
    },
    ...parts,
  );
}

/** What is said of a box that nothing passes from or to. */
function idleText({ boxes }: PageData, place: number): string {
  return (boxes[place]?.serves.length ?? 0) === 0 ? "may call nobody" : "nobody may call it";
}

function laidOut(
  visible: Visible,
  boxes: readonly HTMLElement[],
  titles: readonly HTMLElement[],
  stage: HTMLElement,
): Layout | undefined {
  // All boxes are of one size, so that columns are even, and so wide that the names of groups fit above them.
  const width = Math.max(120, ...[...boxes, ...titles].map(({ offsetWidth }) => offsetWidth));
  const height = Math.max(40, ...boxes.map(({ offsetHeight }) => offsetHeight));
  const direction = stage.clientWidth < narrow ? "down" : "right";
  const labels =
    visible.arrows.length > mostLabels
      ? []
      : visible.arrows.map((arrow) => ({ width: labelOf(arrow).length * 7.5 + 14, height: 20 }));
  const labelled = layoutOf(visible, { width, height }, labels, direction);
  if (labels.length === 0 || labelled === undefined || fits(labelled, stage.clientWidth, stage.clientHeight))
    return labelled;
  // Labels take a third of the room. Where the picture does not fit with them, they are left to what is said of a chosen arrow,
  // but for the shares of a split, which nothing else tells at sight.
  const shares = labels.map((label, place) => (visible.arrows[place]?.tone === "share" ? label : undefined));
  return layoutOf(visible, { width, height }, shares, direction);
}

/** What stands at an arrow. */
function labelOf({ calls, count, tone }: ShownArrow): string {
  const [only] = calls;
  return signOf(tone) + (calls.length === 1 && count === 1 && only !== undefined ? only.label : counted(count, "call"));
}

function drawLayout(
  world: HTMLElement,
  { shown, arrows }: Visible,
  boxes: readonly HTMLElement[],
  titles: ReadonlyMap<number, HTMLElement>,
  layout: Layout,
  act: PictureActions,
): readonly SVGGElement[] {
  const { width, height } = layout;
  world.style.width = `${String(width)}px`;
  world.style.height = `${String(height)}px`;
  const put = (target: HTMLElement, at: { x: number; y: number; width: number; height: number }): void => {
    Object.assign(target.style, {
      left: `${String(at.x)}px`,
      top: `${String(at.y)}px`,
      width: `${String(at.width)}px`,
      height: `${String(at.height)}px`,
    });
  };
  layout.boxes.forEach((place, index) => {
    const target = boxes[index];
    if (target !== undefined) put(target, place);
  });
  const frames = Array.from(layout.frames, ([group, place]) => {
    const frame = element("div", { class: `frame tint${String(group % tints.length)}` });
    put(frame, place);
    const title = titles.get(group);
    // Above the lines, so that none runs through it.
    if (title !== undefined) {
      title.classList.add(`tint${String(group % tints.length)}`);
      Object.assign(title.style, {
        left: `${String(place.x + 2)}px`,
        top: `${String(place.y + 1)}px`,
        maxWidth: `${String(place.width - 4)}px`,
      });
    }
    return frame;
  });
  const lines = arrows.map((arrow, index) => {
    if (arrow.from === arrow.to) return drawn("g");
    const { path = "", label } = layout.arrows[index] ?? {};
    const from = shown[arrow.from]?.end;
    const to = shown[arrow.to]?.end;
    const text = labelOf(arrow);
    const half = text.length * 3.7 + 5;
    const line = drawn(
      "g",
      { class: `line ${arrow.tone}` },
      drawn("path", { class: "reach", d: path }),
      drawn("path", { class: arrow.tone, d: path, "marker-end": `url(#head-${arrow.tone})` }),
      ...(label === undefined
        ? []
        : [
            drawn("rect", { x: label.x - half, y: label.y - 10, width: half * 2, height: 20, rx: 10 }),
            drawn("text", { x: label.x, y: label.y + 4.5 }, text),
          ]),
    );
    line.addEventListener("click", () => {
      if (from !== undefined && to !== undefined) act.choose({ kind: "pair", from, to });
    });
    return line;
  });
  const used = [...new Set(arrows.map(({ tone }) => tone))];
  const heads = used.map((tone) =>
    drawn(
      "marker",
      {
        id: `head-${tone}`,
        class: tone,
        viewBox: "0 0 10 10",
        refX: 9,
        refY: 5,
        markerWidth: 7,
        markerHeight: 7,
        orient: "auto",
      },
      drawn("path", { class: "head", d: "M0 0 10 5 0 10z" }),
    ),
  );
  const svg = drawn("svg", { "aria-hidden": "true", width, height }, drawn("defs", {}, ...heads), ...lines);
  world.prepend(...frames, svg);
  return lines;
}

/** So many boxes that arrows would hide them: cards in rows, and who calls whom is marked for the one that is pointed at. */
function drawGrid(
  data: PageData,
  world: HTMLElement,
  { shown }: Visible,
  boxes: readonly HTMLElement[],
  titles: ReadonlyMap<number, HTMLElement>,
): void {
  world.classList.add("grid");
  world.style.height = "auto";
  const rank = { callers: 0, namespace: 1, hosts: 2 };
  const groups = [...new Set(shown.map(({ group }) => group))]
    .flatMap((place) => ({ place, ...(data.groups[place] ?? { title: "", kind: "namespace" as const }) }))
    .sort((a, b) => rank[a.kind] - rank[b.kind] || a.title.localeCompare(b.title, "en", { numeric: true }))
    .map(({ place }) => place);
  const cards = groups.flatMap((group) => {
    const own = boxes.filter((_, place) => shown[place]?.group === group);
    const title = titles.get(group);
    return title === undefined
      ? own
      : [
          element(
            "div",
            { class: `frame tint${String(group % tints.length)}` },
            title,
            element("div", { class: "inside" }, ...own),
          ),
        ];
  });
  world.replaceChildren(...cards);
}

function hintOf({ shown, arrows }: Visible, grid: boolean, act: PictureActions): readonly (Node | string)[] {
  if (shown.length === 0) return ["Nothing is left to show."];
  if (!grid) return [];
  const count = arrows.filter(({ from, to }) => from !== to).length;
  return [
    `${counted(count, "arrow")} would hide each other: point at a box to see who calls it and whom it calls, or see all of them in the `,
    button("matrix", { class: "link" }, act.matrix),
    ".",
  ];
}

function legendOf({ arrows }: Visible): readonly HTMLElement[] {
  const used = new Set(arrows.map(({ tone }) => tone));
  return urgency
    .filter((tone) => used.has(tone))
    .map((tone) => element("li", {}, lineSample(tone), lineStyles[tone].title));
}
