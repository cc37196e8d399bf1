import { type CountedCall, type PodStatistics } from "../data-plane/runner";
import { type ClusterObjects, type Pod } from "./objects";

/**
 * Which of a sidecar's statistics are read: calls to each cluster, its own answers by class, connections for which it has no filter
 * chain, whether it has taken up work, how often its clusters and listeners changed, and configurations that it refused. The names are OSM's
 * and Istio's.
 */
export const statisticsPattern =
  "^(cluster\\..*\\.upstream_(rq_\\d\\d\\d|cx_total)" +
  "|http\\.(mesh-http-conn-manager\\.rds-outbound\\.\\d+|outbound_[\\d.]+_\\d+;?)\\.downstream_rq_\\dxx" +
  "|listener\\.0\\.0\\.0\\.0_1500[36]\\.no_filter_chain_match" +
  "|listener_manager\\.(workers_started|listener_(added|modified|removed)|total_listeners_warming)" +
  "|cluster_manager\\.(cluster_(added|modified|removed)|warming_clusters)" +
  "|(listener_manager\\.lds|cluster_manager\\.cds)\\.update_rejected)$";

/** A statistic of callers' sidecars about a cluster: OSM's `namespace/name|port`, Istio's `outbound|port|subset|full name`. */
const clusterStatistics = [
  /^cluster\.(?<namespace>[^/]+)\/(?<name>[^|]+)\|(?<port>\d+)\.upstream_(?:rq_(?<status>\d{3})|cx_total)$/,
  /^cluster\.outbound\|(?<port>\d+)\|[^|]*\|(?<name>[^.]+)\.(?<namespace>[^.]+)\.svc\.cluster\.local;?\.upstream_(?:rq_(?<status>\d{3})|cx_total)$/,
];

/** A statistic about all that a sidecar answered its own pod, on a port and in a class of status codes. */
const answerStatistics =
  /^http\.(?:mesh-http-conn-manager\.rds-outbound\.|outbound_[\d.]+_)(?<port>\d+);?\.downstream_rq_(?<class>\d)xx$/;

/** Numbers by name. */
export type Counts = Readonly<Record<string, number>>;

/** What was counted up to a moment. */
export interface Snapshot {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly pods: Readonly<Record<string, PodStatistics>>;
  /** How calls from outside the mesh ended. */
  readonly outside: Counts;
  /** How those through gateways and to hosts outside did, by what is asked about them. */
  readonly across: Readonly<Record<string, Counts>>;
}

/** Calls of one account to one port of a Service, all their kinds together. */
export interface Pair {
  /** `namespace/service account`. */
  readonly caller: string;
  /** `namespace/name` of the Service. */
  readonly service: string;
  readonly port: number;
  readonly protocol: "http" | "tcp";
  /** How calls ended: status codes, `connected` for TCP, else refused, reset, timeout or failed. */
  readonly ends: Counts;
  /** Calls that passed, by the Service that the caller's sidecar sent them to. */
  readonly backends: Counts;
  /** The kinds of calls, with the caller's own counts. */
  readonly kinds: readonly CountedCall[];
}

/** What was counted between two snapshots. A pod that was not there at the first began with nothing. */
export function countsBetween(from: Snapshot, to: Snapshot): Readonly<Record<string, PodStatistics>> {
  return Object.fromEntries(
    Object.entries(to.pods).map(([key, { calls = [], envoy = {} }]) => {
      const before = from.pods[key];
      return [
        key,
        {
          calls: calls.map((call, index) => ({
            ...call,
            ends: difference(before?.calls?.[index]?.ends ?? {}, call.ends),
          })),
          envoy: difference(before?.envoy ?? {}, envoy),
        },
      ];
    }),
  );
}

/** How much each number grew; what did not grow is left out. A number that fell began anew. */
export function difference(before: Counts, after: Counts): Record<string, number> {
  const grown = Object.entries(after).map(([name, value]) => {
    const start = before[name] ?? 0;
    return [name, value >= start ? value - start : value] as const;
  });
  return Object.fromEntries(grown.filter(([, value]) => value > 0));
}

/** Who called whom and how that ended, as the callers' sidecars counted it; what never came to a sidecar, as the caller did. */
export function pairs(
  counted: Readonly<Record<string, PodStatistics>>,
  running: readonly Pod[],
  splits: ClusterObjects["splits"],
): readonly Pair[] {
  const byAccount = new Map<string, PodStatistics[]>();
  for (const pod of running) {
    const account = `${pod.metadata.namespace}/${pod.spec.serviceAccountName ?? "default"}`;
    byAccount.set(account, [...(byAccount.get(account) ?? []), counted[pod.metadata.uid] ?? {}]);
  }
  return [...byAccount].flatMap(([caller, pods]) => {
    const envoy = sum(pods.map((pod) => pod.envoy ?? {}));
    const kinds = mergeKinds(pods.flatMap((pod) => pod.calls ?? []));
    const targets = new Map<string, CountedCall[]>();
    for (const call of kinds) targets.set(call.to, [...(targets.get(call.to) ?? []), call]);
    return [...targets.values()].flatMap((group) => {
      const [first] = group;
      return first === undefined ? [] : [pair(caller, first, group, envoy, splits)];
    });
  });
}

function pair(
  caller: string,
  { to, protocol }: CountedCall,
  kinds: readonly CountedCall[],
  envoy: Counts,
  splits: ClusterObjects["splits"],
): Pair {
  const [host = "", portText = ""] = to.split(":");
  const [name = "", namespace = ""] = host.split(".");
  const service = `${namespace}/${name}`;
  const port = Number(portText);
  const ofCaller = sum(kinds.map(({ ends }) => ends));
  const names = [service, ...splits.flatMap((split) => (split.service === service ? split.backends : []))];
  const ends: Record<string, number> = {};
  const backends: Record<string, number> = {};
  const add = (counts: Record<string, number>, key: string, value: number): void => {
    if (value > 0) counts[key] = (counts[key] ?? 0) + value;
  };
  for (const [statistic, value] of Object.entries(envoy)) {
    const backend = clusterOf(statistic, port);
    if (backend === undefined || !names.includes(backend.service)) continue;
    if (protocol === "http" && backend.status !== undefined) {
      add(ends, backend.status, value);
      if (backend.status.startsWith("2")) add(backends, backend.name, value);
    } else if (protocol === "tcp" && backend.status === undefined) {
      add(ends, "connected", value);
      add(backends, backend.name, value);
    }
  }
  if (protocol === "http") {
    // What the sidecar answered by itself, such as 404 where it has no route, is in no cluster's statistics.
    for (const [status, value] of Object.entries(ofCaller)) {
      const own = ownAnswers(envoy, port, status);
      add(ends, status, Math.min(value - (ends[status] ?? 0), own));
    }
  }
  for (const end of ["refused", "reset", "timeout", "failed"]) {
    const value = ofCaller[end] ?? 0;
    if (protocol === "tcp" && end !== "refused" && value > 0) ends["connected"] = (ends["connected"] ?? 0) - value;
    add(ends, end, value);
  }
  if ((ends["connected"] ?? 1) <= 0) delete ends["connected"];
  return { caller, service, port, protocol, ends, backends, kinds };
}

/** Of a statistic about a cluster: its name, the Service it stands for, and the status code that is counted. */
function clusterOf(statistic: string, port: number) {
  const match = clusterStatistics
    .map((pattern) => pattern.exec(statistic)?.groups)
    .find((groups) => groups !== undefined);
  if (match === undefined || Number(match["port"]) !== port) return undefined;
  const { namespace = "", name = "", status } = match;
  // Pods of a headless Service are clusters of their own, named pod.service.
  return { name: `${namespace}/${name}`, service: `${namespace}/${name.split(".").at(-1) ?? name}`, status };
}

/** Answers of the status' class on the port that came from no other sidecar. */
function ownAnswers(envoy: Counts, port: number, status: string): number {
  const all = Object.entries(envoy).reduce((total, [statistic, value]) => {
    const match = answerStatistics.exec(statistic)?.groups;
    return match?.["class"] === status.charAt(0) && Number(match["port"]) === port ? total + value : total;
  }, 0);
  const others = Object.entries(envoy).reduce((total, [statistic, value]) => {
    const code = clusterOf(statistic, port)?.status;
    return code?.charAt(0) === status.charAt(0) ? total + value : total;
  }, 0);
  return Math.max(0, all - others);
}

/** Whether a pod's sidecar has its configuration and lets calls pass. */
export function serves(statistics: PodStatistics | undefined): boolean {
  return statistics?.envoy?.["listener_manager.workers_started"] === 1;
}

/** How often clusters and listeners of the sidecar came, changed, went, and wait for the rest of their configuration: while the number changes, it is being configured. */
export function configurationChanges({ envoy = {} }: PodStatistics): number {
  const changes =
    /^(cluster|listener)_manager\.((cluster|listener)_(added|modified|removed)|warming_clusters|total_listeners_warming)$/;
  return total(Object.fromEntries(Object.entries(envoy).filter(([name]) => changes.test(name))));
}

/** How many configurations the sidecar has refused since it runs. It says so nowhere else, and goes on with the one before. */
export function refusedConfigurations({ envoy = {} }: PodStatistics): number {
  return total(Object.fromEntries(Object.entries(envoy).filter(([name]) => name.endsWith(".update_rejected"))));
}

/** One entry for each kind of call, however many pods make it. */
function mergeKinds(calls: readonly CountedCall[]): readonly CountedCall[] {
  const kinds = new Map<string, CountedCall>();
  for (const { ends, ...call } of calls) {
    const key = JSON.stringify(call);
    kinds.set(key, { ...call, ends: sum([kinds.get(key)?.ends ?? {}, ends]) });
  }
  return [...kinds.values()];
}

/** The sum of all counts. */
export function total(counts: Counts): number {
  return Object.values(counts).reduce((all, value) => all + value, 0);
}

function sum(list: readonly Counts[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const counts of list) {
    for (const [name, value] of Object.entries(counts)) result[name] = (result[name] ?? 0) + value;
  }
  return result;
}
