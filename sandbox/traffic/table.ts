import { table } from "../summary";
import { type Counts, total } from "./counts";
import { type PairReport, type TrafficReport } from "./report";

/** The report as a table for people. */
export function trafficTable({
  seconds,
  pairs,
  outside,
  gateways,
  outward,
  simulated,
  problems,
}: TrafficReport): string {
  const rows = pairs.flatMap(pairRows);
  const lines = [
    `Counted by the sidecars' Envoys, ${seconds.toFixed(0)} s since the policies last changed:`,
    "",
    table([["CALLER", "SERVICE", "CALLS/S", "ENDS", "SHARE", "ANALYSIS", ""], ...rows]),
  ];
  if (pairs.some(({ ends }) => (ends["refused"] ?? 0) > 0)) {
    lines.push("", "Refused calls never reach a sidecar, which has no listener for them: the caller counted these.");
  }
  if (outside !== undefined) {
    const closed = String(outside.closedBySidecars);
    lines.push(
      "",
      `From outside the mesh, in plain text, to ${outside.to}: ${endsText(outside.ends)}; analysis: ` +
        `${expectedText(outside.expected)} ${mark(outside.agrees)}`,
      `  (its sidecars closed ${closed} ${closed === "1" ? "connection" : "connections"} for which they have no filter chain)`,
    );
  }
  if (gateways.length > 0) {
    const calls = gateways.map(({ gateway, request, ends, expected, agrees }) => [
      ...[gateway, request, endsText(ends), expectedText(expected), mark(agrees)],
    ]);
    lines.push("", "From outside the mesh, through its gateways:", "");
    lines.push(table([["GATEWAY", "REQUEST", "ENDS", "ANALYSIS", ""], ...calls]));
  }
  if (outward.length > 0) {
    const calls = outward.map(({ caller, request, gateways: by, ends, expected, agrees }) => [
      ...[caller, request, by.join(", "), endsText(ends), expectedText(expected), mark(agrees)],
    ]);
    lines.push("", "To hosts outside of the cluster:", "");
    lines.push(table([["CALLER", "REQUEST", "GATEWAY", "ENDS", "ANALYSIS", ""], ...calls]));
  }
  if (simulated.length > 0)
    lines.push("", `Simulated, since no program stands for their images: ${simulated.length} pods.`);
  for (const problem of problems) lines.push("", `Problem: ${problem}`);
  return lines.join("\n");
}

function pairRows(pair: PairReport): string[][] {
  const row = [
    pair.caller,
    `${pair.service}:${String(pair.port)}`,
    pair.callsPerSecond.toFixed(1),
    endsText(pair.ends),
    "",
    expectedText(pair.expected),
    mark(pair.agrees),
  ];
  if (pair.backends.length < 2) return [row];
  const backends = pair.backends.map(({ service, share, expected }) => [
    "",
    `  ${service}`,
    (share * pair.callsPerSecond).toFixed(1),
    "",
    percent(share),
    percent(expected),
    "",
  ]);
  return [row, ...backends];
}

/** Such as "200" where all calls ended so, else "200 90.0 %, 503 10.0 %". */
function endsText(ends: Counts): string {
  const all = total(ends);
  const parts = Object.entries(ends).sort(([, a], [, b]) => b - a);
  if (parts.length === 0) return "none";
  return parts.map(([end, count]) => (parts.length === 1 ? end : `${end} ${percent(count / all)}`)).join(", ");
}

/** Whether a connection is refused or reset makes no difference to the analysis. */
function expectedText(expected: readonly string[]): string {
  return expected.filter((end) => end !== "reset" || !expected.includes("refused")).join(" or ");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function mark(agrees: boolean): string {
  return agrees ? "✓" : "✗ differs";
}
