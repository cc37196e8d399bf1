import { table } from "../summary";
import { type Metrics } from "./metrics";
import { type MetricsReport, type PanelAnswer } from "./panels";

/** Where somebody looks while it runs, a line each. */
export function placesToLook({ prometheus, alertmanager }: Metrics["addresses"]): readonly string[] {
  return [`Prometheus    ${prometheus}`, `Alertmanager  ${alertmanager}`];
}

/** The report as tables for people. */
export function metricsTable({ panels, alerts, rules, targets }: MetricsReport): string {
  const pages = [...new Set(panels.map(({ dashboard }) => dashboard))];
  const rows = pages.map((page) => {
    const own = panels.filter(({ dashboard }) => dashboard === page);
    const silent = own.filter(({ series }) => series === 0);
    return [page, `${own.length - silent.length} of ${own.length}`, silent.map(({ panel }) => panel).join(", ")];
  });
  const lines = [
    `Prometheus asks ${targets.up} targets and computes ${rules.computed} rules.`,
    "",
    table([["DASHBOARD", "QUERIES WITH DATA", "WITHOUT"], ...rows]),
    "",
    alerts.length === 0 ? "No alert is on." : table([["ALERT", "STATE", "SAYS"], ...alerts.map(alertRow)]),
  ];
  for (const problem of [...targets.problems, ...rules.problems, ...panels.flatMap(refused)]) {
    lines.push("", `Problem: ${problem}`);
  }
  return lines.join("\n");
}

function alertRow({ name, state, summary }: MetricsReport["alerts"][number]): string[] {
  return [name, state, summary];
}

function refused({ dashboard, panel, problem }: PanelAnswer): string[] {
  return problem === undefined ? [] : [`${dashboard}, ${panel}: ${problem}`];
}
