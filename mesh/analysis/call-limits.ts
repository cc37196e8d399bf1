import { type KubernetesObject, type ValuePath } from "../manifests";
import { splitCaller } from "./outside";
import { type CallRequest } from "../request/request";
import { decide } from "./decide";
import { type Mesh } from "./mesh";

/** What a mesh bounds of calls, by the names that a policy has for it. */
export type LimitName =
  | "connectTimeout"
  | "connectionRate"
  | "maxConnections"
  | "maxPendingRequests"
  | "maxRequests"
  | "maxRequestsPerConnection"
  | "maxRetries"
  | "outliers"
  | "perTryTimeout"
  | "requestRate"
  | "retries"
  | "timeout";

/** A token bucket: so many at once, and so many again in each unit of time. */
export interface Bucket {
  /** Tokens in each unit of time. */
  readonly amount: number;
  /** The unit of time, in seconds. */
  readonly seconds: number;
  /** Tokens above the amount that may come at once. */
  readonly burst: number;
  /** Status of what gets none; absent where connections are closed. */
  readonly status?: number;
}

/** A limit that holds a call, of the caller's sidecar or of the called one. */
export interface CallLimit {
  readonly limit: LimitName;
  /** As a person would say it. */
  readonly value: string;
  /** The Service whose calls it bounds, `namespace/name`. */
  readonly service: string;
  readonly bucket?: Bucket;
  /** What says so; undefined for what a mesh does of its own. */
  readonly object: KubernetesObject | undefined;
  readonly path: ValuePath;
}

/** A call that somebody in the mesh makes, and the Services that answer such calls. */
export interface BoundedCall {
  readonly request: CallRequest;
  /** `namespace/service account`. */
  readonly caller: string;
  /** `namespace/name`. */
  readonly backends: readonly string[];
  /** The objects whose rules let it pass. */
  readonly because: readonly { readonly object?: KubernetesObject; readonly path?: ValuePath }[];
}

/**
 * The limits that hold a call: retries, timeouts, circuit breakers, rates. Of calls that do not pass there are none.
 *
 * @throws {RequestError} where a field of the request is missing or malformed.
 */
export function callLimits(mesh: Mesh, request: CallRequest): readonly CallLimit[] {
  const { backends, because } = decide(mesh, request);
  // What never comes to a Service is held by none of its limits.
  if (Object.keys(backends).length === 0) return [];
  const { who } = splitCaller(request.from);
  return mesh.limitsOf({ request, caller: who, backends: Object.keys(backends).sort(), because });
}

const secondsOf: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600 };

/** A rate as OSM's and a policy's objects write it; undefined where there is none. */
export function bucketOf(amount: number | undefined, unit: string | undefined, burst = 0): Bucket | undefined {
  const seconds = secondsOf[unit ?? ""];
  return amount === undefined || seconds === undefined ? undefined : { amount, seconds, burst };
}

/** A bucket in words: `10 per second and 5 more at once`. */
export function bucketText({ amount, seconds, burst, status }: Bucket): string {
  const unit = Object.entries(secondsOf).find(([, one]) => one === seconds)?.[0] ?? `${String(seconds)} s`;
  const more = burst === 0 ? "" : ` and ${String(burst)} more at once`;
  return `${String(amount)} per ${unit}${more}${status === undefined ? "" : `, then ${String(status)}`}`;
}
