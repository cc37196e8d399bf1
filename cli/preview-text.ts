import { changeTitles, describeRequest, unprovedRule } from "../mesh";
import { costChangeText, planCounts } from "../preview/comment";
import { type PreviewReport, type Review } from "../preview/report";
import { type StatusRow } from "../preview/status";
import { type Terminal } from "./terminal";

/** A report in some lines, for the person at the terminal. The comment says more. */
export function describeReport(report: PreviewReport, terminal: Terminal): string {
  const { paint } = terminal;
  const { state, stack, addresses, health, expires } = report;
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  switch (state.status) {
    case "running":
      line(`${paint.good("running")}: ${paint.bold(stack)} at commit ${report.commit.slice(0, 7)}`);
      break;
    case "removed":
      line(`${paint.good("removed")}: ${paint.bold(stack)}`);
      break;
    case "failed":
    case "teardown-failed":
      line(`${paint.bad(state.status === "failed" ? "failed" : "could not be removed")}: ${paint.bold(stack)}`);
      line(state.error);
  }
  if (state.status === "teardown-failed") {
    for (const left of state.left) line(`  left: ${left}`);
    line(`  remove it: npx aks-mesh preview down --pr ${String(report.pullRequest)}`);
  }
  for (const { name, url } of addresses) line(`  ${name.padEnd(14)} ${url}`);
  if (health !== undefined) line(`  health         ${String(health.ready)} of ${String(health.total)} workloads ready`);
  if (expires !== undefined && state.status !== "removed") line(`  removed after  ${expires}`);
  return `${lines.join("\n")}\n${describeReview(report, terminal)}`;
}

/**
 * What a review says, in some lines; nothing where there is none.
 *
 * @param what what would do it.
 */
export function describeReview(
  { plan, access, merging, differences = [], refused }: Review,
  { paint }: Terminal,
  what: "merging" | "deploying" = "merging",
): string {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  for (const { object, rule, message, request } of access?.broken ?? []) {
    line(`${paint.bad(rule === unprovedRule ? "not proved" : "broken")}: ${object ?? "a guarantee"}: ${message}`);
    if (request !== undefined) line(`    ${describeRequest(request)}`);
  }
  if (access !== undefined) {
    const { changes, comparedWith } = access;
    if ("unknown" in changes) line(`who may call whom: not known. ${changes.unknown}`);
    else if (changes.length === 0) line(`who may call whom: no change against ${comparedWith}, proved`);
    else line(`who may call whom: ${String(changes.length)} changes against ${comparedWith}`);
    for (const { kind, from, to, shares = [] } of "unknown" in changes ? [] : changes) {
      line(`    ${changeTitles[kind]}: ${from} → ${to}${kind === "shares" ? `: ${shares.join(", ")}` : ""}`);
    }
  }
  if (plan !== undefined) {
    line(`${what} would change: ${planCounts(plan)}, ${String(plan.unchanged)} unchanged`);
  }
  if (refused !== undefined && plan?.partial !== true) line(`${paint.bad(`${what} would be refused`)}: ${refused}`);
  if (merging !== undefined && merging.parts.length > 0) line(`${what} would cost: ${costChangeText(merging)}`);
  for (const difference of differences) line(paint.dim(`differs: ${difference}`));
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** A table of previews. */
export function describeStatus(rows: readonly StatusRow[], now: Date, { paint }: Terminal): string {
  if (rows.length === 0) return "There are no previews.\n";
  const cells = rows.map(
    ({ pullRequest, stack, cluster, commit, owner, lastUpdate, expires, address, health, state }) => [
      String(pullRequest),
      stack,
      cluster ?? "?",
      commit?.slice(0, 7) ?? "?",
      owner ?? "?",
      lastUpdate === undefined ? "-" : span(now.getTime() - Date.parse(lastUpdate)),
      expires === undefined ? "unknown" : endText(Date.parse(expires) - now.getTime()),
      health === undefined ? "unknown" : `${String(health.ready)}/${String(health.total)}`,
      state,
      address ?? "-",
    ],
  );
  const titles = ["PR", "STACK", "CLUSTER", "COMMIT", "OWNER", "AGE", "ENDS", "READY", "STATE", "ADDRESS"];
  const widths = titles.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const text = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${[paint.bold(text(titles)), ...cells.map(text)].join("\n")}\n`;
}

/** A time span in its largest unit, such as `3h`. */
function span(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  if (minutes < 120) return `${String(minutes)}m`;
  return minutes < 48 * 60 ? `${String(Math.round(minutes / 60))}h` : `${String(Math.round(minutes / 1440))}d`;
}

function endText(milliseconds: number): string {
  return milliseconds < 0 ? `${span(-milliseconds)} ago` : `in ${span(milliseconds)}`;
}
