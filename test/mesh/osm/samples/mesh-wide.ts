import { type MeshConfig, type MeshConfigSpec, type MeshRootCertificate } from "../../../../mesh/osm/kinds";
import { type Sample } from "./sample";

/** The mesh's configuration object with these settings; what is left out stays as it is when it is patched in. */
function meshConfig(spec: MeshConfigSpec): MeshConfig {
  return {
    apiVersion: "config.openservicemesh.io/v1alpha2",
    kind: "MeshConfig",
    metadata: { name: "osm-mesh-config", namespace: "kube-system" },
    spec,
  };
}

/** A sample that consists of mesh-wide settings. */
function settingsSample(name: string, shows: string, spec: MeshConfigSpec): Sample {
  return { name, shows, namespaces: [], services: [], objects: [meshConfig(spec)] };
}

/** Every pod may call every other: to bring an application into the mesh before its policies are written. */
export function permissiveMode(): Sample {
  return settingsSample("permissive-mode", "traffic without access policy", {
    traffic: { enablePermissiveTrafficPolicyMode: true },
  });
}

/** Traffic that leaves the mesh passes, whatever its destination. */
export function egressPassthrough(): Sample {
  return settingsSample("egress-passthrough", "calls to anything outside the mesh", {
    traffic: { enableEgress: true },
  });
}

/** Traffic to these ranges goes around the sidecar. */
export function outboundIpExclusion(ranges: readonly string[] = ["203.0.113.0/24"]): Sample {
  return settingsSample("outbound-ip-exclusion", "addresses that bypass the sidecar", {
    traffic: { outboundIPRangeExclusionList: ranges },
  });
}

/** Spans of every request go to a Zipkin-compatible collector. */
export function tracing(address = "jaeger.observability.svc.cluster.local"): Sample {
  return settingsSample("tracing", "spans in Jaeger", {
    observability: { tracing: { enable: true, address, port: 9411, endpoint: "/api/v2/spans" } },
  });
}

/** Statistics of requests between services, for Prometheus and OSM's Grafana dashboards; namespaces need the metrics annotation. */
export function prometheusAndGrafana(): Sample {
  return settingsSample("prometheus-grafana", "request metrics of each pair of services", {
    featureFlags: { enableWASMStats: true },
  });
}

/** cert-manager issues the mesh's certificates. Needs a control plane that runs with `--enable-mesh-root-certificate`. */
export function certManager(issuerName = "osm-ca"): Sample {
  const root: MeshRootCertificate = {
    apiVersion: "config.openservicemesh.io/v1alpha2",
    kind: "MeshRootCertificate",
    metadata: { name: "osm-mesh-root-certificate", namespace: "kube-system" },
    spec: {
      trustDomain: "cluster.local",
      provider: { certManager: { issuerName, issuerKind: "Issuer", issuerGroup: "cert-manager.io" } },
    },
  };
  return {
    name: "cert-manager",
    shows: "certificates of one's own authority",
    namespaces: [],
    services: [],
    objects: [root],
  };
}
