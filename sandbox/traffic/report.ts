import { type Verdict } from "./analysis";
import { type Counts, type Pair, total } from "./counts";

/** One backend's part in a pair's calls. */
export interface BackendReport {
  /** `namespace/name`. */
  readonly service: string;
  /** Calls that it let pass. */
  readonly calls: number;
  /** Their part of all calls, between 0 and 1. */
  readonly share: number;
  /** What the analysis says of it. */
  readonly expected: number;
}

/** Calls of one account to one Service: what was counted, beside what the analysis says. */
export interface PairReport {
  readonly caller: string;
  readonly service: string;
  readonly port: number;
  readonly protocol: "http" | "tcp";
  readonly callsPerSecond: number;
  readonly ends: Counts;
  /** More than one only where a TrafficSplit divides them. */
  readonly backends: readonly BackendReport[];
  /** The ends that the analysis allows for. */
  readonly expected: readonly string[];
  /** Whether what was counted can be what the analysis says; of shares, within what chance allows. */
  readonly agrees: boolean;
}

/** Calls in plain text from outside the mesh. */
export interface OutsideReport {
  /** `namespace/name:port` of the Service. */
  readonly to: string;
  readonly ends: Counts;
  /** Connections that the servers' sidecars have closed since no filter chain is for them, as they count it themselves. */
  readonly closedBySidecars: number;
  readonly expected: readonly string[];
  readonly agrees: boolean;
}

/** One kind of call that comes into the mesh or leaves it. */
export interface AcrossReport {
  /** Such as `GET shop.example/books`. */
  readonly request: string;
  readonly ends: Counts;
  readonly expected: readonly string[];
  readonly agrees: boolean;
}

/** One kind of call from outside through a gateway. */
export interface GatewayReport extends AcrossReport {
  /** Full name and port of the gateway's Service. */
  readonly gateway: string;
}

/** One kind of call from a pod to a host outside. */
export interface OutwardReport extends AcrossReport {
  /** `namespace/service account`. */
  readonly caller: string;
  /** Gateways through which calls to the host left, `namespace/name`; none where sidecars send them there themselves. */
  readonly gateways: readonly string[];
}

/** What `traffic` tells. */
export interface TrafficReport {
  /** How long was counted, since the policies last changed. */
  readonly seconds: number;
  readonly pairs: readonly PairReport[];
  readonly outside: OutsideReport | undefined;
  readonly gateways: readonly GatewayReport[];
  readonly outward: readonly OutwardReport[];
  /** Pods that do not run, `namespace/name`. */
  readonly simulated: readonly string[];
  /** What went wrong with pods that should run. */
  readonly problems: readonly string[];
}

/** Standard deviations within which a share counts as what was expected: chance alone is outside once in 16,000 times. */
const tolerance = 4;

/** How HTTP calls end, by outcome, where the verdict has no status. */
const endsOfOutcome: Readonly<Record<string, readonly string[]>> = {
  allowed: ["200"],
  denied: ["403"],
  "no-route": ["404"],
  unavailable: ["503"],
  refused: ["refused", "reset"],
};

/** How a call may end, by a verdict. */
export function expectedEnds({ outcome, outcomes, status }: Verdict, protocol: "http" | "tcp"): readonly string[] {
  if (status !== null) return [String(status)];
  const all = outcome === "varies" ? (outcomes ?? []) : [outcome];
  // A connection that does not get through is taken by the sidecar and closed, whatever stops it.
  if (protocol === "tcp") return all.flatMap((one) => (one === "allowed" ? "connected" : ["refused", "reset"]));
  return all.flatMap((one) => endsOfOutcome[one] ?? []);
}

/** @param verdicts of the pair's kinds of calls, in their order. */
export function reportPair(pair: Pair, verdicts: readonly Verdict[], seconds: number): PairReport {
  const { caller, service, port, protocol, ends, kinds } = pair;
  const expected = [...new Set(verdicts.flatMap((verdict) => expectedEnds(verdict, protocol)))];
  const backends = reportBackends(pair, verdicts);
  const kindsAgree = kinds.every((kind, index) => {
    const verdict = verdicts[index];
    const possible = verdict === undefined ? [] : expectedEnds(verdict, protocol);
    return Object.keys(kind.ends).every((end) => possible.includes(end === "answered" ? "connected" : end));
  });
  return {
    caller,
    service,
    port,
    protocol,
    callsPerSecond: seconds > 0 ? total(ends) / seconds : 0,
    ends,
    backends,
    expected,
    agrees: kindsAgree && Object.keys(ends).every((end) => expected.includes(end)) && backends.every(plausible(pair)),
  };
}

function reportBackends({ ends, backends, kinds }: Pair, verdicts: readonly Verdict[]): readonly BackendReport[] {
  const all = total(ends);
  const expected: Record<string, number> = {};
  // Kinds of calls may be divided differently; each counts as often as it was made.
  const weights = kinds.map(({ ends }) => total(ends));
  const weight = weights.reduce((sum, one) => sum + one, 0);
  verdicts.forEach((verdict, index) => {
    for (const [service, share] of Object.entries(verdict.backends)) {
      expected[service] = (expected[service] ?? 0) + (weight > 0 ? (share * (weights[index] ?? 0)) / weight : 0);
    }
  });
  return [...new Set([...Object.keys(backends), ...Object.keys(expected)])].sort().map((service) => ({
    service,
    calls: backends[service] ?? 0,
    share: all > 0 ? (backends[service] ?? 0) / all : 0,
    expected: expected[service] ?? 0,
  }));
}

function plausible({ ends }: Pair): (backend: BackendReport) => boolean {
  const all = total(ends);
  return ({ share, expected }) =>
    all === 0 || Math.abs(share - expected) <= tolerance * Math.sqrt((expected * (1 - expected)) / all) + 1 / all;
}
