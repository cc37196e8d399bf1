import { type Schema } from "../../manifests/schema";
import { boolean, duration, integer, list, number, object, oneOf, string, strings, unsigned } from "./schema-parts";

const count: Schema = { type: "integer", minimum: 0 };
const share: Schema = { type: "number", minimum: 0, maximum: 100 };
const failover = list(object({ from: string, to: string }));

/** Connections and requests that a sidecar has under way at a time. */
export const connectionPool = object({
  http: object({
    h2UpgradePolicy: oneOf("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
    http1MaxPendingRequests: integer,
    http2KeepAlive: object({ interval: duration, timeout: duration }),
    http2MaxRequests: integer,
    idleTimeout: duration,
    maxConcurrentStreams: integer,
    maxRequestsPerConnection: integer,
    maxRetries: integer,
    useClientProtocol: boolean,
  }),
  tcp: object({
    connectTimeout: duration,
    idleTimeout: duration,
    maxConnectionDuration: duration,
    maxConnections: integer,
    tcpKeepalive: object({ interval: duration, probes: unsigned, time: duration }),
  }),
});

const loadBalancer = object({
  consistentHash: object({
    httpCookie: object(
      { attributes: list(object({ name: string, value: string }, "name")), name: string, path: string, ttl: duration },
      "name",
    ),
    httpHeaderName: string,
    httpQueryParameterName: string,
    maglev: object({ tableSize: count }),
    minimumRingSize: count,
    ringHash: object({ minimumRingSize: count }),
    useSourceIp: boolean,
  }),
  localityLbSetting: object({
    distribute: list(object({ from: string, to: { type: "map", values: unsigned } })),
    enabled: boolean,
    failover,
    failoverPriority: strings,
  }),
  simple: oneOf("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
  warmup: object({ aggression: { type: "number", minimum: 0 }, duration: duration, minimumPercent: share }, "duration"),
  warmupDurationSecs: duration,
  zoneAwareLbSetting: object({ enabled: boolean, failover, failoverPriority: strings, minClusterSize: unsigned }),
});

const outlierDetection = object({
  baseEjectionTime: duration,
  consecutive5xxErrors: unsigned,
  consecutiveErrors: integer,
  consecutiveGatewayErrors: unsigned,
  consecutiveLocalOriginFailures: unsigned,
  interval: duration,
  maxEjectionPercent: integer,
  minHealthPercent: integer,
  outlierDetectionHttpErrorCodes: list({ type: "integer", minimum: 100, maximum: 599 }),
  splitExternalLocalOriginErrors: boolean,
});

const clientTls = object({
  caCertificates: string,
  caCrl: string,
  clientCertificate: string,
  credentialName: string,
  insecureSkipVerify: boolean,
  mode: oneOf("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
  privateKey: string,
  sni: string,
  subjectAltNames: strings,
});

const ofPorts = { connectionPool, loadBalancer, outlierDetection, tls: clientTls };

/** What sidecars keep to on the way to a host, as Istio 1.31's CustomResourceDefinition of DestinationRule states it. */
export const trafficPolicy = object({
  ...ofPorts,
  portLevelSettings: list(object({ ...ofPorts, port: object({ number: unsigned }) })),
  proxyProtocol: object({ version: oneOf("V1", "V2") }),
  retryBudget: object({ budgetInterval: string, minRetryConcurrency: unsigned, percent: number }),
  tunnel: object({ protocol: string, targetHost: string, targetPort: unsigned }, "targetHost", "targetPort"),
});
