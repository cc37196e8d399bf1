import { type MeshName } from "../../../mesh";
import { type Dashboard, type Panel } from "./dashboard";

const destination = "destination_namespace, destination_service";
const pair = `source_namespace, source_workload, ${destination}`;
const pairLegend = "{{source_namespace}}/{{source_workload}} → {{destination_namespace}}/{{destination_service}}";
const destinationLegend = "{{destination_namespace}}/{{destination_service}}";

/** Share of answers that are no 5xx. */
function successRate(by: string, selector = ""): string {
  const good = `sum by (${by}) (mesh:requests:rate2m{response_code!~"5.."${selector === "" ? "" : `, ${selector}`}})`;
  return `${good} / (sum by (${by}) (mesh:requests:rate2m{${selector}}) > 0)`;
}

function quantile(of: number, by: string, selector = ""): string {
  return `histogram_quantile(${of}, sum by (${by}, le) (mesh:request_duration_ms_bucket:rate2m{${selector}}))`;
}

function lines(title: string, unit: Panel["unit"], description: string, query: string, legend: string): Panel {
  return { title, unit, description, kind: "lines", needs: "envoy", queries: [{ query, legend }] };
}

/** One number, of which there may be a few by label. */
function number(title: string, unit: Panel["unit"], description: string, query: string, legend = title): Panel {
  return { ...lines(title, unit, description, query, legend), kind: "number" };
}

const overview: Dashboard = {
  id: "mesh-overview",
  title: "Mesh: overview",
  description: "Whether calls in the mesh go well, and where not.",
  choices: [],
  panels: [
    number("Requests", "reqps", "All HTTP requests between workloads of the mesh.", "sum(mesh:requests:rate2m)"),
    number(
      "Success",
      "percentunit",
      "Share of answers that are no 5xx.",
      'sum(mesh:requests:rate2m{response_code!~"5.."}) / sum(mesh:requests:rate2m)',
    ),
    number(
      "Sidecars",
      "short",
      "Sidecars that answer when they are asked for metrics.",
      'sum(up{job="mesh-sidecars"})',
    ),
    number(
      "Configurations refused",
      "short",
      "In ten minutes. Above 0: a sidecar goes on by older policies.",
      "sum(mesh:refused_configurations:increase10m)",
    ),
    lines(
      "Requests by status",
      "reqps",
      "4xx are answers too: 403 and 404 are how a mesh refuses.",
      "sum by (response_code) (mesh:requests:rate2m)",
      "{{response_code}}",
    ),
    lines(
      "Success by Service",
      "percentunit",
      "Share of answers that are no 5xx.",
      successRate(destination),
      destinationLegend,
    ),
    {
      ...{ title: "Latency", unit: "ms", description: "Of all requests.", kind: "lines", needs: "envoy" },
      queries: [0.5, 0.9, 0.99].map((of) => ({
        query: `histogram_quantile(${of}, sum by (le) (mesh:request_duration_ms_bucket:rate2m))`,
        legend: `p${of * 100}`,
      })),
    },
    lines(
      "Refused by the mesh",
      "reqps",
      "Requests that a called pod's sidecar answered with 403.",
      "sum by (namespace, workload) (mesh:denied:rate2m)",
      "{{namespace}}/{{workload}}",
    ),
    lines(
      "Connections of strangers",
      "cps",
      "Connections that a called pod's sidecar closed: plain text, or a caller that it is not told of.",
      "sum by (namespace, workload) (mesh:unmatched_connections:rate2m)",
      "{{namespace}}/{{workload}}",
    ),
  ],
};

const serviceToService: Dashboard = {
  id: "service-to-service",
  title: "Mesh: service to service",
  description: "Who calls whom, how often, and how that ends.",
  choices: ["namespace"],
  panels: [
    lines(
      "Requests",
      "reqps",
      "As callers' sidecars count.",
      `sum by (${pair}) (mesh:requests:rate2m{source_namespace=~"$namespace"})`,
      pairLegend,
    ),
    lines(
      "Success",
      "percentunit",
      "Share of answers that are no 5xx.",
      successRate(pair, 'source_namespace=~"$namespace"'),
      pairLegend,
    ),
    lines(
      "Latency, 99 of 100",
      "ms",
      "As the caller's sidecar sees it.",
      quantile(0.99, pair, 'source_namespace=~"$namespace"'),
      pairLegend,
    ),
    lines(
      "Connections",
      "cps",
      "Opened by callers' sidecars; for TCP this is all that is counted.",
      `sum by (${pair}) (mesh:connections:rate2m{source_namespace=~"$namespace"})`,
      pairLegend,
    ),
    lines(
      "Retries",
      "reqps",
      "Sent once more by the caller's sidecar.",
      `sum by (${pair}) (mesh:retries:rate2m{source_namespace=~"$namespace"})`,
      pairLegend,
    ),
    lines(
      "Circuit breaker open",
      "reqps",
      "Answered with 503 by the caller's own sidecar: its bounds for that Service were met.",
      `sum by (${pair}) (mesh:overflows:rate2m{source_namespace=~"$namespace"})`,
      pairLegend,
    ),
  ],
};

const ofWorkload = 'namespace=~"$namespace", workload=~"$workload"';

const workload: Dashboard = {
  id: "workload",
  title: "Mesh: workload",
  description: "One workload: what it calls, what its sidecars take.",
  choices: ["namespace", "workload"],
  panels: [
    lines(
      "Calls of it",
      "reqps",
      "Requests of the workload, by Service and status.",
      `sum by (${destination}, response_code) (mesh:requests:rate2m{source_namespace=~"$namespace", source_workload=~"$workload"})`,
      `${destinationLegend} {{response_code}}`,
    ),
    lines(
      "Latency of what it calls, 99 of 100",
      "ms",
      "By Service.",
      quantile(0.99, destination, 'source_namespace=~"$namespace", source_workload=~"$workload"'),
      destinationLegend,
    ),
    lines(
      "Refused by its sidecars",
      "reqps",
      "Requests to it that its sidecars answered with 403.",
      `sum by (namespace, workload) (mesh:denied:rate2m{${ofWorkload}})`,
      "{{namespace}}/{{workload}}",
    ),
    lines(
      "Memory of its sidecars",
      "short",
      "Bytes that each sidecar has allocated.",
      `sum by (namespace, pod) (envoy_server_memory_allocated{${ofWorkload}})`,
      "{{namespace}}/{{pod}}",
    ),
    lines(
      "Sidecars' age",
      "s",
      "Seconds since each sidecar started: a line that falls is a restart.",
      `max by (namespace, pod) (envoy_server_uptime{${ofWorkload}})`,
      "{{namespace}}/{{pod}}",
    ),
  ],
};

/** Series of the control plane itself, by mesh. */
const controlPlanePanels: Readonly<Record<MeshName, readonly Omit<Panel, "kind" | "needs">[]>> = {
  osm: [
    {
      title: "Sidecars connected",
      unit: "short",
      description: "To osm-controller.",
      queries: [{ query: "sum(osm_proxy_connect_count)", legend: "sidecars" }],
    },
    {
      title: "Configuration, 99 of 100",
      unit: "s",
      description: "How long osm-controller takes to make one sidecar's.",
      queries: [
        {
          query: "histogram_quantile(0.99, sum by (le) (rate(osm_proxy_config_update_time_bucket[$__rate_interval])))",
          legend: "p99",
        },
      ],
    },
    {
      title: "Webhooks",
      unit: "reqps",
      description: "Answers of OSM's webhooks. success=false: a pod or a policy was refused, or the webhook failed.",
      queries: [
        {
          query: "sum by (kind, success) (rate(osm_admission_webhook_response_total[$__rate_interval]))",
          legend: "{{kind}} success={{success}}",
        },
      ],
    },
    {
      title: "Certificates issued",
      unit: "cps",
      description: "Of workloads.",
      queries: [{ query: "sum(rate(osm_cert_issued_count[$__rate_interval]))", legend: "issued" }],
    },
  ],
  istio: [
    {
      title: "Sidecars connected",
      unit: "short",
      description: "To istiod.",
      queries: [{ query: "sum(pilot_xds)", legend: "sidecars" }],
    },
    {
      title: "Configuration, 99 of 100",
      unit: "s",
      description: "How long it takes until a change has reached the sidecars.",
      queries: [
        {
          query: "histogram_quantile(0.99, sum by (le) (rate(pilot_proxy_convergence_time_bucket[$__rate_interval])))",
          legend: "p99",
        },
      ],
    },
    {
      title: "Injection",
      unit: "cps",
      description: "Sidecars given to pods.",
      queries: [{ query: "sum(rate(sidecar_injection_success_total[$__rate_interval]))", legend: "injected" }],
    },
    {
      title: "Certificates issued",
      unit: "cps",
      description: "Of workloads.",
      queries: [{ query: "sum(rate(citadel_server_success_cert_issuance_count[$__rate_interval]))", legend: "issued" }],
    },
  ],
};

function controlPlane(mesh: MeshName): Dashboard {
  return {
    id: "control-plane",
    title: "Mesh: control plane",
    description: "Whether the control plane is there, and in time.",
    choices: [],
    panels: [
      number("Answers", "short", "Of its pods, how many are there.", 'sum(up{job="mesh-control-plane"})'),
      ...controlPlanePanels[mesh].map((panel): Panel => ({
        ...panel,
        kind: "lines",
        needs: mesh === "osm" ? "osm-controller" : "istiod",
      })),
      lines(
        "Sidecars without a connection to it",
        "short",
        "They go on by what they have.",
        'sum by (namespace, workload) (1 - envoy_control_plane_connected_state{job="mesh-sidecars"})',
        "{{namespace}}/{{workload}}",
      ),
    ],
  };
}

const canary: Dashboard = {
  id: "canary",
  title: "Mesh: canary",
  description: "How calls are divided between versions, and whether the new one is as good as the old.",
  choices: ["namespace"],
  panels: [
    lines(
      "Share of each backend",
      "percentunit",
      "Of one workload's requests into the namespace, what each Service gets: beside the weights of a split.",
      `sum by (${destination}) (mesh:requests:rate2m{destination_namespace=~"$namespace"}) / on (destination_namespace) ` +
        'group_left () (sum by (destination_namespace) (mesh:requests:rate2m{destination_namespace=~"$namespace"}) > 0)',
      destinationLegend,
    ),
    lines(
      "Success of each backend",
      "percentunit",
      "Share of answers that are no 5xx.",
      successRate(destination, 'destination_namespace=~"$namespace"'),
      destinationLegend,
    ),
    lines(
      "Latency of each backend, 99 of 100",
      "ms",
      "As callers' sidecars see it.",
      quantile(0.99, destination, 'destination_namespace=~"$namespace"'),
      destinationLegend,
    ),
  ],
};

const certificates: Dashboard = {
  id: "certificates",
  title: "Mesh: certificates",
  description: "Whether workloads get certificates in time, and whom they do not believe.",
  choices: [],
  panels: [
    lines(
      "Certificates still hold",
      "s",
      "Until each sidecar's certificate ends. A line that falls below 0 is an outage.",
      "min by (namespace, pod) (mesh:certificate_seconds_left:min)",
      "{{namespace}}/{{pod}}",
    ),
    number(
      "Days to the first end",
      "short",
      "Whole days until the first certificate that a sidecar holds ends; 0 is usual where they hold for a day.",
      "min(envoy_server_days_until_first_cert_expiring)",
    ),
    lines(
      "Mutual TLS handshakes",
      "cps",
      "By the calling workload.",
      'sum by (namespace, workload) (rate(envoy_cluster_ssl_handshake{job="mesh-sidecars"}[$__rate_interval]))',
      "{{namespace}}/{{workload}}",
    ),
    lines(
      "Not believed",
      "cps",
      "Handshakes that failed as the other side's certificate is of another trust domain, or of another account than the one that was called.",
      "sum by (namespace, workload) (rate(envoy_cluster_ssl_fail_verify_error[$__rate_interval]) + " +
        "rate(envoy_cluster_ssl_fail_verify_san[$__rate_interval]))",
      "{{namespace}}/{{workload}}",
    ),
  ],
};

/** The dashboards of a mesh. */
export function dashboards(mesh: MeshName): readonly Dashboard[] {
  return [overview, serviceToService, workload, controlPlane(mesh), canary, certificates];
}
