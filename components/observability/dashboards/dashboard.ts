/** One line, or bar, or number, of a panel for each series that the query yields. */
export interface PanelQuery {
  /** PromQL. `$__rate_interval`, `$namespace` and `$workload` stand for what somebody has chosen on the dashboard. */
  readonly query: string;
  /** What a series is called, with its labels as `{{label}}`. */
  readonly legend: string;
}

/** What is drawn in one place. */
export interface Panel {
  readonly title: string;
  /** What it shows, and what to make of it. */
  readonly description: string;
  readonly kind: "lines" | "number";
  /** Grafana's name of the unit. */
  readonly unit: "reqps" | "percentunit" | "ms" | "s" | "short" | "cps";
  readonly queries: readonly PanelQuery[];
  /**
   * Who has to count for it, beside the rules of this folder: sidecars (`envoy`), OSM's own control plane, or Istio's. A panel on a mesh
   * without that stays empty.
   */
  readonly needs: "envoy" | "osm-controller" | "istiod";
}

/** A page of panels. */
export interface Dashboard {
  /** Lower-case letters and hyphens; part of its name in Azure and of its address. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** What somebody may choose on it, beside the source of the data. */
  readonly choices: readonly ("namespace" | "workload")[];
  readonly panels: readonly Panel[];
}

/** A panel's query as Prometheus can be asked it, for everything that could be chosen. */
export function asked(query: string): string {
  return query
    .replaceAll("$__rate_interval", "2m")
    .replaceAll('=~"$namespace"', '=~".*"')
    .replaceAll('=~"$workload"', '=~".*"');
}
