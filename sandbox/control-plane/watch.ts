import { type KubeConfig, makeInformer } from "@kubernetes/client-node";
import type { KubernetesListObject, KubernetesObject } from "@kubernetes/client-node";

/** How long after a failure or a lost connection it is tried again. */
const RETRY_MILLISECONDS = 1000;

/** Work that is done whenever objects change. */
export interface Watch {
  /** Does it once more, though none has changed. */
  again(): void;
  /** Ends it, once the call that is under way is over. */
  stop(): Promise<void>;
}

/**
 * Calls `work` with all objects at the path whenever one of them has changed; never twice at a time, and again after a failure.
 * @param what it is, for the log.
 */
export function watchAll<T extends KubernetesObject>(
  config: KubeConfig,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
  work: (objects: readonly T[]) => Promise<void>,
  log: (line: string) => void,
  what = "cloud controllers",
): Watch {
  const informer = makeInformer(config, path, list);
  let stopped = false;
  let again = false;
  let working: Promise<void> | undefined;
  const timers = new Set<NodeJS.Timeout>();
  const later = (doing: () => void): void => {
    if (stopped) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!stopped) doing();
    }, RETRY_MILLISECONDS);
    timers.add(timer);
  };
  const failed = (error: unknown): void => {
    if (!stopped) log(`${what}, ${path}: ${String(error)}`);
  };
  const changed = (): void => {
    again = true;
    working ??= run().finally(() => (working = undefined));
  };
  const run = async (): Promise<void> => {
    while (again && !stopped) {
      again = false;
      try {
        await work(informer.list());
      } catch (error) {
        failed(error);
        later(changed);
      }
    }
  };
  const start = (): void => {
    informer.start().catch((error: unknown) => {
      failed(error);
      later(start);
    });
  };
  for (const event of ["add", "update", "delete"] as const) informer.on(event, changed);
  informer.on("error", (error: unknown) => {
    failed(error);
    later(start);
  });
  start();
  return {
    again: changed,
    async stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await informer.stop();
      await working;
    },
  };
}
