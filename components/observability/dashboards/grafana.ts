import type * as grafana from "@grafana/grafana-foundation-sdk/dashboard";
import { type Dashboard, type Panel } from "./dashboard";

/** What Grafana's own declarations say, with the values of enumerations as they are written in JSON: nothing of its library runs here. */
type Plain<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : { [Key in keyof T]: Plain<T[Key]> };

/** A dashboard as Grafana reads it. */
export type GrafanaDashboard = Omit<Plain<grafana.Dashboard>, "panels"> & { readonly panels: GrafanaPanel[] };

type GrafanaPanel = Omit<Plain<grafana.Panel>, "targets"> & { readonly targets: GrafanaTarget[] };

/** Grafana leaves what a query is to each source of data; this is Prometheus's. */
interface GrafanaTarget {
  /** Names it among the panel's. */
  readonly refId: string;
  readonly datasource: grafana.DataSourceRef;
  readonly expr: string;
  readonly legendFormat: string;
}

/** The source that somebody has chosen on the dashboard. */
const source = { type: "prometheus", uid: "${datasource}" };

/** Of Grafana's 24 columns; and rows. */
const columns = 24;
const sizes = { number: { w: 6, h: 4 }, lines: { w: 12, h: 8 } } as const;

/** What fills a choice: values of these labels. */
const choices = {
  namespace: 'label_values(up{job="mesh-sidecars"}, namespace)',
  workload: 'label_values(up{job="mesh-sidecars", namespace=~"$namespace"}, workload)',
} as const;

/** A dashboard as Grafana, and the dashboards of Azure's portal, read it. */
export function grafanaDashboard({ id, title, description, choices: chosen, panels }: Dashboard): GrafanaDashboard {
  return {
    ...{ uid: id, title, description, tags: ["service-mesh"], schemaVersion: 41 },
    ...{ editable: true, refresh: "30s", time: { from: "now-1h", to: "now" } },
    annotations: { list: [] },
    templating: {
      list: [
        { type: "datasource", name: "datasource", label: "Data source", query: "prometheus" },
        ...chosen.map((name) => ({
          ...{ type: "query" as const, name, query: choices[name], datasource: source },
          ...{ includeAll: true, multi: true, current: { text: "All", value: "$__all" } },
          // Looked up anew with every range of time, and in the order of the alphabet.
          ...{ refresh: 2, sort: 1 },
        })),
      ],
    },
    panels: placed(panels),
  };
}

/** From left to right, and a new row where the next is too wide for it. */
function placed(panels: readonly Panel[]): GrafanaPanel[] {
  let [x, y, height] = [0, 0, 0];
  return panels.map((panel) => {
    const { w, h } = sizes[panel.kind];
    if (x + w > columns) [x, y, height] = [0, y + height, 0];
    const drawn = grafanaPanel(panel, { x, y, w, h });
    [x, height] = [x + w, Math.max(height, h)];
    return drawn;
  });
}

function grafanaPanel(
  { title, description, kind, unit, queries }: Panel,
  gridPos: GrafanaPanel["gridPos"],
): GrafanaPanel {
  return {
    type: kind === "number" ? "stat" : "timeseries",
    ...{ title, description, gridPos, datasource: source },
    fieldConfig: { defaults: { unit }, overrides: [] },
    targets: queries.map(({ query, legend }, place) => ({
      ...{ refId: String.fromCharCode("A".charCodeAt(0) + place), datasource: source },
      ...{ expr: query, legendFormat: legend },
    })),
  };
}
