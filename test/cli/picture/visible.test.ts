import { describe, expect, it } from "vitest";
import { type PageBox, type PageCall, type PageData } from "../../../cli/picture/page-data";
import { keptOf, unfoldedFirst, visibleOf } from "../../../cli/picture/page/visible";

const box = (group: number, title: string): PageBox => ({ group, title, kind: "account", serves: [title] });

const call = (callers: number, to: number, rest: Partial<PageCall> = {}): PageCall => ({
  callers,
  to,
  address: "",
  label: "",
  tone: "some",
  ...rest,
});

/** a and b in one namespace, c in another, d alone: a and b call c, a calls b, c calls d, which always fails. */
const data: PageData = {
  kind: "access",
  notes: [],
  remarks: [],
  groups: ["one", "two", "three"].map((title) => ({ title, kind: "namespace" })),
  boxes: [box(0, "a"), box(0, "b"), box(1, "c"), box(2, "d")],
  callerSets: [[0, 1], [0], [2]],
  calls: [call(0, 2), call(1, 1, { tone: "all" }), call(2, 3, { tone: "none" })],
  routeLists: [[]],
};
const all = { only: undefined, denied: true, changes: false };

function drawn(filters: Parameters<typeof keptOf>[1], unfolded: readonly number[]): readonly string[] {
  const kept = keptOf(data, filters);
  const { shown, arrows } = visibleOf(data, kept, new Set(unfolded));
  const names = shown.map(({ end }) =>
    end.kind === "box" ? data.boxes[end.place]?.title : data.groups[end.place]?.title,
  );
  return [
    names.join(" "),
    ...arrows.map(({ from, to, count, tone }) => `${names[from] ?? ""}→${names[to] ?? ""} ${String(count)} ${tone}`),
  ];
}

describe("what is shown", () => {
  it("is one box for a folded namespace, with the arrows of all that is in it", () => {
    expect(drawn(all, [0, 1, 2])).toEqual(["a b c d", "a→c 1 some", "b→c 1 some", "a→b 1 all", "c→d 1 none"]);
    expect(drawn(all, [1, 2])).toEqual(["one c d", "one→c 2 some", "one→one 1 all", "c→d 1 none"]);
  });

  it("is only what touches a box or a namespace, where that is asked for", () => {
    expect(drawn({ ...all, only: { kind: "box", place: 1 } }, [0, 1, 2])).toEqual(["a b c", "b→c 1 some", "a→b 1 all"]);
    expect(drawn({ ...all, only: { kind: "group", place: 2 } }, [0, 1, 2])).toEqual(["c d", "c→d 1 none"]);
  });

  it("is without what always fails, where that is not asked for; who is called so stays", () => {
    expect(drawn({ ...all, denied: false }, [0, 1, 2])).toEqual(["a b c d", "a→c 1 some", "b→c 1 some", "a→b 1 all"]);
  });

  it("is of a comparison only what changes, by its most urgent change", () => {
    const change = (kind: "opens" | "closes" | "shares", callers: number, to: number): PageCall =>
      call(callers, to, { change: { kind } });
    const compared: PageData = {
      ...data,
      kind: "diff",
      boxes: [...data.boxes, { ...box(2, "e"), only: "after" }],
      calls: [...data.calls, change("shares", 0, 2), change("closes", 1, 2)],
    };
    const kept = keptOf(compared, { ...all, changes: true });
    const { shown, arrows } = visibleOf(compared, kept, new Set([1, 2]));
    expect(shown.map(({ boxes }) => boxes.map((place) => compared.boxes[place]?.title).join(""))).toEqual([
      "ab",
      "c",
      "e",
    ]);
    expect(arrows.map(({ tone, count }) => `${tone} ${String(count)}`)).toEqual(["closes 3"]);
  });

  it("is unfolded from the start where that is few boxes, or one alone", () => {
    expect([...unfoldedFirst(data, keptOf(data, all))]).toEqual([0, 1, 2]);
    const many: PageData = {
      ...data,
      boxes: [...Array.from({ length: 60 }, (_, index) => box(index % 2, String(index))), box(2, "alone")],
    };
    expect([...unfoldedFirst(many, keptOf(many, all))]).toEqual([2]);
  });
});
