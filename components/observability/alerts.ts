import { type MeshName } from "../../mesh";
import { type AlertRule } from "./rules";

/** From where on somebody is told. */
export interface AlertThresholds {
  /** Share of requests to a Service that end with 5xx, above 0 and up to 1. Default: 0.05. */
  readonly errorRate?: number;
  /** The time within which 99 of 100 requests to a Service are answered, in milliseconds. Default: 1000. */
  readonly latencyMs?: number;
  /** How many days before the end of the mesh's authority. Default: 30. For Istio alone: Open Service Mesh does not tell of its own. */
  readonly authorityDays?: number;
}

/** What the alerts are made for. */
export interface AlertSubject {
  readonly mesh: MeshName;
  /** How long a workload's certificate holds, in seconds. */
  readonly certificateSeconds: number;
  readonly thresholds: AlertThresholds;
}

/** What a counter counted in ten minutes, also where it did not exist before: `increase` would not see the first. */
function grown(counter: string): string {
  return `increase(${counter}[10m]) > 0 or (${counter} > 0 unless ${counter} offset 10m)`;
}

/** The mesh's alerts. */
export function alertRules({ mesh, certificateSeconds, thresholds }: AlertSubject): readonly AlertRule[] {
  const { errorRate = 0.05, latencyMs = 1000, authorityDays = 30 } = thresholds;
  const to = "destination_namespace, destination_service";
  const target = "{{ $labels.destination_namespace }}/{{ $labels.destination_service }}";
  const pod = "{{ $labels.namespace }}/{{ $labels.pod }}";
  return [
    {
      alert: "MeshErrorRate",
      query: `sum by (${to}) (mesh:requests:rate2m{response_code=~"5.."}) / sum by (${to}) (mesh:requests:rate2m) > ${errorRate}`,
      for: "5m",
      severity: 1,
      summary: `${target}: {{ $value | humanizePercentage }} of the requests end with 5xx.`,
      remedy: "The dashboard Service to service says whose requests; of a split, Canary says which backend.",
    },
    {
      alert: "MeshLatency",
      query: `histogram_quantile(0.99, sum by (${to}, le) (mesh:request_duration_ms_bucket:rate2m)) > ${latencyMs}`,
      for: "10m",
      severity: 2,
      summary: `${target}: one request in a hundred takes longer than {{ $value | humanize }} ms.`,
      remedy:
        "The dashboard Workload of what is called: is it busy, or what it calls? docs/resilience.md has what bounds a slow dependency.",
    },
    {
      // Istio renews at half of a certificate's life; OSM half a minute before its end, so that earlier nothing is wrong
      // (its pkg/certificate, RenewBeforeCertExpires).
      alert: "MeshCertificateNotRenewed",
      query: `mesh:certificate_seconds_left:min < ${mesh === "osm" ? 0 : Math.round(certificateSeconds / 10)}`,
      for: "1m",
      severity: 0,
      summary: `${pod}: its certificate was not renewed in time, {{ $value | humanizeDuration }} are left; without one its calls fail.`,
      remedy:
        "The dashboard Certificates; does the control plane answer, and does the pod's sidecar reach it? A new pod gets a new certificate.",
    },
    ...(mesh === "istio" ? [authorityEnds(authorityDays)] : []),
    {
      alert: "MeshPolicyRefused",
      query: "mesh:refused_configurations:increase10m > 0",
      for: "0m",
      severity: 1,
      summary: `${pod}: its sidecar has refused a configuration and goes on by the policies before it.`,
      remedy:
        "The sidecar's log names what it does not take: kubectl logs POD -c envoy (OSM) or -c istio-proxy (Istio).",
    },
    {
      alert: "MeshInjectionFailed",
      query: grown(
        mesh === "osm"
          ? 'osm_admission_webhook_response_total{job="mesh-control-plane", success="false"}'
          : 'sidecar_injection_failure_total{job="mesh-control-plane"}',
      ),
      for: "0m",
      severity: 1,
      summary: "The mesh's webhook has refused a pod or a policy, or failed.",
      remedy: "kubectl get events -A says which pods were not made; the webhook's log says why.",
    },
    {
      alert: "MeshControlPlaneDown",
      query: 'absent(up{job="mesh-control-plane"} == 1)',
      for: "5m",
      severity: 0,
      summary:
        "No control plane of the mesh answers: sidecars go on by what they have, new pods get none, certificates end.",
      remedy:
        mesh === "osm"
          ? "kubectl -n kube-system get pods -l app=osm-controller"
          : "kubectl -n aks-istio-system get pods -l app=istiod",
    },
  ];
}

/** The end of what signs workloads' certificates, as every istiod tells it: of an authority of one's own both certificates, else the root alone. */
function authorityEnds(days: number): AlertRule {
  const left = (metric: string, certificate: string): string =>
    `label_replace(min(citadel_server_${metric}_expiry_seconds{job="mesh-control-plane"}), "certificate", "${certificate}", "", "")`;
  return {
    alert: "MeshAuthorityEnds",
    query: `(${left("cert_chain", "intermediate")} or ${left("root_cert", "root")}) < ${days * 24 * 3600}`,
    for: "1m",
    severity: 1,
    summary:
      "The {{ $labels.certificate }} certificate of the mesh's authority ends in {{ $value | humanizeDuration }}; no call passes after that.",
    remedy: "docs/certificates.md has the steps to another that cost no request. A new root takes days.",
  };
}
