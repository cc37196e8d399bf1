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

/**
 * The power of the size with which a time grows, by least squares on logarithms: 1 is linear. Undefined for fewer than two sizes. Small
 * sizes tell of the start of a process alone: what is below `from` is left out.
 */
export function growth(
  runs: readonly { readonly size: number; readonly time: number }[],
  from: number,
): number | undefined {
  const logs = runs
    .filter(({ size }) => size >= from)
    .map(({ size, time }) => ({ x: Math.log(size), y: Math.log(time) }));
  if (logs.length < 2) return undefined;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mx = mean(logs.map(({ x }) => x));
  const my = mean(logs.map(({ y }) => y));
  const covariance = mean(logs.map(({ x, y }) => (x - mx) * (y - my)));
  return covariance / mean(logs.map(({ x }) => (x - mx) ** 2));
}
