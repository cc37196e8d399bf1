/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? Number.NaN, sorted[Math.floor(middle)] ?? Number.NaN];
  return (low + high) / 2;
}

/** `median (least–most)` in seconds. */
export function seconds(milliseconds: readonly number[]): string {
  const show = (value: number) => (value / 1000).toFixed(2);
  return `${show(median(milliseconds))} s (${show(Math.min(...milliseconds))}–${show(Math.max(...milliseconds))})`;
}

/** An interval in time, in milliseconds. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/**
 * The most time that any chain of intervals takes of which each begins after the one before it has ended: a lower bound of
 * what the work takes, however much of it runs at once.
 */
export function longestChain(intervals: readonly Interval[]): number {
  const sorted = [...intervals].sort((a, b) => a.end - b.end);
  const best: number[] = [];
  for (const [index, interval] of sorted.entries()) {
    const before = sorted.slice(0, index).findLastIndex(({ end }) => end <= interval.start);
    const chained = (best[before] ?? 0) + (interval.end - interval.start);
    best.push(Math.max(best[index - 1] ?? 0, chained));
  }
  return best.at(-1) ?? 0;
}
