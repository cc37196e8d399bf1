/** An option that cannot be used as it was given. */
export class OptionError extends Error {}

/** Options for `parseArgs` of a run over random cases: how many, and where the random numbers begin (any, if not given). */
export function randomCaseOptions(cases: number) {
  return {
    cases: { type: "string", default: String(cases) },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
  } as const;
}

/**
 * The number that an option was given.
 *
 * @throws {OptionError} where it is no whole number.
 */
export function wholeNumber<Name extends string>(values: Readonly<Record<Name, string>>, name: Name): number {
  const text = values[name];
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new OptionError(`--${name} is ${JSON.stringify(text)}; write a whole number, such as --${name} 100.`);
  }
  return number;
}

/** Runs a command to its exit code: what `main` returns, or 2 where it could not be done. */
export function runToExitCode(main: () => Promise<number>): void {
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const text = !(error instanceof Error) ? String(error) : isUsage(error) ? error.message : error.stack;
      process.stderr.write(`${text ?? "failed"}\n`);
      process.exitCode = 2;
    },
  );
}

/** Whether the command line is what is wrong; `parseArgs` gives its own errors such codes. */
function isUsage(error: Error): boolean {
  return error instanceof OptionError || ("code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
}
