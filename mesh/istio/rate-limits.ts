import { type Bucket } from "../analysis/call-limits";
import { type Labels } from "../cluster/workloads";
import { type EnvoyFilterSpec } from "./kinds";

/** Requests to a port of pods that share a bucket in each of them. */
export interface RatedRequests {
  /** The Service whose names callers call, `namespace/name`. */
  readonly service: string;
  /** RE2 of the whole path without the query. Undefined for any. */
  readonly path: string | undefined;
  readonly bucket: Required<Bucket>;
  /** Headers of the answers to what gets no token. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** What comes to a port of pods and is bounded. */
export interface RatedPort {
  /** The pods' port. */
  readonly port: number;
  /** It speaks gRPC, which Istio does not try again where calls come in. */
  readonly isGrpc: boolean;
  /** Of new connections, whoever makes them. */
  readonly connections: Bucket | undefined;
  /** The first that takes a request counts. */
  readonly requests: readonly RatedRequests[];
}

type Json = Readonly<Record<string, unknown>>;

/** Name of the HTTP filter. */
export const rateFilter = "envoy.filters.http.local_ratelimit";
const networkFilter = "envoy.filters.network.local_ratelimit";

/** Types of Envoy's messages. */
const types = {
  http: "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
  network: "type.googleapis.com/envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit",
};

/** What the statistics are named by, as Open Service Mesh names them. */
const statPrefix = "http_local_rate_limiter";

/**
 * The specification of an EnvoyFilter by which sidecars bound what comes in. The filter of requests stands behind that of the policies, so that what is
 * forbidden takes no token, and does nothing but at routes that have a bucket: one for each bound, before Istio's own, to the same cluster.
 *
 * Source: pilot/pkg/networking/core/httproute.go (buildSidecarInboundHTTPRouteConfig), route/route.go (BuildDefaultHTTPInboundRoute) and envoyfilter/ of Istio 1.31.
 */
export function rateSpec(labels: Labels, ports: readonly RatedPort[]): EnvoyFilterSpec {
  const configPatches = ports.flatMap(({ port, isGrpc, connections, requests }): Json[] => [
    ...(connections === undefined ? [] : [connectionPatch(port, connections)]),
    ...(requests.length === 0 ? [] : [filterPatch(port)]),
    // Each goes before those that are there.
    ...requests.map((one, index) => routePatch(port, isGrpc, one, index)).reverse(),
  ]);
  return { workloadSelector: { labels }, configPatches };
}

function tokenBucket({ amount, burst, seconds }: Bucket): Json {
  return { max_tokens: amount + burst, tokens_per_fill: amount, fill_interval: `${String(seconds)}s` };
}

function connectionPatch(port: number, bucket: Bucket): Json {
  return {
    applyTo: "NETWORK_FILTER",
    match: { context: "SIDECAR_INBOUND", listener: { portNumber: port } },
    patch: {
      operation: "INSERT_FIRST",
      value: {
        name: networkFilter,
        typed_config: {
          "@type": types.network,
          stat_prefix: `port_${String(port)}`,
          token_bucket: tokenBucket(bucket),
        },
      },
    },
  };
}

function filterPatch(port: number): Json {
  return {
    applyTo: "HTTP_FILTER",
    match: {
      context: "SIDECAR_INBOUND",
      listener: {
        portNumber: port,
        filterChain: {
          filter: {
            name: "envoy.filters.network.http_connection_manager",
            subFilter: { name: "envoy.filters.http.router" },
          },
        },
      },
    },
    patch: {
      operation: "INSERT_BEFORE",
      value: { name: rateFilter, typed_config: { "@type": types.http, stat_prefix: statPrefix } },
    },
  };
}

const always: Json = { default_value: { numerator: 100, denominator: "HUNDRED" } };

function routePatch(port: number, isGrpc: boolean, one: RatedRequests, index: number): Json {
  const { service, path, bucket, headers } = one;
  return {
    applyTo: "HTTP_ROUTE",
    match: { context: "SIDECAR_INBOUND", routeConfiguration: { portNumber: port } },
    patch: {
      operation: "INSERT_FIRST",
      value: {
        name: `aks-mesh.rate.${String(index)}.${service}`,
        match: {
          ...(path === undefined ? { prefix: "/" } : { safe_regex: { regex: path } }),
          headers: [{ name: ":authority", string_match: { safe_regex: { regex: authorityOf(service) } } }],
        },
        // As in Istio's own route to the pod.
        route: {
          cluster: `inbound|${String(port)}||`,
          timeout: "0s",
          max_stream_duration: { max_stream_duration: "0s", grpc_timeout_header_max: "0s" },
          ...(!isGrpc && { retry_policy: { retry_on: "reset-before-request", num_retries: 2 } }),
        },
        typed_per_filter_config: {
          [rateFilter]: {
            "@type": types.http,
            stat_prefix: statPrefix,
            token_bucket: tokenBucket(bucket),
            filter_enabled: always,
            filter_enforced: always,
            status: { code: bucket.status },
            ...(headers.length > 0 && {
              response_headers_to_add: headers.map(({ name, value }) => ({ header: { key: name, value } })),
            }),
          },
        },
      },
    },
  };
}

/** RE2 of every name by which a Service is called, in any case, with or without a port. */
export function authorityOf(service: string): string {
  const [namespace = "", name = ""] = service.split("/").map((one) => one.replaceAll(".", "\\."));
  return `(?i)${name}(\\.${namespace}(\\.svc(\\.cluster(\\.local)?)?)?)?(:\\d+)?`;
}
