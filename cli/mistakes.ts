import { BadInput, UsageError } from "./usage-error";

/** Runs a command and gives its exit code. Mistakes of the caller are said in one line, without a stack trace. */
export async function sayingMistakes(say: (message: string) => void, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof BadInput)) throw error;
    say(error.message);
    return 2;
  }
}
