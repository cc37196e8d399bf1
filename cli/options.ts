import { parseArgs, type ParseArgsConfig } from "node:util";
import { nearNames } from "../mesh/manifests/near-names";
import { UsageError } from "./usage-error";

/**
 * Reads a command's options and file names.
 *
 * @throws {UsageError} for an option that the command does not have, with the one that was meant.
 */
export function readOptions<const O extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const unknown = /^Unknown option '(-[^']*)'/.exec(error.message)?.[1];
    if (unknown === undefined) throw new UsageError(error.message.split("\n")[0] ?? "");
    const names = optionNames(options);
    const all = names.length === 0 ? " There is none here." : ` There are ${names.join(", ")}.`;
    throw new UsageError(`There is no option ${unknown}.${didYouMean(unknown, names) || all}`);
  }
}

function optionNames(options: NonNullable<ParseArgsConfig["options"]>): readonly string[] {
  return Object.keys(options).map((name) => `--${name}`);
}

/** A question for the nearest name, to be put after what is wrong; empty where none is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const [near] = nearNames(name, known);
  return near === undefined ? "" : ` Did you mean ${near}?`;
}

/**
 * One of some names.
 *
 * @throws {UsageError} for any other, with all that there are.
 */
export function oneOf<const T extends string>(names: readonly T[], value: string, option: string): T {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new UsageError(`${option} is ${JSON.stringify(value)}: write one of ${names.join(", ")}.`);
}
