/** Tells a person what is going on: one line a step, with the seconds since the start. Goes to stderr, so that output stays clean. */
export type Report = (message: string) => void;

/** Reports on stderr; the time in grey where it is a terminal. */
export function terminalReport(): Report {
  const start = Date.now();
  const grey = (text: string) => (process.stderr.isTTY ? `\u001b[2m${text}\u001b[0m` : text);
  return (message) => {
    const seconds = ((Date.now() - start) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${grey(`${seconds}s`)} ${message}\n`);
  };
}

/** An error whose message is all that the person needs: printed without a stack trace, exit code 1. */
export class UserError extends Error {
  override readonly name = "UserError";
}
