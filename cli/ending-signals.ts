/**
 * Signals that end the command. On a terminal Ctrl-C reaches the engine too; told twice, it would stop at once.
 */
export function endingSignals(): { readonly signal: AbortSignal; readonly engineSignal: AbortSignal } {
  const [own, engine] = [new AbortController(), new AbortController()];
  const end = (fromTerminal: boolean) => () => {
    own.abort();
    if (!fromTerminal) engine.abort();
  };
  process.on("SIGINT", end(process.stdin.isTTY));
  process.on("SIGTERM", end(false));
  return { signal: own.signal, engineSignal: engine.signal };
}
