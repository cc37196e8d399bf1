/** The codes by which shells know what a signal has ended. */
const codes = { SIGINT: 130, SIGTERM: 143 } as const;

const [own, engine] = [new AbortController(), new AbortController()];
let code: number | undefined;
/** How often Ctrl-C was pressed. */
let pressed = 0;

/**
 * Signals that end the command. On a terminal Ctrl-C reaches the engine too; told twice, it would stop at once. Who presses Ctrl-C a third time
 * wants no more waiting.
 */
export function endingSignals(): { readonly signal: AbortSignal; readonly engineSignal: AbortSignal } {
  if (process.listenerCount("SIGINT", interrupt) === 0) {
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", terminate);
  }
  return { signal: own.signal, engineSignal: engine.signal };
}

/** The exit code of a command that a signal has ended; undefined where none came. */
export function endedBySignal(): number | undefined {
  return code;
}

function interrupt(): void {
  if (++pressed > 2) process.exit(codes.SIGINT);
  end(codes.SIGINT, process.stdin.isTTY);
}

function terminate(): void {
  end(codes.SIGTERM, false);
}

function end(as: number, engineKnows: boolean): void {
  code ??= as;
  own.abort();
  if (!engineKnows) engine.abort();
}
