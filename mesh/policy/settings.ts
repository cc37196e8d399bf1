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
  /** Attempts after the first, an integer ≥ 0. */
  readonly numRetries: number;
  /** Go duration; Envoy waits a jittered multiple of it, at most ten times. */
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
