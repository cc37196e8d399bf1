import { type Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { openPodRunner } from "../data-plane/runner";
import { ensureIstio } from "../tools/istio";
import { type StackCluster } from "./cluster";
import { type Counts, countsBetween, serves, type Snapshot, statisticsPattern } from "./counts";
import { readObjects } from "./objects";
import { podReader } from "./pod-reader";
import { allAnswered } from "./subscriptions";
import { podName, planWorld } from "./world";

/** How often is looked. */
const lookMilliseconds = 1000;

/** How long pods may take until the first calls end. */
const startSeconds = 180;

/** What callers saw during a part of a move. */
export interface Part {
  readonly title: string;
  readonly seconds: number;
  /** How calls ended, by `caller → host:port`, as the callers' own programs saw it. */
  readonly ends: Readonly<Record<string, Counts>>;
}

/**
 * Runs the pods of a cluster, whichever mesh their sidecars are of, while something moves it, and counts how their calls end.
 *
 * @param log gets what the pods complain about.
 * @param move does it, and says when a new part begins.
 * @param still how long is counted before and after it, in seconds.
 */
export async function watchMigration(
  cluster: StackCluster,
  report: (message: string) => void,
  log: Writable,
  move: (begin: (title: string) => void) => Promise<void>,
  still: number,
): Promise<readonly Part[]> {
  const { api, currentDiscovery } = cluster;
  const istio = await ensureIstio(report);
  const runner = await openPodRunner(report, log, istio.path("pilot-agent"));
  const reader = podReader(api, istio);
  const names = new Map<string, string>();
  const parts: { title: string; seconds: number; ends: Record<string, Record<string, number>> }[] = [];
  let last: Snapshot | undefined;

  async function look(): Promise<boolean> {
    const { world, running } = await planWorld(await readObjects(api), await currentDiscovery(), reader);
    for (const pod of running) names.set(pod.metadata.uid, podName(pod).split("/")[0] ?? "");
    await runner.set(world);
    const now = { at: Date.now(), pods: await runner.statistics(statisticsPattern), outside: {}, across: {} };
    const part = parts.at(-1);
    if (part !== undefined && last !== undefined) {
      part.seconds += (now.at - last.at) / 1000;
      for (const [key, { calls = [] }] of Object.entries(countsBetween(last, now))) {
        for (const { to, ends } of calls) {
          const pair = (part.ends[`${names.get(key) ?? key} → ${to}`] ??= {});
          for (const [end, count] of Object.entries(ends)) pair[end] = (pair[end] ?? 0) + count;
        }
      }
    }
    last = now;
    return running.every(({ metadata }) => serves(now.pods[metadata.uid]));
  }
  const begin = (title: string): void => void parts.push({ title, seconds: 0, ends: {} });
  const during = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      await look();
      await sleep(lookMilliseconds);
    }
  };
  const seconds = (count: number): Promise<void> => {
    const end = Date.now() + count * 1000;
    return during(() => Date.now() > end);
  };
  try {
    const end = Date.now() + startSeconds * 1000;
    while (!(await look()) || !(await allAnswered(runner))) {
      if (Date.now() > end) throw new Error(`the pods did not come up within ${startSeconds} s`);
      await sleep(lookMilliseconds);
    }
    begin("before");
    await seconds(still);
    let moved = false;
    const moving = move(begin).finally(() => (moved = true));
    // Both, so that neither's failure is lost.
    await Promise.all([moving, during(() => moved)]);
    begin("after");
    await seconds(still);
    return parts;
  } finally {
    await runner.close();
    api.close();
  }
}

/** Parts that were over before anybody looked twice say nothing. */
const shortestSeconds = 1;

/** The parts as a table: what each caller saw in a second. */
export function watchTable(parts: readonly Part[]): string {
  const pairs = [...new Set(parts.flatMap(({ ends }) => Object.keys(ends)))].sort();
  const width = Math.max(...pairs.map(({ length }) => length));
  const seen = parts.filter(({ seconds }) => seconds >= shortestSeconds);
  const rows = seen.flatMap(({ title, seconds, ends }) => [
    `${title} (${seconds.toFixed(0)} s)`,
    ...pairs.map((pair) => {
      const rates = Object.entries(ends[pair] ?? {}).map(([end, count]) => `${end} ${(count / seconds).toFixed(1)}/s`);
      return `    ${pair.padEnd(width)}  ${rates.join(", ") || "no call ended"}`;
    }),
  ]);
  return rows.join("\n");
}
