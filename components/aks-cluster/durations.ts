const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** Seconds of a duration of Go in whole hours, minutes and seconds, such as `2160h` or `1h30m`; undefined where it is none. */
export function durationSeconds(text: string): number | undefined {
  if (!/^(?:\d+[hms])+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitSeconds[unit ?? ""] ?? 0),
    0,
  );
}
