/** In which direction a key leads, as x and y. */
const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Where a key leads from one of some elements: to the nearest in its direction, or to the first or the last. */
export function neighbourTo(from: HTMLElement, key: string, all: readonly HTMLElement[]): HTMLElement | undefined {
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  const direction = directions[key];
  if (direction === undefined) return undefined;
  const [right, down] = direction;
  const start = centreOf(from);
  let nearest: HTMLElement | undefined;
  let best = Infinity;
  for (const one of all) {
    if (one === from) continue;
    const { x, y } = centreOf(one);
    const ahead = (x - start.x) * right + (y - start.y) * down;
    const aside = Math.abs((x - start.x) * down) + Math.abs((y - start.y) * right);
    // What is straight ahead comes before what is nearer and aside.
    const distance = ahead + aside * 2;
    if (ahead > 1 && distance < best) [nearest, best] = [one, distance];
  }
  return nearest;
}

function centreOf(one: HTMLElement): { readonly x: number; readonly y: number } {
  const { left, right, top, bottom } = one.getBoundingClientRect();
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}
