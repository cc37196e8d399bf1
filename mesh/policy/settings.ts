/** The mesh's own certificate authority. */
export interface TresorProvider {
  /** Secret that holds the root certificate and its key. */
  readonly ca: { readonly secretRef: { readonly name: string; readonly namespace: string } };
}

/** HashiCorp Vault. */
export interface VaultProvider {
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  readonly role: string;
  readonly protocol: "http" | "https";
  /** Secret that holds Vault's token. */
  readonly token: {
    readonly secretKeyRef: { readonly name: string; readonly key: string; readonly namespace: string };
  };
}

/** cert-manager. */
export interface CertManagerProvider {
  readonly issuerName: string;
  readonly issuerKind: "Issuer" | "ClusterIssuer";
  /** For example `cert-manager.io`. */
  readonly issuerGroup: string;
}

/** Exactly one provider. */
export type CertificateProvider =
  | { readonly tresor: TresorProvider; readonly vault?: never; readonly certManager?: never }
  | { readonly vault: VaultProvider; readonly tresor?: never; readonly certManager?: never }
  | { readonly certManager: CertManagerProvider; readonly tresor?: never; readonly vault?: never };

/** When and how a request is tried again. */
export interface RetryPolicy {
  /** Envoy's conditions, separated by commas: `5xx`, `gateway-error`, `reset`, `connect-failure`, `retriable-4xx` … */
  readonly retryOn: string;
  /** Go duration (`1s`, `250ms`) that each attempt may take. */
  readonly perTryTimeout: string;
  /** Attempts after the first, an integer ≥ 1. */
  readonly numRetries: number;
  /** Go duration ≥ 1ms; before its nth retry Envoy waits up to 2ⁿ − 1 times as long, at most ten times. */
  readonly retryBackoffBaseInterval: string;
}

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

/** Limits that the service's own sidecars apply to all that reaches them. */
export interface RateLimit {
  readonly local?: { readonly tcp?: TcpLocalRateLimit; readonly http?: HttpLocalRateLimit };
}

/**
 * When a calling sidecar leaves a pod out for a while that answers with errors. Istio alone has it.
 *
 * Source: pilot/pkg/networking/core/cluster_traffic_policy.go of Istio; Envoy's outlier detection.
 */
export interface OutlierDetection {
  /** Answers of 5xx and failed connections in a row after which a pod is left out, ≥ 1. Default: 5. */
  readonly consecutiveErrors?: number;
  /** Go duration ≥ 1ms after which is looked each time whether a pod may come back. Default: `10s`. */
  readonly interval?: string;
  /** Go duration ≥ 1ms that a pod is left out, times how often it was so far. Default: `30s`. */
  readonly baseEjectionTime?: string;
  /**
   * How many of the Service's pods may be left out at once, in percent, 1 to 100. One pod of three are 33.4 %: with less none is left out
   * ever. With 100 and all pods left out every call gets 503.
   */
  readonly maxEjectionPercent: number;
}

/** Circuit breakers and timeouts of connections to the host. Limits hold per calling sidecar, and are integers ≥ 1. */
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
