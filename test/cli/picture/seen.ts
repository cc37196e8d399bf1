/** What a reader has before them. */
export interface Seen {
  /** Height of the smallest text of the page, in CSS pixels as it is drawn, and that text. */
  readonly smallest: { readonly size: number; readonly text: string };
  /** Texts that are wider than where they stand. */
  readonly clipped: readonly string[];
  /** Pairs of boxes that lie over each other, and boxes whose text is under another element. */
  readonly overlapping: readonly string[];
  /** Boxes that are wholly in view, and all there are. */
  readonly inView: number;
  readonly boxes: number;
  /** Whether the page is wider or higher than its window. */
  readonly scrolls: boolean;
  readonly animations: number;
}

/** Measures a page, in the page: what it gives is a {@link Seen}. Plain JavaScript, as the tests have no types of browsers. */
export const measure = `(() => {
  const shown = (one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility === "visible";
  const world = document.querySelector(".world");
  const scaleOf = (one) => (world.contains(one) ? new DOMMatrix(getComputedStyle(world).transform).a : 1);
  const texts = [...document.querySelectorAll("body *")].filter(
    (one) =>
      shown(one) && !one.closest("script, style") && getComputedStyle(one).clipPath === "none" &&
      [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ""),
  );
  const sizes = texts.map((one) => ({
    size: parseFloat(getComputedStyle(one).fontSize) * scaleOf(one),
    text: one.textContent.trim(),
  }));
  const stage = document.querySelector(".stage").getBoundingClientRect();
  const boxes = [...document.querySelectorAll(".box")].filter(shown);
  const rects = boxes.map((one) => one.getBoundingClientRect());
  const meet = (a, b) =>
    a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
  const inside = (a) =>
    a.left >= stage.left && a.right <= stage.right && a.top >= stage.top && a.bottom <= stage.bottom;
  const overlapping = [];
  rects.forEach((a, index) => {
    rects.slice(index + 1).forEach((b, other) => {
      if (meet(a, b)) overlapping.push(boxes[index].textContent + " and " + boxes[index + 1 + other].textContent);
    });
    if (!inside(a)) return;
    const top = document.elementFromPoint((a.left + a.right) / 2, (a.top + a.bottom) / 2);
    if (!boxes[index].contains(top)) overlapping.push(boxes[index].textContent + " is under " + top?.className);
  });
  const root = document.documentElement;
  return {
    smallest: sizes.reduce((least, one) => (one.size < least.size ? one : least)),
    clipped: texts
      .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== "visible")
      .map((one) => one.textContent),
    overlapping,
    inView: rects.filter(inside).length,
    boxes: boxes.length,
    scrolls: root.scrollWidth > innerWidth || root.scrollHeight > innerHeight,
    animations: document.getAnimations().length,
  };
})()`;
