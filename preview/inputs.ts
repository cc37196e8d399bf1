import { pullRequestOf } from "../program/previews/settings";
import { InputProblem } from "./problem";

/** Name of a preview's stack. */
export function stackOf(pullRequest: number): string {
  return `pr-${pullRequest}`;
}

/** A text in a message: short, and without anything that a terminal or GitHub would act on. */
export function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(short.replace(/[^ -~…]/g, "?"));
}

/** @throws {InputProblem} where the text is no positive integer of at most nine digits. */
export function readPullRequest(text: string | undefined): number {
  if (text === undefined) throw new InputProblem("Say which pull request: --pr 12.");
  const number = pullRequestOf(`pr-${text}`);
  if (number !== undefined) return number;
  throw new InputProblem(`--pr ${quoted(text)} is no number of a pull request: write a positive integer, such as 12.`);
}

/** @throws {InputProblem} where the text is no whole commit id: anything shorter may come to mean another commit. */
export function readCommit(text: string): string {
  if (/^[0-9a-f]{40}$/.test(text)) return text;
  throw new InputProblem(`--commit ${quoted(text)} is no commit: write all 40 hexadecimal digits.`);
}

/** @throws {InputProblem} where the text is no login of GitHub, an app's included. */
export function readOwner(text: string): string {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?$/.test(text)) return text;
  throw new InputProblem(`--owner ${quoted(text)} is no login: write letters, digits and -, such as octocat.`);
}

/** @throws {InputProblem} where the text cannot name a stack. */
export function readStack(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(text) && pullRequestOf(text) === undefined) return text;
  throw new InputProblem(`--base ${quoted(text)} is no stack that previews could share: write one such as dev.`);
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longest life of a preview: whoever needs one for longer pushes again. */
const longest = 30 * 86_400_000;

/**
 * A duration such as `90m`, `72h` or `7d`, in milliseconds.
 *
 * @param option what the person wrote it for, such as `--ttl`.
 * @throws {InputProblem} where it is none, or longer than 30 days.
 */
export function readDuration(text: string, option: string): number {
  const [, amount, unit = ""] = /^([1-9]\d{0,3})([smhd])$/.exec(text) ?? [];
  const length = units[unit];
  if (amount === undefined || length === undefined) {
    throw new InputProblem(`${option} ${quoted(text)} is no duration: write minutes, hours or days, such as 72h.`);
  }
  const milliseconds = Number(amount) * length;
  if (milliseconds > longest) throw new InputProblem(`${option} ${quoted(text)} is too long: at most 30d.`);
  return milliseconds;
}

/** @throws {InputProblem} where the text is no number from 1 to 10. */
export function readCount(text: string, option: string): number {
  if (/^([1-9]|10)$/.test(text)) return Number(text);
  throw new InputProblem(`${option} ${quoted(text)} is no number from 1 to 10.`);
}
