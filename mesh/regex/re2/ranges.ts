/** Characters from `lo` to `hi`, both included. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

/** A set of characters: sorted ranges that neither overlap nor touch. */
export type Ranges = readonly Range[];

export const asciiCase = 0x20;

export function isUpper(character: number): boolean {
  return character >= 0x41 && character <= 0x5a;
}

export function isLower(character: number): boolean {
  return character >= 0x61 && character <= 0x7a;
}

/** The set of all the characters of some ranges, given in any order. */
export function union(ranges: readonly Range[]): Ranges {
  const result: Range[] = [];
  for (const { lo, hi } of [...ranges].sort((a, b) => a.lo - b.lo)) {
    const last = result.at(-1);
    if (last === undefined || lo > last.hi + 1) result.push({ lo, hi });
    else if (hi > last.hi) result[result.length - 1] = { lo: last.lo, hi };
  }
  return result;
}

/** All characters up to `most` that are not in the set. */
export function complement(ranges: Ranges, most: number): Ranges {
  const result: Range[] = [];
  let next = 0;
  for (const { lo, hi } of ranges) {
    if (lo > most) break;
    if (lo > next) result.push({ lo: next, hi: lo - 1 });
    next = hi + 1;
  }
  if (next <= most) result.push({ lo: next, hi: most });
  return result;
}

/** The characters of the set up to `most`. */
export function upTo(ranges: Ranges, most: number): Ranges {
  return ranges.filter(({ lo }) => lo <= most).map(({ lo, hi }) => ({ lo, hi: Math.min(hi, most) }));
}

export function contains(ranges: Ranges, character: number): boolean {
  return ranges.some(({ lo, hi }) => lo <= character && character <= hi);
}

/** How many characters the set has. */
export function countOf(ranges: Ranges): number {
  return ranges.reduce((sum, { lo, hi }) => sum + hi - lo + 1, 0);
}

/** Whether the set holds each ASCII letter in both cases or in none. */
export function foldsAscii(ranges: Ranges): boolean {
  for (let upper = 0x41; upper <= 0x5a; upper += 1) {
    if (contains(ranges, upper) !== contains(ranges, upper + asciiCase)) return false;
  }
  return true;
}

/** The range, and the ASCII letters of it in the other case. */
export function foldAscii({ lo, hi }: Range): readonly Range[] {
  const shifted = (from: number, to: number, by: number): readonly Range[] => {
    const first = Math.max(lo, from);
    const last = Math.min(hi, to);
    return first <= last ? [{ lo: first + by, hi: last + by }] : [];
  };
  return [{ lo, hi }, ...shifted(0x41, 0x5a, asciiCase), ...shifted(0x61, 0x7a, -asciiCase)];
}
