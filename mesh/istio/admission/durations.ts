import { type Refuse } from "./webhook";

const nanosecondsOf = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 } as const;
const span = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|[uµμ]s|ms|s|m|h))+)$/;
const parts = /(\d*)\.?(\d*)(ns|[uµμ]s|ms|s|m|h)/g;
const most = 2n ** 63n;
const millisecond = 1_000_000n;

/**
 * Nanoseconds of a span of time as Go writes it (time.ParseDuration); undefined where it is none, or longer than 64 bits tell. What is
 * less than a nanosecond is cut off.
 */
export function nanoseconds(text: string): bigint | undefined {
  if (!span.test(text)) return undefined;
  const isNegative = text.startsWith("-");
  const sum = [...text.matchAll(parts)].reduce((total, [, whole = "", fraction = "", unit]) => {
    const size = nanosecondsOf[unit as keyof typeof nanosecondsOf];
    const rest = Math.trunc(Number(fraction) * (size / Number(`1e${String(fraction.length)}`)));
    return total + BigInt(whole) * BigInt(size) + BigInt(rest);
  }, 0n);
  if (sum > (isNegative ? most : most - 1n)) return undefined;
  return isNegative ? -sum : sum;
}

/** Whether a span is of a millisecond or more. */
export function isMillisecond(text: string): boolean {
  return (nanoseconds(text) ?? 0n) >= millisecond;
}

/** Whether a span is of less than a millisecond, forwards or backwards: where that is allowed, it stands for none. */
export function isNoTime(text: string): boolean {
  return (nanoseconds(text) ?? 0n) / millisecond === 0n;
}

export function isWholeSeconds(text: string): boolean {
  return (nanoseconds(text) ?? 0n) % (1000n * millisecond) === 0n;
}

/** Spans of time are whole milliseconds, one or more (agent.ValidateDuration). */
export function checkDuration(text: string | undefined, path: string, refuse: Refuse): void {
  if (text === undefined || (isMillisecond(text) && (nanoseconds(text) ?? 0n) % millisecond === 0n)) return;
  refuse(
    "duration",
    path,
    `${JSON.stringify(text)} is no number of whole milliseconds`,
    "write one such as 250ms or 1.5s",
  );
}
