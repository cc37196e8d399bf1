import {
  type Egress,
  type EgressSpec,
  type HTTPRouteGroup,
  type IngressBackend,
  type IngressBackendSpec,
  type UpstreamTrafficSetting,
} from "../../../../mesh/osm/kinds";
import { type Sample } from "./sample";

/** What curl may call outside the mesh. */
function curlEgress(name: string, spec: Omit<EgressSpec, "sources">): Egress {
  return {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "Egress",
    metadata: { name, namespace: "curl" },
    spec: { sources: [{ kind: "ServiceAccount", name: "curl", namespace: "curl" }], ...spec },
  };
}

/** Curl may send GET /get to httpbin.org by HTTP, anything to it by HTTPS, and reach one range by TCP. */
export function egressPolicy(): Sample {
  const routes: HTTPRouteGroup = {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "HTTPRouteGroup",
    metadata: { name: "httpbin-get", namespace: "curl" },
    spec: { matches: [{ name: "get", pathRegex: "/get", methods: ["GET"] }] },
  };
  return {
    name: "egress-policy",
    shows: "which hosts and addresses outside the mesh one service account may call",
    namespaces: ["curl"],
    services: [],
    objects: [
      routes,
      curlEgress("httpbin-80", {
        hosts: ["httpbin.org"],
        ports: [{ number: 80, protocol: "http" }],
        matches: [{ apiGroup: "specs.smi-spec.io/v1alpha4", kind: "HTTPRouteGroup", name: "httpbin-get" }],
      }),
      curlEgress("httpbin-443", { hosts: ["httpbin.org"], ports: [{ number: 443, protocol: "https" }] }),
      curlEgress("range-5432", { ipAddresses: ["203.0.113.0/24"], ports: [{ number: 5432, protocol: "tcp" }] }),
    ],
  };
}

/** Curl's sidecar keeps at most one connection to a host outside the mesh. */
export function externalCircuitBreaking(): Sample {
  const setting: UpstreamTrafficSetting = {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "UpstreamTrafficSetting",
    metadata: { name: "httpbin-external", namespace: "curl" },
    spec: {
      host: "httpbin.org",
      connectionSettings: {
        tcp: { maxConnections: 1 },
        http: { maxPendingRequests: 1, maxRequestsPerConnection: 1 },
      },
    },
  };
  return {
    name: "circuit-breaking-external",
    shows: "a limit on connections to a host outside the mesh",
    namespaces: ["curl"],
    services: [],
    objects: [
      setting,
      curlEgress("httpbin-limited", {
        hosts: ["httpbin.org"],
        ports: [{ number: 80, protocol: "http" }],
        matches: [
          { apiGroup: "policy.openservicemesh.io/v1alpha1", kind: "UpstreamTrafficSetting", name: "httpbin-external" },
        ],
      }),
    ],
  };
}

/** Lets an ingress controller reach httpbin. */
function httpbinIngress(name: string, shows: string, spec: IngressBackendSpec): Sample {
  const backend: IngressBackend = {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "IngressBackend",
    metadata: { name: "httpbin", namespace: "httpbin" },
    spec,
  };
  return { name, shows, namespaces: ["httpbin"], services: ["httpbin/httpbin"], objects: [backend] };
}

/** The nginx ingress controller reaches httpbin in plain HTTP. */
export function ingressNginx(): Sample {
  return httpbinIngress("ingress-nginx", "HTTP from the nginx ingress controller", {
    backends: [{ name: "httpbin", port: { number: 14001, protocol: "http" } }],
    sources: [{ kind: "Service", name: "ingress-nginx-controller", namespace: "ingress-nginx" }],
  });
}

/** Contour's Envoy reaches httpbin by mutual TLS, with a certificate that OSM issues to it. */
export function ingressContour(): Sample {
  return httpbinIngress("ingress-contour", "HTTPS from Contour, both sides with certificates", {
    backends: [
      {
        name: "httpbin",
        port: { number: 14001, protocol: "https" },
        tls: { skipClientCertValidation: false, sniHosts: ["httpbin.httpbin.svc.cluster.local"] },
      },
    ],
    sources: [
      { kind: "Service", name: "osm-contour-envoy", namespace: "projectcontour" },
      { kind: "AuthenticatedPrincipal", name: "osm-contour-envoy.projectcontour.cluster.local" },
    ],
  });
}
