import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./usage-error";

/**
 * Reads a command's options and file names.
 *
 * @throws {UsageError} for an option that the command does not have.
 */
export function readOptions<const O extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(error.message.split("\n")[0] ?? "");
  }
}
