import { RunError } from "@pulumi/pulumi";

const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/**
 * Seconds of a duration such as `90s`, `30m` or `1h30m`, as Pulumi's `customTimeouts` takes them.
 *
 * @throws Error that names `property` if `text` is not one, or is nothing.
 */
export function durationSeconds(property: string, text: string): number {
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  const seconds = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitSeconds[unit ?? ""] ?? 0), 0);
  if (parts.map(([part]) => part).join("") !== text || seconds === 0) {
    throw new RunError(
      `${property}: "${text}" is not a duration. Write hours, minutes and seconds, for example 30m or 1h30m.`,
    );
  }
  return seconds;
}
