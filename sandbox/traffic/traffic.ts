import { type Writable } from "node:stream";
import { type Call, openPodRunner, type PodStatistics } from "../data-plane/runner";
import { ensureIstio } from "../tools/istio";
import { type AskedCall, decideCalls, type Verdict } from "./analysis";
import { type StackCluster } from "./cluster";
import {
  configurationChanges,
  countsBetween,
  difference,
  type Pair,
  pairs,
  refusedConfigurations,
  serves,
  type Snapshot,
  statisticsPattern,
  total,
} from "./counts";
import { throughGateways } from "./gateways";
import { isIstioGateway } from "./istio-pod";
import { type ClusterObjects, type Pod, readObjects } from "./objects";
import { toOutsideHosts } from "./outside-hosts";
import { fromOutside, type OutsideCall, outsideObjects } from "./outside";
import { podReader } from "./pod-reader";
import { expectedEnds, type AcrossReport, type OutsideReport, reportPair, type TrafficReport } from "./report";
import { allAnswered } from "./subscriptions";
import { type Plan, planWorld, podName } from "./world";

/**
 * How long after a change of objects, or of a sidecar's configuration, the mesh may still act by the old rules: OSM's controller gathers changes
 * for two seconds, and sidecars of Istio keep connections for two.
 */
const propagationSeconds = 5;

/** A mesh's traffic. */
export interface Traffic {
  /**
   * Looks again: at the cluster's objects, at its pods, at what was counted.
   * @returns nothing while pods start, and until a change is in force.
   */
  look(): Promise<TrafficReport | undefined>;
  /** Opens an HTTP proxy by which programs of this machine reach the pods, see {@link openPodRunner}. */
  openProxy(): Promise<string>;
  /** Ends all pods. */
  close(): Promise<void>;
}

/** What holds as long as the cluster's objects stay as they are. */
interface Epoch {
  readonly objects: ClusterObjects;
  readonly plan: Plan;
  /** When the mesh acts by these objects, and calls that were made before have ended. */
  inForceAt: number;
  /** What sidecars' configurations were like at the last look, see {@link configurationChanges}. */
  configurations: string;
  /** By {@link askedKey}. */
  readonly verdicts: Map<string, Verdict>;
  /** From when on is counted. */
  start: Snapshot | undefined;
}

/**
 * Runs the pods of a cluster for which this machine has programs, and follows the cluster's objects from then on.
 * @param log gets what the pods complain about.
 * @param accessLog path of a file that gets the sidecars' access logs. Default: they are lost.
 */
export async function openTraffic(
  cluster: StackCluster,
  report: (message: string) => void,
  log: Writable,
  accessLog?: string,
): Promise<Traffic> {
  const { api, mesh, discovery, metrics } = cluster;
  const istio = mesh === "istio" ? await ensureIstio(report) : undefined;
  const runner = await openPodRunner(report, log, istio?.path("pilot-agent"));
  if (accessLog !== undefined) await runner.keepAccessLog(accessLog);
  const reader = podReader(api, istio);
  const outsideEnds: Record<string, number> = {};
  const acrossEnds: Record<string, Record<string, number>> = {};
  let outside: OutsideCall | undefined;
  let through: readonly OutsideCall[] = [];
  let outward: readonly OutsideCall[] = [];
  let epoch: Epoch | undefined;

  async function look(): Promise<TrafficReport | undefined> {
    const objects = await readObjects(api);
    if (epoch?.objects.version !== objects.version) {
      const plan = await planWorld(objects, discovery, reader, metrics);
      epoch = {
        objects,
        plan,
        inForceAt: inForce(),
        configurations: "",
        verdicts: new Map(),
        start: undefined,
      };
    }
    const current = epoch;
    const problems = await runner.set(current.plan.world);
    if (outside !== undefined) {
      const end = await runner.call(outside.made);
      outsideEnds[end] = (outsideEnds[end] ?? 0) + 1;
    }
    for (const call of [...through, ...outward]) {
      const end = await runner.call(call.made, call.by);
      const ends = (acrossEnds[askedKey(call.asked)] ??= {});
      ends[end] = (ends[end] ?? 0) + 1;
    }
    const snapshot = {
      at: Date.now(),
      pods: await runner.statistics(statisticsPattern),
      outside: { ...outsideEnds },
      across: Object.fromEntries(Object.entries(acrossEnds).map(([key, ends]) => [key, { ...ends }])),
    };
    const { running } = current.plan;
    const calls = Object.values(snapshot.pods)
      .flatMap(({ calls = [] }) => calls.filter(isHttp))
      .map(({ protocol, to, host, method, path, headers }): Call => ({ protocol, to, host, method, path, headers }))
      .sort((a, b) => a.to.localeCompare(b.to));
    const [call] = calls;
    outside = call && fromOutside(call, objects);
    through = throughGateways(distinct(calls), objects);
    outward = toOutsideHosts(objects, running);
    const ofPods = running.map(({ metadata }) => snapshot.pods[metadata.uid]);
    const configurations = JSON.stringify(ofPods.map((pod) => configurationChanges(pod ?? {})));
    if (!ofPods.every(serves) || configurations !== current.configurations) current.inForceAt = inForce();
    current.configurations = configurations;
    if (Object.keys(problems).length === 0 && Date.now() < current.inForceAt) {
      current.start = undefined;
      return undefined;
    }
    if (current.start === undefined) {
      if (await allAnswered(runner)) current.start = snapshot;
      else current.inForceAt = inForce();
      return undefined;
    }
    return await reportSince(cluster, current, current.start, snapshot, { outside, through, outward }, problems);
  }
  return {
    look,
    openProxy: () => runner.openProxy(),
    close: async () => {
      await runner.close();
      api.close();
    },
  };
}

function inForce(): number {
  return Date.now() + propagationSeconds * 1000;
}

/** One of each kind, however many pods make it. */
function distinct(calls: readonly Call[]): readonly Call[] {
  return [...new Map(calls.map((call) => [JSON.stringify(call), call])).values()];
}

function isHttp({ protocol }: Call): boolean {
  return protocol === "http";
}

/** Calls that come into the mesh or leave it. */
interface Crossing {
  /** One that comes to a server itself. */
  readonly outside: OutsideCall | undefined;
  /** Those that come in by gateways. */
  readonly through: readonly OutsideCall[];
  /** Those to hosts outside. */
  readonly outward: readonly OutsideCall[];
}

async function reportSince(
  { directory, mesh }: StackCluster,
  { objects, plan, verdicts }: Epoch,
  start: Snapshot,
  now: Snapshot,
  { outside, through, outward }: Crossing,
  problems: Readonly<Record<string, string>>,
): Promise<TrafficReport> {
  const counted = countsBetween(start, now);
  const calling = pairs(counted, plan.running, objects.splits);
  const across = [...(outside === undefined ? [] : [outside]), ...through, ...outward];
  const asked = [...calling.flatMap(askedOf), ...across.map((one) => one.asked)];
  const unknown = asked.filter((call) => !verdicts.has(askedKey(call)));
  const decided = await decideCalls(directory, mesh, [...objects.all, ...outsideObjects], unknown);
  unknown.forEach((call, index) => {
    const verdict = decided[index];
    if (verdict !== undefined) verdicts.set(askedKey(call), verdict);
  });
  const verdictsOf = (calls: readonly AskedCall[]): Verdict[] =>
    calls.flatMap((call) => verdicts.get(askedKey(call)) ?? []);
  const seconds = (now.at - start.at) / 1000;
  const names = new Map(plan.running.map((pod) => [pod.metadata.uid, podName(pod)]));
  return {
    seconds,
    pairs: calling.map((pair) => reportPair(pair, verdictsOf(askedOf(pair)), seconds)),
    outside: outside && reportOutside(outside, verdictsOf([outside.asked]), start, now),
    gateways: through.map((call) => ({
      ...reportAcross(call, verdictsOf([call.asked]), start, now),
      gateway: call.asked.to,
    })),
    outward: outward.map((call) => ({
      ...reportAcross(call, verdictsOf([call.asked]), start, now),
      caller: call.asked.from,
      gateways: gatewaysTo(call, counted, plan.running),
    })),
    simulated: plan.simulated,
    problems: [...Object.entries(problems), ...refusals(now)].map(
      ([key, problem]) => `${names.get(key) ?? key}: ${problem}`,
    ),
  };
}

/** What sidecars refused, by key of the pod. */
function refusals({ pods }: Snapshot): [key: string, problem: string][] {
  return Object.entries(pods).flatMap(([key, statistics]) => {
    const refused = refusedConfigurations(statistics);
    return refused === 0 ? [] : [[key, `its Envoy has refused configuration ${refused} times, see traffic.log`]];
  });
}

/** The pair's kinds of calls, as the analysis is asked about them. */
function askedOf({ caller, kinds }: Pair): AskedCall[] {
  return kinds.map(({ protocol, to, host, method, path, headers }) => ({
    from: caller,
    protocol,
    to,
    host,
    method,
    path,
    headers,
  }));
}

function askedKey({ from, protocol, to, host, method, path, headers }: AskedCall): string {
  return JSON.stringify([from, protocol, to, host, method, path, headers]);
}

function reportAcross(
  { asked }: OutsideCall,
  verdicts: readonly Verdict[],
  start: Snapshot,
  now: Snapshot,
): AcrossReport {
  const key = askedKey(asked);
  const ends = difference(start.across[key] ?? {}, now.across[key] ?? {});
  const expected = verdicts.flatMap((verdict) => expectedEnds(verdict, asked.protocol));
  const { to, host = to, method = "GET", path = "/" } = asked;
  const agrees = Object.keys(ends).every((end) => expected.includes(end));
  return { request: `${method} ${host}${path}`, ends, expected, agrees };
}

/** Names of the gateways by whose Envoys calls to the host left the cluster, `namespace/name` of their Services. */
function gatewaysTo(
  { asked }: OutsideCall,
  counted: Readonly<Record<string, PodStatistics>>,
  running: readonly Pod[],
): readonly string[] {
  const [host = "", port = ""] = asked.to.split(":");
  const cluster = `cluster.outbound|${port}||${host}`;
  const passed = running.filter(
    (pod) =>
      isIstioGateway(pod) &&
      Object.keys(counted[pod.metadata.uid]?.envoy ?? {}).some((name) => name.startsWith(cluster)),
  );
  return [
    ...new Set(passed.map(({ metadata }) => `${metadata.namespace}/${metadata.labels?.["istio"] ?? metadata.name}`)),
  ];
}

function reportOutside(
  { asked }: OutsideCall,
  verdicts: readonly Verdict[],
  start: Snapshot,
  now: Snapshot,
): OutsideReport {
  const ends = difference(start.outside, now.outside);
  const expected = verdicts.flatMap((verdict) => expectedEnds(verdict, asked.protocol));
  const closed = Object.values(countsBetween(start, now)).map(({ envoy = {} }) =>
    Object.entries(envoy).reduce((sum, [name, value]) => (name.startsWith("listener.") ? sum + value : sum), 0),
  );
  return {
    to: asked.to,
    ends,
    closedBySidecars: closed.reduce((sum, one) => sum + one, 0),
    expected,
    agrees: total(ends) > 0 && Object.keys(ends).every((end) => expected.includes(end)),
  };
}
