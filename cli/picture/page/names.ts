import { type PageBox, type PageData } from "../page-data";
import { roleOf } from "../role-text";
import { counted } from "./dom";
import { type Choice, type End } from "./state";

/** A box's full name, as the command names it: `namespace/name`, `outside: 10.0.0.0/8`, or a host. */
export function nameOf({ groups, boxes }: PageData, place: number): string {
  const box = boxes[place];
  if (box === undefined) return "";
  const group = groups[box.group];
  if (box.kind === "caller") return `outside: ${box.title}`;
  return box.kind === "host" || group === undefined ? box.title : `${group.title}/${box.title}`;
}

/** The full name of a box, or of a group. */
export function nameOfEnd(data: PageData, { kind, place }: End): string {
  return kind === "box" ? nameOf(data, place) : (data.groups[place]?.title ?? "");
}

/** What is chosen, in words. */
export function choiceName(data: PageData, choice: Choice): string {
  if (choice.kind !== "pair") return nameOfEnd(data, choice);
  return `${nameOfEnd(data, choice.from)} → ${nameOfEnd(data, choice.to)}`;
}

/** What a box is, and on which side of a comparison it is alone. */
export function describeBox(box: PageBox): string {
  const side = box.only === undefined ? "" : box.only === "after" ? ", new" : ", gone";
  return `${roleOf(box)}${side}`;
}

/** What a folded group has in it. */
export function describeGroup(data: PageData, places: readonly number[]): string {
  const boxes = places.flatMap((place) => data.boxes[place] ?? []);
  const of = (...kinds: readonly PageBox["kind"][]): number => boxes.filter(({ kind }) => kinds.includes(kind)).length;
  const serving = boxes.filter(({ serves }) => serves.length > 0).length;
  const parts = [
    [serving, "service"],
    [boxes.length - serving - of("caller", "host"), "caller"],
    [of("caller"), "kind of callers", "kinds of callers"],
    [of("host"), "host"],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => counted(count, one, many))
    .join(", ");
}
