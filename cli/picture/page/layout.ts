import dagre from "@dagrejs/dagre";
import { arrowPaths, type BoxSize, type Direction, type Point } from "../arrow-paths";
import { type Visible } from "./visible";

/** A rectangle of the picture, by its upper left corner. */
export interface Place extends Point, BoxSize {}

/** Where everything is drawn. */
export interface Layout extends BoxSize {
  /** Where chains of calls begin. */
  readonly beginning: Point;
  /** The boxes, in the order in which they are shown. */
  readonly boxes: readonly Place[];
  /** Frames of groups that are unfolded, by the group. */
  readonly frames: ReadonlyMap<number, Place>;
  /** SVG path data of the arrows, in their order, and the centres of their labels where they have any. */
  readonly arrows: readonly { readonly path: string; readonly label?: Point }[];
}

/** Most boxes, and most arrows, that can be followed by eye: a few, or not many more than there are boxes. */
const mostBoxes = 60;
const fewArrows = 40;
const arrowsPerBox = 1.6;

/** Whether so much can be drawn as boxes with arrows between them. */
export function isDrawable({ shown, arrows }: Visible): boolean {
  const between = arrows.filter(({ from, to }) => from !== to).length;
  return shown.length <= mostBoxes && between <= Math.max(fewArrows, arrowsPerBox * shown.length);
}

/** Between a frame and its boxes; above them stands the group's name. */
const padding = 10;
export const titleHeight = 26;
const margin = 12;

/** Scale at which the picture's smallest text, 13 px, is still 11 px high. */
export const smallestReadable = 0.85;

/** Whether all of a picture can be seen and read at once. */
export function fits({ width, height }: BoxSize, windowWidth: number, windowHeight: number): boolean {
  return width * smallestReadable <= windowWidth && height * smallestReadable <= windowHeight;
}

/** Ways to sort boxes into columns, the best first. Of one picture in some hundred the first gives frames that overlap. */
const rankers = ["network-simplex", "tight-tree", "longest-path"] as const;

/**
 * Boxes with arrows between them, groups that are unfolded in frames. Undefined where they cannot be drawn without overlapping.
 *
 * @param size of every box.
 * @param labels sizes of the arrows' labels, in the arrows' order; those that have none are undefined, or missing.
 * @param direction of chains of calls.
 */
export function layoutOf(
  visible: Visible,
  size: BoxSize,
  labels: readonly (BoxSize | undefined)[],
  direction: Direction,
): Layout | undefined {
  for (const ranker of rankers) {
    const found = laidOut(visible, size, labels, direction, ranker);
    if (found !== undefined && !overlaps(visible, found)) return found;
  }
  return undefined;
}

function laidOut(
  { shown, arrows }: Visible,
  size: BoxSize,
  labels: readonly (BoxSize | undefined)[],
  direction: Direction,
  ranker: (typeof rankers)[number],
): Layout | undefined {
  // Everything is laid out to the right; for "down" width and height change places before, and x and y after.
  const turned = direction === "down";
  const turn = <T extends BoxSize>({ width, height }: T): BoxSize =>
    turned ? { width: height, height: width } : { width, height };
  const box = turn(size);
  const framed = new Set(shown.filter(({ end }) => end.kind === "box").map(({ group }) => group));
  const graph = new dagre.graphlib.Graph({ multigraph: true, compound: true });
  // Frames above each other need more room than those beside each other, for the name of the group.
  graph.setGraph({
    rankdir: "LR",
    ranker,
    nodesep: turned ? 22 : 26,
    edgesep: turned ? 10 : 18,
    ranksep: turned ? 44 : 56,
    marginx: margin + (turned ? titleHeight : padding),
    marginy: margin + (turned ? padding : titleHeight),
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const group of framed) graph.setNode(`group ${String(group)}`, {});
  shown.forEach(({ group, end }, place) => {
    graph.setNode(String(place), { ...box });
    if (end.kind === "box") graph.setParent(String(place), `group ${String(group)}`);
  });
  arrows.forEach(({ from, to }, place) => {
    if (from === to) return;
    const label = labels[place];
    graph.setEdge(
      String(from),
      String(to),
      { ...(label === undefined ? { width: 0, height: 0 } : turn(label)), labelpos: "c" },
      String(place),
    );
  });
  try {
    dagre.layout(graph);
  } catch (error) {
    // dagre cannot end an arrow that it led through the middle of a box: another way to sort them avoids that.
    if (error instanceof Error && error.message.startsWith("Not possible to find intersection")) return undefined;
    throw error;
  }

  const centre = (place: number): Point => {
    const { x, y } = graph.node(String(place));
    return { x, y };
  };
  const routes = arrows.map(({ from, to }, place) => {
    const start = centre(from);
    if (from === to) return { from: start, to: start, points: [], label: { ...start, half: 0 } };
    const half = turn(labels[place] ?? { width: 0, height: 0 }).width / 2;
    const { points, x = 0, y = 0 } = graph.edge({ v: String(from), w: String(to), name: String(place) });
    return { from: start, to: centre(to), points, label: { x, y, half } };
  });
  const paths = arrowPaths(routes, box, direction);
  const mirrored = ({ x, y }: Point): Point => (turned ? { x: y, y: x } : { x, y });
  const boxes = shown.map((_, place): Place => {
    const { x, y } = mirrored(centre(place));
    return { x: x - size.width / 2, y: y - size.height / 2, ...size };
  });
  const { width = 0, height = 0 } = shown.length === 0 ? {} : graph.graph();
  const [first = { x: 0, y: 0 }] = boxes.toSorted((a, b) => (turned ? a.y - b.y || a.x - b.x : a.x - b.x || a.y - b.y));
  return {
    ...turn({ width, height }),
    beginning: { x: first.x, y: first.y },
    boxes,
    frames: framesOf(shown, boxes, framed),
    arrows: routes.map(({ label }, place) => ({
      path: paths[place] ?? "",
      ...(labels[place] !== undefined && { label: mirrored(label) }),
    })),
  };
}

/** Whether frames, and boxes that are in none, lie over each other. */
function overlaps({ shown }: Visible, { boxes, frames }: Layout): boolean {
  const places = [...frames.values(), ...boxes.filter((_, place) => shown[place]?.end.kind === "group")];
  return places.some((one, index) =>
    places
      .slice(index + 1)
      .some(
        (other) =>
          one.x < other.x + other.width &&
          other.x < one.x + one.width &&
          one.y < other.y + other.height &&
          other.y < one.y + one.height,
      ),
  );
}

function framesOf(
  shown: Visible["shown"],
  boxes: readonly Place[],
  framed: ReadonlySet<number>,
): ReadonlyMap<number, Place> {
  return new Map(
    Array.from(framed, (group) => {
      const inside = boxes.filter((_, place) => shown[place]?.group === group);
      const left = Math.min(...inside.map(({ x }) => x)) - padding;
      const top = Math.min(...inside.map(({ y }) => y)) - titleHeight;
      const right = Math.max(...inside.map(({ x, width }) => x + width)) + padding;
      const bottom = Math.max(...inside.map(({ y, height }) => y + height)) + padding;
      return [group, { x: left, y: top, width: right - left, height: bottom - top }];
    }),
  );
}
