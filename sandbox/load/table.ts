import { table } from "../summary";
import { type Limit } from "../traffic/analysis";
import { total } from "../traffic/counts";
import { type LoadReport } from "./report";
import { type SidecarCounts } from "./statistics";

/** What is counted of sidecars, and by which limits it comes about. */
const rows: readonly (readonly [what: string, counted: keyof SidecarCounts, limits: readonly string[]])[] = [
  ["over a rate of requests", "limitedRequests", ["requestRate"]],
  ["over a rate of connections", "limitedConnections", ["connectionRate"]],
  ["circuit breaker full", "overflowedRequests", ["maxRequests", "maxPendingRequests", "maxRequestsPerConnection"]],
  ["connections over the limit", "overflowedConnections", ["maxConnections"]],
  ["tried again", "retried", ["retries"]],
  ["retries over the limit", "overflowedRetries", ["maxRetries"]],
  ["took too long", "timedOut", ["timeout", "perTryTimeout", "connectTimeout"]],
  ["pods left out", "ejected", ["outliers"]],
];

/** The report as text for people. */
export function loadTable(report: LoadReport): string {
  const { caller, to, request, concurrency, perSecond, seconds, latency, ends, passed, byRate } = report;
  const made = total(ends);
  const pace = perSecond === undefined ? "" : `, ${String(perSecond)} begun in a second`;
  const lines = [
    `${String(made)} calls of ${caller} to ${to} ${request}, ${String(concurrency)} at a time${pace}: ${seconds.toFixed(1)} s, ${perSecondText(made, seconds)}`,
    ...(report.interrupted ? [`Ended by Ctrl-C: ${String(report.requests)} were asked for.`] : []),
    "",
    table([["END", "CALLS", ""], ...endRows(report)]),
  ];
  if (latency !== undefined) {
    const quantiles = Object.entries(latency).map(([name, milliseconds]) => `${name} ${milliseconds.toFixed(1)} ms`);
    lines.push("", `Calls that passed took  ${quantiles.join("   ")}`);
  }
  const held = sidecarRows(report);
  lines.push(
    "",
    held.length === 0
      ? "No limit is configured, and the sidecars held no call."
      : table([["COUNTED BY THE SIDECARS", "", "CONFIGURED"], ...held]),
  );
  if (byRate !== undefined) {
    const { atOnce, most } = byRate;
    lines.push(
      "",
      `The rate lets ${String(atOnce)} pass at once and ${String(most)} in this time at most; ${String(passed)} passed.`,
    );
  }
  return lines.join("\n");
}

function perSecondText(made: number, seconds: number): string {
  return seconds > 0 ? `${(made / seconds).toFixed(0)} a second` : "";
}

/** One for each way to end; 503 by what the caller's sidecar says of it. */
function endRows({ ends, sidecars }: LoadReport): string[][] {
  const all = total(ends);
  return Object.entries(ends)
    .sort(([, a], [, b]) => b - a)
    .flatMap(([end, count]) => {
      const share = `${((count / all) * 100).toFixed(1)} %`;
      if (end !== "503" || sidecars.overflowedRequests === 0) return [[end, String(count), share]];
      const full = Math.min(count, sidecars.overflowedRequests);
      return [
        [end, String(count), share],
        ["  circuit breaker full", String(full), ""],
        ["  for another reason", String(count - full), ""],
      ];
    });
}

function sidecarRows({ sidecars, configured }: LoadReport): string[][] {
  return rows.flatMap(([what, counted, limits]) => {
    const own = configured.filter(({ limit }) => limits.includes(limit));
    const count = sidecars[counted];
    if (own.length === 0) return count === 0 ? [] : [[what, String(count), "nothing"]];
    return own.map((limit, index) =>
      index === 0 ? [what, String(count), limitText(limit)] : ["", "", limitText(limit)],
    );
  });
}

function limitText({ limit, value, service, by }: Limit): string {
  return `${limit} ${value} (${by ?? service})`;
}
