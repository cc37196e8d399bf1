/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)] ?? Number.NaN, sorted[Math.ceil(middle)] ?? Number.NaN];
  return (low + high) / 2;
}

/** `median (least–most)` in seconds. */
export function seconds(milliseconds: readonly number[]): string {
  const show = (value: number) => (value / 1000).toFixed(2);
  return `${show(median(milliseconds))} s (${show(Math.min(...milliseconds))}–${show(Math.max(...milliseconds))})`;
}
