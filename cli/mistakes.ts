import { reasonOf } from "./input";
import { BadInput, UsageError } from "./usage-error";

/** Runs a command and gives its exit code. Mistakes of the caller are said in one line, without a stack trace. */
export async function sayingMistakes(say: (message: string) => void, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    const message = error instanceof UsageError || error instanceof BadInput ? error.message : notWritten(error);
    if (message === undefined) throw error;
    say(message);
    return 2;
  }
}

/** What is wrong with a place that may not be written to; undefined for every other error. */
function notWritten(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("path" in error)) return undefined;
  if (!["EACCES", "EPERM", "EROFS"].includes(String(error.code))) return undefined;
  return `${String(error.path)} cannot be written or read: ${reasonOf(error)}.`;
}
