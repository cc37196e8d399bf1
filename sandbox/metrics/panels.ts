import { type DashboardJson } from "./collection";
import { type ActiveAlert, type PrometheusApi } from "./prometheus-api";

/** What a panel's query yields now. */
export interface PanelAnswer {
  readonly dashboard: string;
  readonly panel: string;
  /** As it was asked, with everything chosen that can be. */
  readonly query: string;
  /** Series with a value that is a number. */
  readonly series: number;
  /** What Prometheus says of a query that it does not take. */
  readonly problem?: string;
}

/** What Prometheus makes of the stack's dashboards, rules and targets. */
export interface MetricsReport {
  readonly panels: readonly PanelAnswer[];
  readonly alerts: readonly ActiveAlert[];
  /** How many rules compute without an error, and what is wrong with the others. */
  readonly rules: { readonly computed: number; readonly problems: readonly string[] };
  /** How many answer that are asked for metrics, and what is wrong with the others. */
  readonly targets: { readonly up: number; readonly problems: readonly string[] };
}

/** Asks every query of every panel, and how rules and targets are. */
export async function metricsReport(
  prometheus: PrometheusApi,
  dashboards: readonly DashboardJson[],
): Promise<MetricsReport> {
  const [rules, targets, alerts] = await Promise.all([prometheus.rules(), prometheus.targets(), prometheus.alerts()]);
  return {
    panels: await Promise.all(queriesOf(dashboards).map((asked) => answer(prometheus, asked))),
    alerts,
    rules: {
      computed: rules.filter(({ health }) => health === "ok").length,
      problems: rules.filter(({ health }) => health === "err").map(({ name, problem }) => `${name}: ${problem ?? ""}`),
    },
    targets: {
      up: targets.filter(({ health }) => health === "up").length,
      problems: targets
        .filter(({ health }) => health === "down")
        .map(({ job, address, problem }) => `${job} ${address}: ${problem}`),
    },
  };
}

type Asked = Pick<PanelAnswer, "dashboard" | "panel" | "query">;

function queriesOf(dashboards: readonly DashboardJson[]): Asked[] {
  return dashboards.flatMap(({ title, panels = [] }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr = "" }) => ({
        ...{ dashboard: title, panel: panel.title ?? "", query: withChoices(expr) },
      })),
    ),
  );
}

/** What Grafana puts in place of its own variables, and of a choice of which all is chosen. */
function withChoices(query: string): string {
  return query.replaceAll("$__rate_interval", "1m").replaceAll(/"\$\w+"/g, '".*"');
}

async function answer(prometheus: PrometheusApi, asked: Asked): Promise<PanelAnswer> {
  try {
    const samples = await prometheus.query(asked.query);
    return { ...asked, series: samples.filter(({ value }) => !Number.isNaN(value)).length };
  } catch (error) {
    return { ...asked, series: 0, problem: error instanceof Error ? error.message : String(error) };
  }
}
