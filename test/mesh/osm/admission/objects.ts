import {
  type Egress,
  type HTTPRouteGroup,
  type IngressBackend,
  type MeshConfig,
  type MeshRootCertificate,
  type OsmObject,
  type Retry,
  type TCPRoute,
  type TrafficSplit,
  type TrafficTarget,
  type UpstreamTrafficSetting,
} from "../../../../mesh/osm/kinds";

/** One right object of each kind, in namespace `shop`; the tests spoil them one property at a time. */
export const good = {
  target: {
    apiVersion: "access.smi-spec.io/v1alpha3",
    kind: "TrafficTarget",
    metadata: { name: "target", namespace: "shop" },
    spec: {
      destination: { kind: "ServiceAccount", name: "store", namespace: "shop" },
      sources: [{ kind: "ServiceAccount", name: "buyer", namespace: "shop" }],
      rules: [
        { kind: "HTTPRouteGroup", name: "routes", matches: ["buy"] },
        { kind: "TCPRoute", name: "tcp" },
      ],
    },
  } satisfies TrafficTarget,
  group: {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "HTTPRouteGroup",
    metadata: { name: "routes", namespace: "shop" },
    spec: {
      matches: [{ name: "buy", pathRegex: "/buy/.*", methods: ["GET"], headers: [{ "client-app": "buyer.*" }] }],
    },
  } satisfies HTTPRouteGroup,
  tcp: {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "TCPRoute",
    metadata: { name: "tcp", namespace: "shop" },
    spec: { matches: { ports: [3306] } },
  } satisfies TCPRoute,
  split: {
    apiVersion: "split.smi-spec.io/v1alpha2",
    kind: "TrafficSplit",
    metadata: { name: "split", namespace: "shop" },
    spec: {
      service: "store",
      backends: [
        { service: "store-v1", weight: 90 },
        { service: "store-v2", weight: 10 },
      ],
    },
  } satisfies TrafficSplit,
  egress: {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "Egress",
    metadata: { name: "egress", namespace: "shop" },
    spec: {
      sources: [{ kind: "ServiceAccount", name: "buyer", namespace: "shop" }],
      hosts: ["httpbin.org"],
      ipAddresses: ["203.0.113.0/24"],
      ports: [{ number: 80, protocol: "http" }],
      matches: [{ apiGroup: "specs.smi-spec.io/v1alpha4", kind: "HTTPRouteGroup", name: "routes" }],
    },
  } satisfies Egress,
  ingress: {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "IngressBackend",
    metadata: { name: "ingress", namespace: "shop" },
    spec: {
      backends: [{ name: "store", port: { number: 14001, protocol: "http" } }],
      sources: [{ kind: "Service", name: "nginx", namespace: "ingress" }],
    },
  } satisfies IngressBackend,
  retry: {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "Retry",
    metadata: { name: "retry", namespace: "shop" },
    spec: {
      source: { kind: "ServiceAccount", name: "buyer", namespace: "shop" },
      destinations: [{ kind: "Service", name: "store", namespace: "shop" }],
      retryPolicy: { retryOn: "5xx", perTryTimeout: "1s", numRetries: 3, retryBackoffBaseInterval: "250ms" },
    },
  } satisfies Retry,
  setting: {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "UpstreamTrafficSetting",
    metadata: { name: "setting", namespace: "shop" },
    spec: {
      host: "store.shop.svc.cluster.local",
      connectionSettings: { tcp: { maxConnections: 1, connectTimeout: "5s" }, http: { maxRequests: 1 } },
      rateLimit: { local: { http: { requests: 3, unit: "minute", burst: 10, responseStatusCode: 503 } } },
      httpRoutes: [{ path: "/buy/.*", rateLimit: { local: { requests: 3, unit: "minute" } } }],
    },
  } satisfies UpstreamTrafficSetting,
  config: {
    apiVersion: "config.openservicemesh.io/v1alpha2",
    kind: "MeshConfig",
    metadata: { name: "osm-mesh-config", namespace: "kube-system" },
    spec: {
      traffic: { enablePermissiveTrafficPolicyMode: false, enableEgress: false },
      certificate: { serviceCertValidityDuration: "24h", certKeyBitSize: 2048 },
      featureFlags: { enableRetryPolicy: true },
    },
  } satisfies MeshConfig,
  root: {
    apiVersion: "config.openservicemesh.io/v1alpha2",
    kind: "MeshRootCertificate",
    metadata: { name: "root", namespace: "kube-system" },
    spec: {
      trustDomain: "cluster.local",
      provider: { tresor: { ca: { secretRef: { name: "osm-ca-bundle", namespace: "kube-system" } } } },
    },
  } satisfies MeshRootCertificate,
};

/** All of {@link good}. */
export const goodObjects: readonly OsmObject[] = Object.values(good);

/** A copy of an object with one property set (or, with undefined, taken out). The path is as in findings. */
export function spoiled(object: object, path: string, value: unknown): object {
  const copy: unknown = structuredClone(object);
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  let parent: unknown = copy;
  for (const key of keys.slice(0, -1)) {
    parent = isIndexable(parent) ? parent[key] : undefined;
  }
  const last = keys.at(-1);
  if (!isIndexable(parent) || last === undefined) {
    throw new Error(`There is no ${path} to spoil.`);
  }
  if (value === undefined) {
    delete parent[last];
  } else {
    parent[last] = value;
  }
  return isIndexable(copy) ? copy : {};
}

/** Whether a value has properties or elements. */
function isIndexable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
