import { describe, expect, it } from "vitest";
import { fits, isDrawable, layoutOf, type Place } from "../../../cli/picture/page/layout";
import { type Shown, type ShownArrow, type Visible } from "../../../cli/picture/page/visible";
import { randomOf } from "./shop";

/** Boxes in groups of some size, every fifth group folded, and random arrows between them. */
function randomPicture(seed: number): Visible {
  const random = randomOf(seed);
  const count = 2 + random(40);
  const perGroup = 1 + random(8);
  const shown = Array.from({ length: count }, (_, place): Shown => {
    const group = Math.floor(place / perGroup);
    return group % 5 === 4
      ? { end: { kind: "group", place: 1000 + place }, group: 1000 + place, boxes: [place] }
      : { end: { kind: "box", place }, group, boxes: [place] };
  });
  const arrows = new Map<string, ShownArrow>();
  for (let left = random(count * 2); left > 0; left -= 1) {
    const [from, to] = [random(count), random(count)];
    arrows.set(`${String(from)} ${String(to)}`, { from, to, calls: [], count: 1, tone: "all" });
  }
  return { shown, arrows: [...arrows.values()] };
}

const size = { width: 180, height: 48 };

function meet(one: Place, other: Place): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

describe("the layout of a picture", () => {
  it.each(["right", "down"] as const)("lets nothing lie over anything, and nothing outside, going %s", (direction) => {
    let drawn = 0;
    // Seed 1239 is one of which the first way to sort boxes has frames that overlap.
    for (const seed of [...Array.from({ length: 25 }, (_, index) => index), 1239]) {
      const picture = randomPicture(seed);
      const labels = picture.arrows.length > 24 ? [] : picture.arrows.map(() => ({ width: 80, height: 18 }));
      const layout = layoutOf(picture, size, labels, direction);
      if (layout === undefined) continue;
      drawn += 1;
      const { boxes, frames, width, height } = layout;
      const folded = boxes.filter((_, place) => picture.shown[place]?.end.kind === "group");
      for (const places of [boxes, [...frames.values(), ...folded]]) {
        places.forEach((one, index) => {
          expect(places.slice(index + 1).filter((other) => meet(one, other))).toEqual([]);
          expect(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height).toBe(true);
        });
      }
    }
    expect(drawn).toBeGreaterThan(23);
  });

  it("mirrors the picture where chains of calls go down", () => {
    const picture: Visible = {
      shown: [0, 1].map((place) => ({ end: { kind: "box", place }, group: place, boxes: [place] })),
      arrows: [{ from: 0, to: 1, calls: [], count: 1, tone: "all" }],
    };
    const [caller, called] = layoutOf(picture, size, [], "right")?.boxes ?? [];
    const [above, below] = layoutOf(picture, size, [], "down")?.boxes ?? [];
    expect((called?.x ?? 0) - (caller?.x ?? 0)).toBeGreaterThan(size.width);
    expect((below?.y ?? 0) - (above?.y ?? 0)).toBeGreaterThan(size.height);
    expect(layoutOf(picture, size, [], "down")?.arrows[0]?.path).toMatch(/^M[\d.]+ [\d.]+C/);
  });

  it("draws no arrows where there are too many to be followed", () => {
    const shown = Array.from({ length: 20 }, (_, place): Shown => ({
      end: { kind: "group", place },
      group: place,
      boxes: [place],
    }));
    const arrows = shown.flatMap((_, from) =>
      [1, 2, 3].map((step): ShownArrow => ({ from, to: (from + step) % 20, calls: [], count: 1, tone: "all" })),
    );
    expect(isDrawable({ shown, arrows: arrows.slice(0, 40) })).toBe(true);
    expect(isDrawable({ shown, arrows })).toBe(false);
    expect([fits({ width: 1000, height: 500 }, 850, 500), fits({ width: 1001, height: 500 }, 850, 500)]).toEqual([
      true,
      false,
    ]);
  });
});
