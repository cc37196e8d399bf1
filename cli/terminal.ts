/** Where a command writes. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Colours, or the text itself where the output is no terminal. */
  readonly paint: Paint;
}

/** Marks text for a person's eye. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

/** The process's own standard output and standard error. */
export function processTerminal(): Terminal {
  const coloured = process.stdout.isTTY && process.env["NO_COLOR"] === undefined && process.env["TERM"] !== "dumb";
  const code = (on: number, off: number) => (text: string) =>
    coloured ? `\u001b[${String(on)}m${text}\u001b[${String(off)}m` : text;
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    paint: { good: code(32, 39), bad: code(31, 39), warn: code(33, 39), dim: code(2, 22), bold: code(1, 22) },
  };
}
