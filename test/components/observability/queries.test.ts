import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { alertRules } from "../../../components/observability/alerts";
import { asked, dashboards, grafanaDashboard } from "../../../components/observability/dashboards";
import { metricsOf } from "../../../components/observability/promql";
import { recommendedGroups } from "../../../components/observability/recommended-rules";
import { recordingRules } from "../../../components/observability/recording-rules";
import { scrapeConfig } from "../../../components/observability/scrape-config";

/** Where a query is no PromQL by Prometheus's own grammar; undefined where it is. */
function queryProblem(query: string): { readonly at: number } | undefined {
  let problem: { readonly at: number } | undefined;
  parser.parse(query).iterate({
    enter: ({ type, from }) => {
      if (problem === undefined && type.isError) problem = { at: from };
    },
  });
  return problem;
}

describe("queryProblem", () => {
  it.each(["up", 'sum by (a) (rate(x{b=~"c.*"}[2m])) > 0', "histogram_quantile(0.99, sum by (le) (x))"])(
    "takes %s",
    (query) => {
      expect(queryProblem(query)).toBeUndefined();
    },
  );

  it.each([
    ["sum by (a (x)", 10],
    ["rate(x[2m)", 9],
    ["", 0],
    ["up ==", 5],
  ])("says of %j where it is wrong", (query, at) => {
    expect(queryProblem(query)?.at).toBe(at);
  });
});

it("finds the metrics that a query asks for, and not its labels and functions", () => {
  const query = 'sum by (pod) (rate(a_total{pod="b"}[2m])) / on (pod) group_left c:d:rate2m or absent(up{job="e"})';
  expect(metricsOf(query)).toEqual(["a_total", "c:d:rate2m", "up"]);
});

describe.each(["osm", "istio"] as const)("queries about %s", (mesh) => {
  const recorded = recordingRules(mesh, 86_400);
  const names = new Set(recorded.map(({ record }) => record));
  const alerts = alertRules({ mesh, certificateSeconds: 86_400, thresholds: {} });
  const pages = dashboards(mesh);
  const panels = pages.flatMap((page) => page.panels.map((panel) => ({ page, panel })));
  const ofPanels = panels.flatMap(({ panel }) => panel.queries.map(({ query }) => asked(query)));
  const keep = new Map(
    scrapeConfig(mesh, ["shop"]).scrape_configs.map((job) => [
      job.job_name,
      new RegExp(`^(?:${job.metric_relabel_configs.find(({ action }) => action === "keep")?.regex ?? ""})$`),
    ]),
  );

  it("are PromQL, every one", () => {
    const all = [...recorded, ...alerts].map(({ query }) => query).concat(ofPanels);
    expect(all.filter((query) => queryProblem(query) !== undefined)).toEqual([]);
  });

  it("read series that a rule makes, or that are kept when sidecars are asked", () => {
    const read = [...alerts.map(({ query }) => query), ...ofPanels, ...recorded.map(({ query }) => query)].flatMap(
      metricsOf,
    );
    const unknown = read.filter((name) =>
      name.includes(":") ? !names.has(name) : name !== "up" && !keep.get("mesh-sidecars")?.test(name),
    );
    expect(unknown).toEqual([]);
  });

  it("fit in a group of Azure's, which has 20 rules at most", () => {
    expect(recorded.length).toBeLessThanOrEqual(20);
    expect(alerts.length).toBeLessThanOrEqual(20);
  });

  it("leave no series to be kept that nobody reads", () => {
    expect(keep.get("mesh-sidecars")?.test("envoy_cluster_upstream_cx_rx_bytes_total")).toBe(false);
    expect(keep.get("mesh-sidecars")?.test("envoy_cluster_upstream_rq_time_sum")).toBe(false);
  });

  it.each(pages.map((page) => [page.id, page] as const))("of %s are a dashboard of Grafana", (id, page) => {
    const { uid, panels: drawn = [], templating } = grafanaDashboard(page);
    expect(uid).toBe(id);
    expect(templating.list?.map(({ name }) => name)).toEqual(["datasource", ...page.choices]);
    expect(drawn).toHaveLength(page.panels.length);
    for (const [place, panel] of drawn.entries()) {
      expect(panel).toMatchObject({
        title: page.panels[place]?.title,
        description: page.panels[place]?.description,
        datasource: { type: "prometheus", uid: "${datasource}" },
        targets: page.panels[place]?.queries.map(({ query, legend }) => ({ expr: query, legendFormat: legend })),
      });
    }
    // A choice that a query reads has to be one of the page's.
    const chosen = [
      ...new Set(
        page.panels.flatMap(({ queries }) => queries.flatMap(({ query }) => query.match(/\$[a-z]+\b/g) ?? [])),
      ),
    ];
    expect(chosen.filter((name) => !page.choices.some((choice) => name === `$${choice}`))).toEqual([]);
  });
});

it.each(["osm", "istio"] as const)("draws panels of %s beside each other, none over another or the edge", (mesh) => {
  for (const page of dashboards(mesh)) {
    const places = grafanaDashboard(page).panels.map(({ gridPos = { x: 0, y: 0, w: 0, h: 0 } }) => gridPos);
    for (const { x, w } of places) expect(x + w).toBeLessThanOrEqual(24);
    const overlaps = places.filter((one, index) =>
      places.some(
        (two, other) =>
          other > index &&
          one.x < two.x + two.w &&
          two.x < one.x + one.w &&
          one.y < two.y + two.h &&
          two.y < one.y + one.h,
      ),
    );
    expect(overlaps).toEqual([]);
  }
});

describe.each(recommendedGroups.map((group) => [group.name, group] as const))("Azure's rules of %s", (_, { rules }) => {
  it("are PromQL, and fit in a group", () => {
    expect(rules.filter(({ query }) => queryProblem(query) !== undefined)).toEqual([]);
    expect(rules.length).toBeLessThanOrEqual(20);
  });

  it("read what AKS's agent collects by itself, or what a rule before them makes", () => {
    rules.forEach(({ query }, place) => {
      const before = rules.slice(0, place).map(({ record }) => record);
      for (const name of metricsOf(query)) {
        if (name.includes(":")) expect(before).toContain(name);
        else expect(name).toMatch(/^(node|container|kube)_/);
      }
    });
  });

  it("make each series once, or with other labels", () => {
    const made = rules.map(({ record, labels }) => JSON.stringify([record, labels]));
    expect(new Set(made).size).toBe(made.length);
  });
});

// The names are Azure's: its dashboards and pages ask for them.
it("names Azure's series as its dashboards and pages do", () => {
  expect([...new Set(recommendedGroups.flatMap(({ rules }) => rules.map(({ record }) => record)))]).toEqual([
    "instance:node_num_cpu:sum",
    "instance:node_cpu_utilisation:rate5m",
    "instance:node_load1_per_cpu:ratio",
    "instance:node_memory_utilisation:ratio",
    "instance:node_vmstat_pgmajfault:rate5m",
    "instance_device:node_disk_io_time_seconds:rate5m",
    "instance_device:node_disk_io_time_weighted_seconds:rate5m",
    "instance:node_network_receive_bytes_excluding_lo:rate5m",
    "instance:node_network_transmit_bytes_excluding_lo:rate5m",
    "instance:node_network_receive_drop_excluding_lo:rate5m",
    "instance:node_network_transmit_drop_excluding_lo:rate5m",
    "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate",
    "node_namespace_pod_container:container_memory_working_set_bytes",
    "node_namespace_pod_container:container_memory_rss",
    "node_namespace_pod_container:container_memory_cache",
    "node_namespace_pod_container:container_memory_swap",
    "cluster:namespace:pod_memory:active:kube_pod_container_resource_requests",
    "namespace_memory:kube_pod_container_resource_requests:sum",
    "cluster:namespace:pod_cpu:active:kube_pod_container_resource_requests",
    "namespace_cpu:kube_pod_container_resource_requests:sum",
    "cluster:namespace:pod_memory:active:kube_pod_container_resource_limits",
    "namespace_memory:kube_pod_container_resource_limits:sum",
    "cluster:namespace:pod_cpu:active:kube_pod_container_resource_limits",
    "namespace_cpu:kube_pod_container_resource_limits:sum",
    "namespace_workload_pod:kube_pod_owner:relabel",
    ":node_memory_MemAvailable_bytes:sum",
    "cluster:node_cpu:ratio_rate5m",
    "ux:pod_cpu_usage:sum_irate",
    "ux:controller_cpu_usage:sum_irate",
    "ux:pod_workingset_memory:sum",
    "ux:controller_workingset_memory:sum",
    "ux:pod_rss_memory:sum",
    "ux:controller_rss_memory:sum",
    "ux:pod_container_count:sum",
    "ux:controller_container_count:sum",
    "ux:pod_container_restarts:max",
    "ux:controller_container_restarts:max",
    "ux:pod_resource_limit:sum",
    "ux:controller_resource_limit:sum",
    "ux:controller_pod_phase_count:sum",
    "ux:cluster_pod_phase_count:sum",
    "ux:node_cpu_usage:sum_irate",
    "ux:node_memory_usage:sum",
    "ux:node_network_receive_drop_total:sum_irate",
    "ux:node_network_transmit_drop_total:sum_irate",
  ]);
});

it("counts a pair once that both Istio's telemetry and Envoy count, although only one of them tells the port", () => {
  const both = recordingRules("istio", 0).filter(({ query }) => query.includes("istio_") && query.includes("envoy_"));
  expect(both.map(({ record }) => record)).toContain("mesh:requests:rate2m");
  for (const { query } of both) expect(query).toMatch(/ or on \([^)]*destination_service\) /);
});

it("keeps an alert's thresholds", () => {
  const rules = alertRules({ mesh: "osm", certificateSeconds: 1000, thresholds: { errorRate: 0.2, latencyMs: 250 } });
  const query = (name: string) => rules.find(({ alert }) => alert === name)?.query;
  expect(query("MeshErrorRate")).toMatch(/> 0\.2$/);
  expect(query("MeshLatency")).toMatch(/> 250$/);
  expect(query("MeshCertificateNotRenewed")).toMatch(/< 0$/);
});
