import { type LoadProgress } from "../data-plane/runner";
import { type Limit } from "../traffic/analysis";
import { type Counts, total } from "../traffic/counts";
import { type SidecarCounts } from "./statistics";

/** What `load` tells. */
export interface LoadReport {
  /** `namespace/service account`. */
  readonly caller: string;
  /** Full name and port of the Service. */
  readonly to: string;
  /** Such as `GET /books`. */
  readonly request: string;
  readonly requests: number;
  readonly concurrency: number;
  readonly perSecond: number | undefined;
  /** Whether Ctrl-C ended it before all calls were made. */
  readonly interrupted: boolean;
  readonly seconds: number;
  /** Calls that were answered as the application answers: by a status below 400, or bytes. */
  readonly passed: number;
  /** How calls ended: status codes, `answered` for bytes, else refused, reset, timeout or failed. */
  readonly ends: Counts;
  readonly latency: LoadProgress["latency"];
  readonly sidecars: SidecarCounts;
  /** What the policy says beside it. */
  readonly configured: readonly Limit[];
  /** How many calls the rates let pass; absent where there are none. */
  readonly byRate?: ByRate;
}

/** What the called sidecars' rates let pass, all of them together. */
export interface ByRate {
  /** At once. */
  readonly atOnce: number;
  /** In the time that the load took, at most. */
  readonly most: number;
}

/** What was asked for, and what came of it. */
export interface LoadResult {
  readonly asked: Pick<LoadReport, "caller" | "to" | "request" | "requests" | "concurrency" | "perSecond">;
  readonly progress: LoadProgress;
  readonly interrupted: boolean;
  readonly sidecars: SidecarCounts;
  readonly configured: readonly Limit[];
  /** How many pods may answer: each counts a rate for itself. */
  readonly answering: number;
}

/** Puts together what was counted and what is configured. */
export function loadReport({ asked, progress, answering, ...rest }: LoadResult): LoadReport {
  const { ends, seconds, latency } = progress;
  const passed = total(Object.fromEntries(Object.entries(ends).filter(([end]) => hasPassed(end))));
  const rate = byRate(rest.configured, seconds, answering);
  return { ...asked, ...rest, seconds, passed, ends, latency, ...(rate && { byRate: rate }) };
}

/** Whether a call ended as one that nothing stopped does. */
export function hasPassed(end: string): boolean {
  return end === "answered" || /^[123]/.test(end);
}

/**
 * Buckets are full at the beginning, and are filled in each unit of time, at a moment that nobody knows (Envoy of OSM), or all the time (later ones): each
 * answering pod has its own. Of several rates the narrowest counts.
 */
function byRate(configured: readonly Limit[], seconds: number, answering: number): ByRate | undefined {
  const buckets = configured.flatMap(({ bucket }) => (bucket === undefined ? [] : [bucket]));
  if (buckets.length === 0) return undefined;
  const pods = Math.max(1, answering);
  const atOnce = Math.min(...buckets.map(({ amount, burst }) => amount + burst));
  const most = Math.min(
    ...buckets.map(({ amount, burst, seconds: unit }) => amount + burst + amount * Math.ceil(seconds / unit)),
  );
  return { atOnce: atOnce * pods, most: most * pods };
}
