import { type OsmResource } from "./object";

/** Time over which a rate limit counts. */
export type RateLimitUnit = "second" | "minute" | "hour";

/** Token bucket over new connections. Connections over the limit are closed. */
export interface TcpLocalRateLimit {
  /** Connections in each unit of time, ≥ 1. */
  readonly connections: number;
  readonly unit: RateLimitUnit;
  /** Connections above the rate that may come at once. Default: 0. */
  readonly burst?: number;
}

/** Token bucket over requests. Requests over the limit get `responseStatusCode`. */
export interface HttpLocalRateLimit {
  /** Requests in each unit of time, ≥ 1. */
  readonly requests: number;
  readonly unit: RateLimitUnit;
  /** Requests above the rate that may come at once. Default: 0. */
  readonly burst?: number;
  /** An error code that Envoy knows, 400 to 599. Default: 429. */
  readonly responseStatusCode?: number;
  /** Headers of those answers. Default: none. */
  readonly responseHeadersToAdd?: readonly { readonly name: string; readonly value: string }[];
}

/** Limits of one route of the host. */
export interface UpstreamHttpRoute {
  /** Has to equal the **text** of an HTTPRouteGroup's `pathRegex`: OSM compares, it does not match. */
  readonly path: string;
  readonly rateLimit?: { readonly local?: HttpLocalRateLimit };
}

/** Circuit breakers and timeouts of connections to the host. Limits hold per calling sidecar. */
export interface ConnectionSettings {
  readonly tcp?: {
    /** Default: 2³² − 1. */
    readonly maxConnections?: number;
    /** Go duration. Default: `5s`. */
    readonly connectTimeout?: string;
  };
  readonly http?: {
    /** Requests in flight. Default: 2³² − 1. */
    readonly maxRequests?: number;
    /** Default: unlimited. */
    readonly maxRequestsPerConnection?: number;
    /** Requests waiting for a connection. Default: 2³² − 1. */
    readonly maxPendingRequests?: number;
    /** Retries in flight. Default: 2³² − 1. */
    readonly maxRetries?: number;
  };
}

/** Specification of an UpstreamTrafficSetting. */
export interface UpstreamTrafficSettingSpec {
  /**
   * Full host name of a Service of the same namespace, `<service>.<namespace>.svc.cluster.local`. For one that an Egress
   * refers to any host: there it is found by the object's name.
   */
  readonly host: string;
  readonly connectionSettings?: ConnectionSettings;
  /** Limits that the host's own sidecars apply to all that reaches them. */
  readonly rateLimit?: {
    readonly local?: { readonly tcp?: TcpLocalRateLimit; readonly http?: HttpLocalRateLimit };
  };
  readonly httpRoutes?: readonly UpstreamHttpRoute[];
}

/**
 * Circuit breaking and local rate limits of one upstream host. OSM's webhook has a check for it but never registers it.
 *
 * Source: pkg/policy, pkg/envoy/cds, pkg/envoy/rds/route of OSM 1.2.4.
 */
export type UpstreamTrafficSetting = OsmResource<
  "policy.openservicemesh.io/v1alpha1",
  "UpstreamTrafficSetting",
  UpstreamTrafficSettingSpec
>;
