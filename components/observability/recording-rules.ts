import { type MeshName } from "../../mesh";
import { type RecordingRule } from "./rules";

/**
 * Window of the rates: four scrapes of 30 seconds, so that one that is lost leaves two.
 */
const window = "2m";

/** Who calls whom, in every series about calls. */
const ends = "source_namespace, source_workload, destination_namespace, destination_service, destination_port";

/** The same labels by other names. */
function renamed(query: string, names: Readonly<Record<string, string>>): string {
  return Object.entries(names).reduce(
    (inner, [to, from]) => `label_replace(${inner}, "${to}", "$1", "${from}", "(.*)")`,
    query,
  );
}

/** A sum of rates of a counter of Envoy's about one upstream Service, by who calls whom and further labels. The pod that counts is the caller. */
function envoyRate(counter: string, labels = ends): string {
  return sumOf(rateOf(counter), labels);
}

/** The same of several counters, of which an Envoy may have some only: their names keep them apart until they are added. */
function envoyRates(...counters: readonly string[]): string {
  const rates = counters.map((counter) => `label_replace(${rateOf(counter)}, "counter", "${counter}", "", "")`);
  return sumOf(`(${rates.join(" or ")})`, ends);
}

function rateOf(counter: string): string {
  return `rate(${counter}{job="mesh-sidecars", destination_service!=""}[${window}])`;
}

function sumOf(rate: string, labels: string): string {
  return `sum by (${labels}) (${renamed(rate, { source_namespace: "namespace", source_workload: "workload" })})`;
}

/** The same of a counter of Istio's telemetry, which the caller's sidecar counts as well. It does not tell the port. */
function istioRate(counter: string, further = "", selector = ""): string {
  const labels = `source_namespace, source_workload, destination_namespace, destination_service${further}`;
  const rate = `rate(${counter}{reporter="source"${selector}}[${window}])`;
  const names = {
    source_namespace: "source_workload_namespace",
    destination_namespace: "destination_service_namespace",
    destination_service: "destination_service_name",
  };
  return `sum by (${labels}) (${renamed(rate, names)})`;
}

/**
 * For each pair what Istio's telemetry counts, and else Envoy's own counters. Sidecars of the AKS add-on have the first; they have the second
 * only where a pod or MeshConfig asks for these statistics. A pair that both count is not to be there twice, and only the second tell ports.
 */
function either(istio: string, envoy: string): string {
  return `${istio} or on (source_namespace, source_workload, destination_namespace, destination_service) ${envoy}`;
}

/**
 * How long a sidecar's certificate still holds. Istio's agent tells it. Of OSM newer Envoys tell when it ends; others when they were last sent one,
 * which may have been the same again: then it is at most so long.
 */
function certificateSecondsLeft(mesh: MeshName, certificateSeconds: number): string {
  const pods = "namespace, workload, pod";
  if (mesh === "istio") return `min by (${pods}) (istio_agent_cert_expiry_seconds{resource_name="default"})`;
  const own = 'envoy_tls_certificate=~"service-cert:.*"';
  const ends = ["cluster", "listener"].map(
    (part) => `envoy_${part}_ssl_certificate_expiration_unix_time_seconds{${own}}`,
  );
  const sent = 'envoy_sds_update_time{envoy_xds_resource_name=~"service-cert_.*"}';
  return (
    `min by (${pods}) (${ends.join(" or ")}) - time() or ` +
    `${certificateSeconds} - (time() - max by (${pods}) (${sent}) / 1000)`
  );
}

/**
 * The series that panels and alerts are made of, by mesh. All are as callers' sidecars count, but for what says otherwise.
 *
 * @param certificateSeconds How long a workload's certificate holds.
 */
export function recordingRules(mesh: MeshName, certificateSeconds: number): readonly RecordingRule[] {
  const byMesh = (osm: string, istio: string) => (mesh === "osm" ? osm : either(istio, osm));
  return [
    {
      record: "mesh:requests:rate2m",
      query: byMesh(
        envoyRate("envoy_cluster_upstream_rq", `${ends}, response_code`),
        istioRate("istio_requests_total", ", response_code"),
      ),
      meaning: "HTTP requests that a caller's sidecar sent to a Service, by status code; requests per second.",
    },
    {
      record: "mesh:request_duration_ms_bucket:rate2m",
      query: byMesh(
        envoyRate("envoy_cluster_upstream_rq_time_bucket", `${ends}, le`),
        istioRate("istio_request_duration_milliseconds_bucket", ", le"),
      ),
      meaning: "The same by how long they took, cumulative up to `le` milliseconds; requests per second.",
    },
    {
      record: "mesh:connections:rate2m",
      query: byMesh(envoyRate("envoy_cluster_upstream_cx_total"), istioRate("istio_tcp_connections_opened_total")),
      meaning:
        "Connections that a caller's sidecar opened to a Service; per second. Those of HTTP are among them where Envoy counts.",
    },
    {
      record: "mesh:retries:rate2m",
      query: envoyRate("envoy_cluster_upstream_rq_retry"),
      meaning: "Requests that a sidecar sent once more; per second.",
    },
    {
      record: "mesh:overflows:rate2m",
      query: byMesh(
        // Newer Envoys count requests in flight that are too many by the second name alone.
        envoyRates("envoy_cluster_upstream_rq_pending_overflow", "envoy_cluster_upstream_rq_active_overflow"),
        istioRate("istio_requests_total", "", ', response_flags=~".*UO.*"'),
      ),
      meaning: "Requests that a sidecar answered with 503 as the circuit breaker was open; per second.",
    },
    {
      record: "mesh:denied:rate2m",
      query: `sum by (namespace, workload) (rate(envoy_http_inbound_rbac_denied{job="mesh-sidecars"}[${window}]))`,
      meaning: "Requests that the called pod's sidecar answered with 403; per second, by the called workload.",
    },
    {
      record: "mesh:unmatched_connections:rate2m",
      query:
        "sum by (namespace, workload) " +
        `(rate(envoy_listener_no_filter_chain_match{job="mesh-sidecars", envoy_listener_address=~"0.0.0.0_1500[36]"}[${window}]))`,
      meaning:
        "Connections that the called pod's sidecar closed as it knows no such caller: plain text, a stranger; per second, by the called workload.",
    },
    {
      record: "mesh:refused_configurations:increase10m",
      query:
        "sum by (namespace, workload, pod) (increase(envoy_listener_manager_lds_update_rejected[10m]) + " +
        "increase(envoy_cluster_manager_cds_update_rejected[10m]))",
      meaning:
        "Configurations that a sidecar refused in ten minutes. It says so nowhere else, and goes on with the one before.",
    },
    {
      record: "mesh:certificate_seconds_left:min",
      query: certificateSecondsLeft(mesh, certificateSeconds),
      meaning: "How long the certificate of a sidecar's workload still holds; seconds.",
    },
  ];
}
