/** How a sidecar speaks to a destination. */
export interface ClientTlsSettings {
  /** Default: DISABLE. */
  readonly mode?: "DISABLE" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";
  readonly sni?: string;
  /** A Secret of the caller's namespace, or `configmap://NAMESPACE/NAME`. */
  readonly credentialName?: string;
  readonly clientCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly caCrl?: string;
  readonly subjectAltNames?: readonly string[];
  readonly insecureSkipVerify?: boolean | null;
}

/** Connections and requests that are under way at a time. */
export interface ConnectionPool {
  readonly tcp?: TcpPool;
  readonly http?: HttpPool;
}

/** Connections of any protocol. */
export interface TcpPool {
  readonly maxConnections?: number;
  readonly connectTimeout?: string;
  readonly maxConnectionDuration?: string;
  /** 0s is for none. */
  readonly idleTimeout?: string;
  readonly tcpKeepalive?: { readonly probes?: number; readonly time?: string; readonly interval?: string };
}

/** Requests, and the connections that they go on. */
export interface HttpPool {
  readonly http1MaxPendingRequests?: number;
  readonly http2MaxRequests?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxRetries?: number;
  readonly maxConcurrentStreams?: number;
  readonly idleTimeout?: string;
  readonly h2UpgradePolicy?: "DEFAULT" | "DO_NOT_UPGRADE" | "UPGRADE";
  readonly useClientProtocol?: boolean;
  readonly http2KeepAlive?: { readonly interval?: string; readonly timeout?: string };
}

/** When a pod that fails is left out for a while. */
export interface OutlierDetection {
  readonly baseEjectionTime?: string;
  readonly interval?: string;
  readonly consecutive5xxErrors?: number | null;
  readonly consecutiveGatewayErrors?: number | null;
  readonly consecutiveLocalOriginFailures?: number | null;
  readonly consecutiveErrors?: number;
  readonly splitExternalLocalOriginErrors?: boolean;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
  readonly outlierDetectionHttpErrorCodes?: readonly number[];
}

/** Which pod of a destination takes a call. */
export interface LoadBalancer {
  readonly simple?: string;
  readonly consistentHash?: ConsistentHash;
  readonly localityLbSetting?: LocalitySetting;
  readonly zoneAwareLbSetting?: ZoneAwareSetting;
  readonly warmup?: {
    readonly duration: string;
    readonly minimumPercent?: number | null;
    readonly aggression?: number | null;
  };
  readonly warmupDurationSecs?: string;
}

/** Calls that have something in common go to the same pod. */
export interface ConsistentHash {
  readonly httpHeaderName?: string;
  readonly httpCookie?: {
    readonly name: string;
    readonly path?: string;
    readonly ttl?: string;
    readonly attributes?: readonly { readonly name: string; readonly value?: string }[];
  };
  readonly useSourceIp?: boolean;
  readonly httpQueryParameterName?: string;
  readonly ringHash?: { readonly minimumRingSize?: number };
  readonly maglev?: { readonly tableSize?: number };
  readonly minimumRingSize?: number;
}

/** Where calls of a region go when its pods fail. */
export interface Failover {
  readonly from?: string;
  readonly to?: string;
}

/** Shares of calls by where they come from, or the order in which places take over. */
export interface LocalitySetting {
  readonly enabled?: boolean | null;
  /** Places are REGION/ZONE/SUBZONE, with * for all that is within. */
  readonly distribute?: readonly { readonly from?: string; readonly to?: Readonly<Record<string, number>> }[];
  readonly failover?: readonly Failover[];
  readonly failoverPriority?: readonly string[];
}

/** Calls stay within the zone as far as its pods can take them. */
export interface ZoneAwareSetting {
  readonly enabled?: boolean | null;
  readonly failover?: readonly Failover[];
  readonly failoverPriority?: readonly string[];
  readonly minClusterSize?: number | null;
}

/** How calls to a port are made. */
export interface PortPolicy {
  /** Default: mutual TLS with pods that have a sidecar, plain text with others. */
  readonly tls?: ClientTlsSettings;
  readonly connectionPool?: ConnectionPool;
  readonly outlierDetection?: OutlierDetection;
  readonly loadBalancer?: LoadBalancer;
}

/** How calls to a destination are made. */
export interface TrafficPolicy extends PortPolicy {
  /** What is said of a port takes the place of what is said of all. */
  readonly portLevelSettings?: readonly (PortPolicy & { readonly port?: { readonly number?: number } })[];
  /** A proxy through which the destination is reached. */
  readonly tunnel?: { readonly protocol?: string; readonly targetHost: string; readonly targetPort: number };
  readonly proxyProtocol?: { readonly version?: "V1" | "V2" };
  readonly retryBudget?: {
    readonly percent?: number | null;
    readonly minRetryConcurrency?: number;
    readonly budgetInterval?: string;
  };
}
