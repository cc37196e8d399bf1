import { poll } from "../../sandbox/control-plane/api-client";

/** Asks until the answer is something, for five minutes: what is waited for takes seconds, on a busy machine ten times as long. */
export function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  return poll("what the test waits for", 300, ask, 300);
}
