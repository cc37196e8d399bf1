import { type Counts } from "../traffic/counts";

/** What sidecars did to calls on their own, as they count it. */
export interface SidecarCounts {
  /** Requests that the caller's sidecar answered with 503 as a circuit breaker was full. */
  readonly overflowedRequests: number;
  /** Connections that it did not open, as there were as many as may be. */
  readonly overflowedConnections: number;
  /** Attempts after the first. */
  readonly retried: number;
  /** Attempts that were not made, as there were as many retries under way as may be. */
  readonly overflowedRetries: number;
  /** Attempts and requests that took too long for it. */
  readonly timedOut: number;
  /** How often it left a pod out for its errors. */
  readonly ejected: number;
  /** Requests that the called sidecars answered themselves, as they were over the rate. */
  readonly limitedRequests: number;
  /** Connections that they closed, likewise. */
  readonly limitedConnections: number;
}

type Kind = keyof SidecarCounts;

/** Of callers' statistics about a cluster, by the end of their names. */
const ofCallers: Readonly<Record<string, Kind>> = {
  upstream_rq_pending_overflow: "overflowedRequests",
  // Of requests in flight, where Envoy does not count these among the others (skip_pending_overflow_count_on_active_rq).
  upstream_rq_active_overflow: "overflowedRequests",
  upstream_cx_overflow: "overflowedConnections",
  upstream_rq_retry: "retried",
  upstream_rq_retry_overflow: "overflowedRetries",
  upstream_rq_timeout: "timedOut",
  upstream_rq_per_try_timeout: "timedOut",
  "outlier_detection.ejections_enforced_total": "ejected",
};

const callerStatistic = new RegExp(
  `^cluster\\.(.+?);?\\.(${Object.keys(ofCallers).join("|").replaceAll(".", "\\.")})$`,
);
const limitedRequests = /(^|\.)http_local_rate_limit\.rate_limited$/;
const limitedConnections = /^local_rate_limit\..*\.rate_limited$/;

/** Which statistics are read, beside those of whether sidecars serve. */
export const loadStatisticsPattern = `^(cluster\\..*\\.(${Object.keys(ofCallers).join("|").replaceAll(".", "\\.")})|.*local_rate_limit\\..*rate_limited)$`;

/**
 * What the sidecars did to calls to some Services.
 *
 * @param caller statistics of the calling pod, by how much they grew.
 * @param called those of the pods that may answer.
 * @param services `namespace/name`.
 */
export function sidecarCounts(caller: Counts, called: readonly Counts[], services: readonly string[]): SidecarCounts {
  const counts: Record<Kind, number> = {
    overflowedRequests: 0,
    overflowedConnections: 0,
    retried: 0,
    overflowedRetries: 0,
    timedOut: 0,
    ejected: 0,
    limitedRequests: 0,
    limitedConnections: 0,
  };
  for (const [name, value] of Object.entries(caller)) {
    const [, cluster = "", end = ""] = callerStatistic.exec(name) ?? [];
    const kind = ofCallers[end];
    if (kind !== undefined && services.includes(serviceOfCluster(cluster) ?? "")) counts[kind] += value;
  }
  for (const [name, value] of called.flatMap((one) => Object.entries(one))) {
    if (limitedRequests.test(name)) counts.limitedRequests += value;
    else if (limitedConnections.test(name)) counts.limitedConnections += value;
  }
  return counts;
}

/** The Service of a cluster's name: OSM's `namespace/name|port`, Istio's `outbound|port|subset|full name`. */
function serviceOfCluster(cluster: string): string | undefined {
  const osm = /^([^/|]+\/[^/|]+)\|\d+$/.exec(cluster)?.[1];
  if (osm !== undefined) return osm;
  const [, name, namespace] = /^outbound\|\d+\|[^|]*\|([^.|]+)\.([^.|]+)\.svc\.cluster\.local$/.exec(cluster) ?? [];
  return name === undefined || namespace === undefined ? undefined : `${namespace}/${name}`;
}
