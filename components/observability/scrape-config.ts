import { type MeshName } from "../../mesh";
import { alertRules } from "./alerts";
import { asked, dashboards } from "./dashboards";
import { metricsOf } from "./promql";
import { recordingRules } from "./recording-rules";

/** A step that changes labels, as Prometheus's configuration has it. */
interface Relabeling {
  readonly source_labels?: readonly string[];
  readonly separator?: string;
  readonly regex?: string;
  readonly target_label?: string;
  readonly replacement?: string;
  readonly action?: "keep" | "drop" | "replace" | "labeldrop";
}

/** A job of Prometheus's configuration. */
interface ScrapeJob {
  readonly job_name: string;
  readonly kubernetes_sd_configs: readonly {
    readonly role: "pod";
    readonly namespaces: { readonly names: readonly string[] };
  }[];
  readonly relabel_configs: readonly Relabeling[];
  readonly metric_relabel_configs: readonly Relabeling[];
}

/** What Prometheus asks for metrics. */
export interface ScrapeConfig {
  readonly scrape_configs: readonly ScrapeJob[];
}

const annotation = (name: string) => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;
const label = (name: string) => `__meta_kubernetes_pod_label_${name}`;

/** Which pod counted, and what it belongs to. */
const origin: readonly Relabeling[] = [
  { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
  { source_labels: ["__meta_kubernetes_pod_name"], target_label: "pod" },
  { source_labels: ["__meta_kubernetes_pod_controller_name"], target_label: "workload" },
  // A ReplicaSet is named after its Deployment and a hash.
  {
    source_labels: ["__meta_kubernetes_pod_controller_kind", "__meta_kubernetes_pod_controller_name"],
    regex: "ReplicaSet;(.+)-[a-z0-9]+",
    target_label: "workload",
  },
];

/** The Service behind the name of an Envoy cluster, as OSM and as Istio name them. */
const upstreams: readonly {
  readonly regex: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
}[] = [
  { regex: "([^/|]+)/([^|]+)[|]([0-9]+)", namespace: "$1", service: "$2", port: "$3" },
  { regex: "outbound[|]([0-9]+)[|][^|]*[|]([^.]+)[.]([^.]+)[.]svc[.].*", namespace: "$3", service: "$2", port: "$1" },
];

/** Istio's sidecars have names of their own for Envoy's labels, and count requests by classes of codes under the same name. */
const istioLabels: readonly Relabeling[] = [
  { source_labels: ["__name__", "response_code_class"], regex: "envoy_cluster_upstream_rq;.+", action: "drop" },
  {
    source_labels: ["__name__", "authz_enforce_result"],
    regex: "envoy_http_rbac;denied",
    target_label: "__name__",
    replacement: "envoy_http_inbound_rbac_denied",
  },
  ...["cluster_name", "listener_address"].flatMap((name): Relabeling[] => [
    { source_labels: [name], regex: "(.+)", target_label: `envoy_${name}` },
    { regex: name, action: "labeldrop" },
  ]),
];

/** Names the Service that a series is about, and leaves out series about what is none. */
const destinations: readonly Relabeling[] = [
  ...upstreams.flatMap(({ regex, namespace, service, port }) =>
    Object.entries({ destination_namespace: namespace, destination_service: service, destination_port: port }).map(
      ([target_label, replacement]) => ({ source_labels: ["envoy_cluster_name"], regex, target_label, replacement }),
    ),
  ),
  { source_labels: ["envoy_cluster_name", "destination_service"], regex: ".+;", action: "drop" },
  { regex: "envoy_cluster_name", action: "labeldrop" },
  { source_labels: ["envoy_response_code"], regex: "(.+)", target_label: "response_code" },
  { regex: "envoy_response_code", action: "labeldrop" },
];

/** OSM gives each port's filter a name of its own, with the port in it. */
const inboundDenials: readonly Relabeling[] = [
  {
    source_labels: ["__name__"],
    regex: "envoy_http_rds_inbound_([0-9]+)_rbac_denied",
    target_label: "destination_port",
  },
  {
    source_labels: ["__name__"],
    regex: "envoy_http_rds_inbound_[0-9]+_rbac_denied",
    target_label: "__name__",
    replacement: "envoy_http_inbound_rbac_denied",
  },
];

const controlPlanes: Readonly<
  Record<
    MeshName,
    { readonly namespace: string; readonly apps: string; readonly port: number; readonly sidecar: Relabeling }
  >
> = {
  osm: {
    namespace: "kube-system",
    apps: "osm-controller|osm-injector",
    port: 9091,
    sidecar: { source_labels: [label("osm_proxy_uuid")], regex: ".+", action: "keep" },
  },
  istio: {
    namespace: "aks-istio-system",
    apps: "istiod",
    port: 15014,
    sidecar: { source_labels: [label("security_istio_io_tlsMode")], regex: "istio", action: "keep" },
  },
};

/**
 * What is asked, and kept, of the mesh: sidecars of these namespaces at the address that their injector wrote on them, and the control plane. Of an
 * Envoy's thousands of series only those are kept that a panel, a rule or an alert reads: on Azure each one costs.
 *
 * @param namespaces Of the mesh.
 */
export function scrapeConfig(mesh: MeshName, namespaces: readonly string[]): ScrapeConfig {
  const { namespace, apps, port, sidecar } = controlPlanes[mesh];
  const keep: Relabeling = { source_labels: ["__name__"], regex: keptMetrics(mesh).join("|"), action: "keep" };
  return {
    scrape_configs: [
      {
        job_name: "mesh-sidecars",
        kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [...namespaces] } }],
        relabel_configs: [
          sidecar,
          { source_labels: [annotation("scrape")], regex: "true", action: "keep" },
          { source_labels: [annotation("path")], regex: "(.+)", target_label: "__metrics_path__" },
          {
            source_labels: ["__meta_kubernetes_pod_ip", annotation("port")],
            separator: ":",
            regex: "(.+:[0-9]+)",
            target_label: "__address__",
          },
          ...origin,
        ],
        metric_relabel_configs: [...(mesh === "osm" ? inboundDenials : istioLabels), keep, ...destinations],
      },
      {
        job_name: "mesh-control-plane",
        kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }],
        relabel_configs: [
          { source_labels: [label("app")], regex: apps, action: "keep" },
          {
            source_labels: ["__meta_kubernetes_pod_ip"],
            regex: "(.+)",
            replacement: `$1:${port}`,
            target_label: "__address__",
          },
          ...origin,
        ],
        metric_relabel_configs: [keep],
      },
    ],
  };
}

/** The metrics that somebody reads and that are scraped: not those that rules make. */
function keptMetrics(mesh: MeshName): readonly string[] {
  const queries = [
    ...recordingRules(mesh, 0).map(({ query }) => query),
    ...alertRules({ mesh, certificateSeconds: 0, thresholds: {} }).map(({ query }) => query),
    ...dashboards(mesh).flatMap(({ panels }) =>
      panels.flatMap((panel) => panel.queries.map(({ query }) => asked(query))),
    ),
  ];
  const names = queries.flatMap(metricsOf).filter((name) => !name.includes(":"));
  return [...new Set(names)].sort();
}
