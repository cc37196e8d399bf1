/** A point of a picture, in pixels from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An arrow between the centres of two boxes, as the layout leads it. */
export interface ArrowRoute {
  readonly from: Point;
  readonly to: Point;
  /** From border to border; those between are where it passes the columns of boxes and of labels. */
  readonly points: readonly Point[];
  /** The centre of its label, which one of the points is, and half of the label's width. */
  readonly label: Point & { readonly half: number };
}

/** Size of a box, in pixels. */
export interface BoxSize {
  readonly width: number;
  readonly height: number;
}

/** One end of an arrow at one side of a box. */
interface End {
  /** 1 at the right side, −1 at the left. */
  readonly side: 1 | -1;
  readonly box: Point;
  /** Height of the next point of the arrow. */
  readonly aim: number;
  y: number;
}

/** Furthest distance between arrows that meet at one side of a box, and what arrows leave free at its corners. */
const endDistance = 12;
const corner = 10;

/** Whether chains of calls go to the right, or down: then x and y of all that is given and returned have changed places. */
export type Direction = "right" | "down";

/**
 * The arrows as SVG path data. They leave and reach boxes at their left and right sides, spread over the side's height, and
 * climb only in the gaps between columns, so that no arrow runs under a box that it has nothing to do with.
 *
 * @param direction with "down" the paths are those of the picture mirrored at its diagonal. Default: "right".
 */
export function arrowPaths(
  routes: readonly ArrowRoute[],
  size: BoxSize,
  direction: Direction = "right",
): readonly string[] {
  const place = (x: number, y: number): string =>
    direction === "right" ? `${pixels(x)} ${pixels(y)}` : `${pixels(y)} ${pixels(x)}`;
  const level = direction === "right" ? "H" : "V";
  const columns = columnsOf(routes, size);
  const ends = routes.map((route) => {
    const inner = route.points.slice(1, -1);
    return {
      first: endAt(route.from, inner[0] ?? route.to),
      last: endAt(route.to, inner.at(-1) ?? route.from),
      inner,
    };
  });
  spread(
    ends.flatMap(({ first, last }) => [first, last]),
    size,
  );
  return routes.map(({ from, to, label }, index) => {
    const one = ends[index];
    if (one === undefined || (from.x === to.x && from.y === to.y)) return loop(from, label, size, place);
    const border = ({ side, box, y }: End): Point => ({ x: box.x + (side * size.width) / 2, y });
    const start = border(one.first);
    const parts = [`M${place(start.x, start.y)}`];
    let at = start;
    const climb = (next: Point): void => {
      const middle = (at.x + next.x) / 2;
      parts.push(`C${place(middle, at.y)} ${place(middle, next.y)} ${place(next.x, next.y)}`);
      at = next;
    };
    for (const point of one.inner) {
      const half = (columns.get(Math.round(point.x)) ?? 0) * one.first.side;
      climb({ x: point.x - half, y: point.y });
      at = { x: point.x + half, y: point.y };
      parts.push(`${level}${pixels(at.x)}`);
    }
    climb(border(one.last));
    return parts.join("");
  });
}

/** Half of the width of each column of boxes or labels, by its place. */
function columnsOf(routes: readonly ArrowRoute[], { width }: BoxSize): ReadonlyMap<number, number> {
  const columns = new Map<number, number>();
  const widen = (x: number, half: number): void => {
    columns.set(Math.round(x), Math.max(columns.get(Math.round(x)) ?? 0, half));
  };
  for (const { from, to, label } of routes) {
    // The label of an arrow to the same box stands below it, in no column.
    if (from.x !== to.x) widen(label.x, label.half);
    for (const box of [from, to]) widen(box.x, width / 2);
  }
  return columns;
}

function endAt(box: Point, next: Point): End {
  return { side: next.x < box.x ? -1 : 1, box, aim: next.y, y: box.y };
}

/** Gives the ends at one side of a box heights of their own, in the order of where they lead. */
function spread(ends: readonly End[], { height }: BoxSize): void {
  const sides = new Map<string, End[]>();
  for (const end of ends) {
    const key = `${String(end.box.x)} ${String(end.box.y)} ${String(end.side)}`;
    const known = sides.get(key);
    if (known === undefined) sides.set(key, [end]);
    else known.push(end);
  }
  for (const side of sides.values()) {
    const distance = Math.min(endDistance, (height - 2 * corner) / Math.max(side.length - 1, 1));
    side.sort((a, b) => a.aim - b.aim);
    side.forEach((end, index) => {
      end.y += (index - (side.length - 1) / 2) * distance;
    });
  }
}

/** A box's arrow to itself: down, through its label, and up again. */
function loop(
  { x, y }: Point,
  label: Point,
  { width, height }: BoxSize,
  place: (x: number, y: number) => string,
): string {
  const bottom = y + height / 2;
  const [left, right] = [x - width / 2 + corner, x + width / 2 - corner];
  const bend = label.y - corner;
  const parts = [
    `M${place(left, bottom)}L${place(left, bend)}`,
    `Q${place(left, label.y)} ${place(left + corner, label.y)}L${place(right - corner, label.y)}`,
    `Q${place(right, label.y)} ${place(right, bend)}L${place(right, bottom)}`,
  ];
  return parts.join("");
}

/** A length for SVG, to a tenth of a pixel. */
export function pixels(value: number): string {
  return String(Math.round(value * 10) / 10);
}
