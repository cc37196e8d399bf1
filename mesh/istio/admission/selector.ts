import { type Report } from "../../analysis/object-report";
import { type WorkloadSelector } from "../kinds";

/** Labels of a selector have no patterns; none at all select everything. */
export function checkSelector(selector: WorkloadSelector | undefined, report: Report): void {
  const labels = Object.entries(selector?.matchLabels ?? {});
  for (const [name, value] of labels) {
    if (`${name}${value}`.includes("*")) {
      report.error(
        "selector",
        "spec.selector.matchLabels",
        `${name}=${value} has a *`,
        "write the label as pods have it",
        "webhook",
      );
    }
  }
  if (selector !== undefined && labels.length === 0) {
    report.warning(
      "selector",
      "spec.selector",
      "has no label, and selects every pod",
      "write matchLabels, or take it out",
    );
  }
}
