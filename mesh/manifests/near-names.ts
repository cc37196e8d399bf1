/** The names that were most likely meant: at most three, by the number of letters to change, nearest first. */
export function nearNames(name: string, known: Iterable<string>): readonly string[] {
  const found: { readonly name: string; readonly distance: number }[] = [];
  for (const other of known) {
    const distance = editDistance(name.toLowerCase(), other.toLowerCase());
    // A third of the letters, or the same last part in another namespace.
    const close = distance <= Math.max(2, Math.floor(name.length / 3));
    if (close || lastPart(name) === lastPart(other)) found.push({ name: other, distance });
  }
  return found
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, mostNear)
    .map((one) => one.name);
}

/** A question for the names that are near, such as `did you mean cart or card?`; undefined where none is. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const near = nearNames(name, known);
  return near.length === 0 ? undefined : `did you mean ${near.join(" or ")}?`;
}

/**
 * Names of which one is a slip for certain enough to say so where nothing else tells that it is wrong: a letter more, less or another,
 * letters in another order, or two letters in a name of six and more.
 */
export function slipsOf(name: string, known: Iterable<string>): readonly string[] {
  const letters = (text: string): string => [...text].sort().join("");
  return nearNames(name, known).filter((other) => {
    const distance = editDistance(name.toLowerCase(), other.toLowerCase());
    return distance <= (name.length < 6 ? 1 : 2) || letters(name) === letters(other);
  });
}

const mostNear = 3;

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Levenshtein's distance, by rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
