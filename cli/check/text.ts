import { formatPosition, formatProblem } from "../../mesh/manifests";
import { describeRequest, type Finding } from "../../mesh";
import { type Paint } from "../terminal";
import { type CheckReport } from "./report";

/** A check for a person. */
export function checkText(report: CheckReport, paint: Paint): string {
  const { problems, findings, guarantees } = report;
  const errors = [...problems, ...findings].filter(({ severity }) => severity === "error").length;
  const warnings = problems.length + findings.length - errors;
  const proved = guarantees.filter(({ state }) => state === "proved").length;
  const extent = [`${report.extent}.`, ...report.unmetAssumptions].join(" ");
  return [
    ...problems.map(formatProblem),
    ...findings.map((one) => findingText(one, paint)),
    ...(guarantees.length > 0
      ? [`${String(proved)} of ${String(guarantees.length)} guarantees proved, ${extent}`]
      : []),
    errors + warnings === 0
      ? paint.good("No findings.")
      : `${errors > 0 ? paint.bad(counted(errors, "error")) : "0 errors"}, ${counted(warnings, "warning")}.`,
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** `1 error`, `2 errors`. */
function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function findingText(one: Finding, paint: Paint): string {
  const severity = one.severity === "error" ? paint.bad("error") : paint.warn("warning");
  const place = one.position === undefined ? "" : `${formatPosition(one.position)}: `;
  const subject = one.object === undefined ? "" : `${paint.bold(one.object)}: `;
  const lines = [`${place}${severity}: ${subject}${one.message} ${paint.dim(`[${one.rule}]`)}`];
  if (one.request !== undefined) lines.push(`    shown by  ${describeRequest(one.request)}`);
  lines.push(`    remedy    ${one.remedy}`);
  return lines.join("\n");
}
