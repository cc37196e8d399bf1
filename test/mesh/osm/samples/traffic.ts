import { type Retry, type TCPRoute, type TrafficTarget, type UpstreamTrafficSetting } from "../../../../mesh/osm/kinds";
import { type BookstoreCanary, bookstorePolicy } from "../../../../stacks/bookstore/policy";
import { type PolicyService } from "../../../../mesh/policy";
import { bookstorePolicies } from "./bookstore";
import { type Sample } from "./sample";

/** Lets one service account reach TCP ports of another. */
function tcpAccess(namespace: string, account: string, source: [string, string], ports: readonly number[]) {
  const route: TCPRoute = {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "TCPRoute",
    metadata: { name: account, namespace },
    spec: { matches: { ports } },
  };
  const target: TrafficTarget = {
    apiVersion: "access.smi-spec.io/v1alpha3",
    kind: "TrafficTarget",
    metadata: { name: `${source[1]}-access-${account}`, namespace },
    spec: {
      destination: { kind: "ServiceAccount", name: account, namespace },
      sources: [{ kind: "ServiceAccount", name: source[1], namespace: source[0] }],
      rules: [{ kind: "TCPRoute", name: account }],
    },
  };
  return [route, target];
}

/** Settings of connections to a Service in the mesh. */
function setting(
  name: string,
  namespace: string,
  service: string,
  spec: Omit<UpstreamTrafficSetting["spec"], "host">,
): UpstreamTrafficSetting {
  return {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "UpstreamTrafficSetting",
    metadata: { name, namespace },
    spec: { host: `${service}.${namespace}.svc.cluster.local`, ...spec },
  };
}

/** The bookstore, with a share of each version: 100/0, then 50/50, then 0/100 is a rollout. */
export function canaryRollout(canary: BookstoreCanary = { v1: 50, v2: 50 }): Sample {
  const services = Object.entries<PolicyService>(bookstorePolicy().services);
  return {
    name: "canary-rollout",
    shows: "shares of traffic between two versions",
    namespaces: [...new Set(services.map(([, { namespace }]) => namespace))],
    services: services.flatMap(([name, { namespace, ports }]) => (ports === undefined ? [] : [`${namespace}/${name}`])),
    objects: bookstorePolicies({ canary }),
  };
}

/** A client may reach one TCP port of an echo server. */
export function tcpRouting(): Sample {
  return {
    name: "tcp-routing",
    shows: "access to a TCP port",
    namespaces: ["tcp-demo", "curl"],
    services: ["tcp-demo/tcp-echo"],
    objects: tcpAccess("tcp-demo", "tcp-echo", ["curl", "curl"], [9000]),
  };
}

/** Members of a ZooKeeper ensemble, a StatefulSet behind a headless Service, reach each other. */
export function statefulSet(): Sample {
  return {
    name: "statefulset",
    shows: "pods of a StatefulSet that call each other by their own names",
    namespaces: ["zookeeper"],
    services: ["zookeeper/kafka-zookeeper-headless"],
    objects: tcpAccess("zookeeper", "zookeeper", ["zookeeper", "zookeeper"], [2181, 2888, 3888]),
  };
}

/** Callers' sidecars open at most so many connections and requests to httpbin at a time. */
export function circuitBreaking(): Sample {
  return {
    name: "circuit-breaking",
    shows: "a limit on connections and requests in flight",
    namespaces: ["httpbin"],
    services: ["httpbin/httpbin"],
    objects: [
      setting("httpbin-circuit-breaker", "httpbin", "httpbin", {
        connectionSettings: {
          tcp: { maxConnections: 1, connectTimeout: "5s" },
          http: { maxPendingRequests: 1, maxRequestsPerConnection: 1, maxRequests: 1, maxRetries: 1 },
        },
      }),
    ],
  };
}

/** Connections to fortio above the limit are closed by its own sidecar. */
export function connectionRateLimit(): Sample {
  return {
    name: "local-rate-limit-connections",
    shows: "a limit on new connections",
    namespaces: ["demo"],
    services: ["demo/fortio"],
    objects: [
      setting("fortio-connections", "demo", "fortio", {
        rateLimit: { local: { tcp: { connections: 1, unit: "minute", burst: 10 } } },
      }),
    ],
  };
}

/** Requests to fortio above the limit get 429 from its own sidecar, with a header that says so. */
export function requestRateLimit(): Sample {
  return {
    name: "local-rate-limit-requests",
    shows: "a limit on requests, with an answer of one's own",
    namespaces: ["demo"],
    services: ["demo/fortio"],
    objects: [
      setting("fortio-requests", "demo", "fortio", {
        rateLimit: {
          local: {
            http: {
              requests: 3,
              unit: "minute",
              burst: 10,
              responseStatusCode: 429,
              responseHeadersToAdd: [{ name: "x-rate-limited", value: "true" }],
            },
          },
        },
      }),
    ],
  };
}

/** Curl's failing requests to httpbin are tried again. Needs the mesh's retry flag. */
export function retries(): Sample {
  const retry: Retry = {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "Retry",
    metadata: { name: "retry", namespace: "curl" },
    spec: {
      source: { kind: "ServiceAccount", name: "curl", namespace: "curl" },
      destinations: [{ kind: "Service", name: "httpbin", namespace: "httpbin" }],
      retryPolicy: { retryOn: "5xx", perTryTimeout: "1s", numRetries: 5, retryBackoffBaseInterval: "1s" },
    },
  };
  return {
    name: "retry",
    shows: "failed requests tried again by the caller's sidecar",
    namespaces: ["curl", "httpbin"],
    services: ["httpbin/httpbin"],
    objects: [retry],
  };
}
