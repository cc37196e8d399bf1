import { type PageCall, type PageData } from "../page-data";
import { type LineName, urgency } from "../tones";
import { type End, type State } from "./state";

/** What is drawn as one box: a box of the data, or a whole group that is folded. */
export interface Shown {
  readonly end: End;
  /** Place of its group. */
  readonly group: number;
  /** Boxes of the data that it stands for, as far as they are shown at all. */
  readonly boxes: readonly number[];
}

/** All calls from one shown box to another. */
export interface ShownArrow {
  /** Places among what is shown. */
  readonly from: number;
  readonly to: number;
  readonly calls: readonly PageCall[];
  /** Pairs of caller and port. */
  readonly count: number;
  /** How it is drawn: the most urgent of the calls. */
  readonly tone: LineName;
}

/** What a state lets be seen of the data. */
export interface Visible {
  readonly shown: readonly Shown[];
  /** Between different boxes, and from one to itself, which is told in words. */
  readonly arrows: readonly ShownArrow[];
}

/** Which boxes and calls are left by the filters. */
export interface Kept {
  readonly boxes: ReadonlySet<number>;
  readonly calls: readonly PageCall[];
  /** Whether this caller's part of a call is shown. */
  readonly callerIs: (call: PageCall, caller: number) => boolean;
}

/** Most boxes that are shown one by one from the start. */
const mostUnfolded = 40;

/** Whether an end means this box, itself or with its group. */
export function endHas(data: PageData, end: End, box: number): boolean {
  return end.kind === "box" ? end.place === box : data.boxes[box]?.group === end.place;
}

/** What the filters leave. */
export function keptOf(data: PageData, { only, denied, changes }: Pick<State, "only" | "denied" | "changes">): Kept {
  const wanted = data.calls.filter(
    ({ tone, change }) => (denied || tone !== "none" || change !== undefined) && (!changes || change !== undefined),
  );
  if (only === undefined && !changes) {
    return { boxes: new Set(data.boxes.keys()), calls: wanted, callerIs: () => true };
  }
  const callerIs = (call: PageCall, caller: number): boolean =>
    only === undefined || endHas(data, only, call.to) || endHas(data, only, caller);
  const boxes = new Set<number>();
  data.boxes.forEach((box, place) => {
    if (only === undefined ? box.only !== undefined : endHas(data, only, place)) boxes.add(place);
  });
  const calls = wanted.filter((call) => {
    const callers = (data.callerSets[call.callers] ?? []).filter((caller) => callerIs(call, caller));
    if (callers.length === 0) return false;
    for (const place of [...callers, call.to]) boxes.add(place);
    return true;
  });
  return { boxes, calls, callerIs };
}

/** Groups that are unfolded from the start: all where that is few boxes, those of one box, and one that is alone. */
export function unfoldedFirst(data: PageData, { boxes }: Kept): ReadonlySet<number> {
  const sizes = new Map<number, number>();
  for (const box of boxes) {
    const { group = 0 } = data.boxes[box] ?? {};
    sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const spaces = [...sizes.keys()].filter((group) => data.groups[group]?.kind === "namespace");
  const all = boxes.size <= mostUnfolded;
  return new Set([...sizes].filter(([, size]) => all || size === 1 || spaces.length === 1).map(([group]) => group));
}

/** What is drawn, and the arrows between it. */
export function visibleOf(data: PageData, kept: Kept, unfolded: ReadonlySet<number>): Visible {
  const shown: { readonly end: End; readonly group: number; readonly boxes: number[] }[] = [];
  const groups = new Map<number, number>();
  const places = new Map<number, number>();
  for (const box of [...kept.boxes].sort((a, b) => a - b)) {
    const { group = 0 } = data.boxes[box] ?? {};
    const known = unfolded.has(group) ? undefined : groups.get(group);
    if (known !== undefined) {
      shown[known]?.boxes.push(box);
      places.set(box, known);
      continue;
    }
    const end: End = unfolded.has(group) ? { kind: "box", place: box } : { kind: "group", place: group };
    const place = shown.push({ end, group, boxes: [box] }) - 1;
    if (end.kind === "group") groups.set(group, place);
    places.set(box, place);
  }
  return { shown, arrows: arrowsOf(data, kept, places) };
}

function arrowsOf(data: PageData, kept: Kept, places: ReadonlyMap<number, number>): readonly ShownArrow[] {
  const arrows = new Map<
    string,
    { readonly from: number; readonly to: number; readonly calls: PageCall[]; count: number; tone: LineName }
  >();
  for (const call of kept.calls) {
    const to = places.get(call.to);
    if (to === undefined) continue;
    const counts = new Map<number, number>();
    for (const caller of data.callerSets[call.callers] ?? []) {
      const from = kept.callerIs(call, caller) ? places.get(caller) : undefined;
      if (from !== undefined) counts.set(from, (counts.get(from) ?? 0) + 1);
    }
    const tone = call.change?.kind ?? call.tone;
    for (const [from, count] of counts) {
      const key = `${String(from)} ${String(to)}`;
      const known = arrows.get(key);
      if (known === undefined) arrows.set(key, { from, to, calls: [call], count, tone });
      else {
        known.calls.push(call);
        known.count += count;
        if (urgency.indexOf(tone) < urgency.indexOf(known.tone)) known.tone = tone;
      }
    }
  }
  return [...arrows.values()];
}
