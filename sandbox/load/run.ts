import { type Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { poll } from "../control-plane/api-client";
import { type LoadProgress, openPodRunner, type PodRunner, type PodStatistics, type World } from "../data-plane/runner";
import { UserError } from "../progress";
import { ensureIstio } from "../tools/istio";
import { decideCalls } from "../traffic/analysis";
import { type StackCluster } from "../traffic/cluster";
import {
  configurationChanges,
  difference,
  refusedConfigurations,
  serves,
  statisticsPattern,
  total,
} from "../traffic/counts";
import { type ClusterObjects, type Pod, readObjects } from "../traffic/objects";
import { podReader } from "../traffic/pod-reader";
import { subscriptionPattern, unanswered } from "../traffic/subscriptions";
import { planWorld, podName } from "../traffic/world";
import { type LoadOptions } from "./options";
import { loadReport, type LoadReport } from "./report";
import { loadStatisticsPattern, sidecarCounts } from "./statistics";
import { accountOf, loadTarget, refuseForbidden } from "./target";

/** How long pods may take until all have their configuration. */
const startSeconds = 180;

/** How often is looked. */
const lookMilliseconds = 250;

/** How many looks in a row have to find sidecars configured alike, and nothing awaited: OSM's controller gathers changes for two seconds. */
const settledLooks = 20;

/** How often sidecars got other routes and what they wait for, beside what tells of listeners and clusters. */
const settledPattern = `${statisticsPattern}|^http\\..*\\.rds\\..*\\.config_reload$|${subscriptionPattern}`;

/** How often is said how far it is. */
const progressMilliseconds = 2000;

/**
 * Runs the pods of a cluster without calls of their own, and has one of them call.
 *
 * @param log gets what the pods complain about.
 * @param signal ends the load early: what there is then is told.
 * @returns nothing where it ended before the first call.
 * @throws UserError where nobody calls so, or where the policy does not let such calls pass.
 */
export async function runLoad(
  cluster: StackCluster,
  options: LoadOptions,
  report: (message: string) => void,
  log: Writable,
  signal: AbortSignal,
): Promise<LoadReport | undefined> {
  const { api, mesh, discovery, directory } = cluster;
  const objects = await readObjects(api);
  const istio = mesh === "istio" ? await ensureIstio(report) : undefined;
  const { world, running } = await planWorld(objects, discovery, podReader(api, istio));
  const target = loadTarget(options, objects, running);
  const { protocol, method, path, headers } = options;
  const call = {
    protocol,
    to: target.to,
    ...(protocol === "http" && { host: target.to, method, path, headers }),
  } as const;
  const [verdict] = await decideCalls(directory, mesh, objects.all, [{ ...call, from: target.caller }], true);
  if (verdict === undefined) throw new Error("the analysis did not answer");
  refuseForbidden(target, options, verdict);
  const backends = Object.keys(verdict.backends);
  const answering = podsOf(backends, objects, running);
  report("Starting pods …");
  const runner = await openPodRunner(report, log, istio?.path("pilot-agent"));
  try {
    const settled = await settle(runner, withoutOwnCalls(world), running, signal);
    if (!settled) return undefined;
    const before = await runner.statistics(loadStatisticsPattern);
    const [host = "", port = ""] = target.to.split(":");
    const to = `${world.hosts[host] ?? host}:${port}`;
    const { requests, concurrency, perSecond } = options;
    await runner.load({
      ...{ ...call, to, from: target.pod.metadata.uid, requests, concurrency },
      ...(perSecond !== undefined && { perSecond }),
    });
    const progress = await finished(runner, requests, report, signal);
    const after = await runner.statistics(loadStatisticsPattern);
    const grown = ({ metadata: { uid } }: Pod) => difference(before[uid]?.envoy ?? {}, after[uid]?.envoy ?? {});
    return loadReport({
      asked: {
        ...{ caller: target.caller, to: target.to, request: protocol === "tcp" ? "TCP" : `${method} ${path}` },
        ...{ requests, concurrency, perSecond },
      },
      progress,
      interrupted: total(progress.ends) < requests,
      sidecars: sidecarCounts(grown(target.pod), answering.map(grown), [target.service, ...backends]),
      configured: verdict.limits ?? [],
      answering: answering.length,
    });
  } finally {
    await runner.close();
  }
}

/** Pods that Services lead to. */
function podsOf(services: readonly string[], { endpoints }: ClusterObjects, running: readonly Pod[]): readonly Pod[] {
  const addresses = endpoints
    .filter(({ metadata }) => services.includes(`${metadata.namespace ?? ""}/${metadata.name}`))
    .flatMap(({ subsets = [] }) => subsets.flatMap(({ addresses: ready = [] }) => ready.map(({ ip }) => ip)));
  return running.filter(({ status }) => addresses.includes(status?.podIP ?? ""));
}

/** The sample's programs call each other all the time, which would take from limits and be counted with the load. */
function withoutOwnCalls(world: World): World {
  const pods = world.pods.map((pod) => ({
    ...pod,
    containers: pod.containers.map((one) => ({ ...one, env: { ...one.env, OWN_CALLS: "off" } })),
  }));
  return { ...world, pods };
}

/** Starts the pods and waits until their sidecars' configuration changes no more. @returns false where it was ended before. */
async function settle(runner: PodRunner, world: World, running: readonly Pod[], signal: AbortSignal): Promise<boolean> {
  let last = "";
  let same = 0;
  return await poll(
    "the sidecars are configured",
    startSeconds,
    async () => {
      if (signal.aborted) return false;
      const problems = Object.entries(await runner.set(world));
      const all = await runner.statistics(settledPattern);
      const ofPods = running.map(({ metadata }) => all[metadata.uid] ?? {});
      const now = JSON.stringify(ofPods.map((pod) => [configurationChanges(pod), routeChanges(pod)]));
      const isReady = problems.length === 0 && ofPods.every((pod) => serves(pod) && !isWarming(pod) && hasAll(pod));
      const isSettled = isReady && now === last;
      same = isSettled ? same + 1 : 0;
      last = now;
      const refusing = running.find(({ metadata }) => refusedConfigurations(all[metadata.uid] ?? {}) > 0);
      if (refusing !== undefined) {
        throw new UserError(
          `The sidecar of ${podName(refusing)} (${accountOf(refusing)}) refuses its configuration: see traffic.log.`,
        );
      }
      return same >= settledLooks ? true : undefined;
    },
    lookMilliseconds,
  );
}

function routeChanges({ envoy = {} }: PodStatistics): number {
  return total(Object.fromEntries(Object.entries(envoy).filter(([name]) => name.endsWith(".config_reload"))));
}

/** Whether the sidecar got all that it asked for. */
function hasAll(pod: PodStatistics): boolean {
  return unanswered(pod).length === 0;
}

/** Whether the sidecar waits for the rest of what a listener or a cluster needs. */
function isWarming({ envoy = {} }: PodStatistics): boolean {
  const waiting = ["listener_manager.total_listeners_warming", "cluster_manager.warming_clusters"];
  return waiting.some((name) => (envoy[name] ?? 0) > 0);
}

/** Waits until all calls have ended, and says how far it is. */
async function finished(
  runner: PodRunner,
  requests: number,
  report: (message: string) => void,
  signal: AbortSignal,
): Promise<LoadProgress> {
  let said = Date.now();
  for (;;) {
    const progress = await runner.loaded(signal.aborted);
    if (progress.done) return progress;
    if (Date.now() - said >= progressMilliseconds) {
      report(`${String(total(progress.ends))} of ${String(requests)} calls …`);
      said = Date.now();
    }
    await sleep(lookMilliseconds / 5);
  }
}
