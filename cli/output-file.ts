import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { reasonOf } from "./input";
import { UsageError } from "./usage-error";

/**
 * Looks whether a file can be written, before work begins whose result goes there.
 *
 * @param what it is, at the beginning of a sentence.
 * @throws {UsageError} where it cannot.
 */
export function requireWritable(what: string, file: string): void {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory()) throw new UsageError(`${what} cannot be written to ${file}: it is a folder.`);
    accessSync(found === undefined ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${what} cannot be written to ${file}: ${reasonOf(error)}.`);
  }
}
