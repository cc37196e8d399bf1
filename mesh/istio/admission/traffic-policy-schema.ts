import { type Schema } from "../../manifests/schema";
import {
  anyDuration,
  boolean,
  duration,
  exclusive,
  int32,
  list,
  object,
  oneOf,
  string,
  strings,
  unsigned,
} from "./schema-parts";

const count: Schema = { type: "integer", minimum: 0 };
const share: Schema = { type: "number", minimum: 0, maximum: 100, nullable: true };
/** Fields that may say nothing of themselves (null). */
const anyBoolean: Schema = { type: "boolean", nullable: true };
const anyCount: Schema = { type: "integer", minimum: 0, maximum: 4294967295, nullable: true };
const failover = list(object({ from: string, to: string }));

/** Connections and requests that a sidecar has under way at a time. */
export const connectionPool = object({
  http: object({
    h2UpgradePolicy: oneOf("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
    http1MaxPendingRequests: int32,
    http2KeepAlive: object({ interval: duration, timeout: duration }),
    http2MaxRequests: int32,
    idleTimeout: duration,
    maxConcurrentStreams: int32,
    maxRequestsPerConnection: int32,
    maxRetries: int32,
    useClientProtocol: boolean,
  }),
  tcp: object({
    connectTimeout: duration,
    idleTimeout: anyDuration,
    maxConnectionDuration: duration,
    maxConnections: int32,
    tcpKeepalive: object({ interval: duration, probes: unsigned, time: duration }),
  }),
});

const loadBalancer = exclusive(
  object({
    consistentHash: exclusive(
      object({
        httpCookie: object(
          {
            attributes: list(object({ name: string, value: string }, "name")),
            name: string,
            path: string,
            ttl: anyDuration,
          },
          "name",
        ),
        httpHeaderName: string,
        httpQueryParameterName: string,
        maglev: object({ tableSize: count }),
        minimumRingSize: count,
        ringHash: object({ minimumRingSize: count }),
        useSourceIp: boolean,
      }),
      ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"],
      ["ringHash", "maglev"],
    ),
    localityLbSetting: object({
      distribute: list(object({ from: string, to: { type: "map", values: unsigned } })),
      enabled: anyBoolean,
      failover,
      failoverPriority: strings,
    }),
    simple: oneOf("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
    warmup: object(
      { aggression: { type: "number", minimum: 0, nullable: true }, duration: duration, minimumPercent: share },
      "duration",
    ),
    warmupDurationSecs: duration,
    zoneAwareLbSetting: object({
      enabled: anyBoolean,
      failover,
      failoverPriority: strings,
      minClusterSize: { type: "integer", minimum: 1, maximum: 4294967295, nullable: true },
    }),
  }),
  ["simple", "consistentHash"],
);

const outlierDetection = object({
  baseEjectionTime: duration,
  consecutive5xxErrors: anyCount,
  consecutiveErrors: int32,
  consecutiveGatewayErrors: anyCount,
  consecutiveLocalOriginFailures: anyCount,
  interval: duration,
  maxEjectionPercent: int32,
  minHealthPercent: int32,
  outlierDetectionHttpErrorCodes: list({ type: "integer", minimum: 100, maximum: 599 }),
  splitExternalLocalOriginErrors: boolean,
});

const clientTls = object({
  caCertificates: string,
  caCrl: string,
  clientCertificate: string,
  credentialName: string,
  insecureSkipVerify: anyBoolean,
  mode: oneOf("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
  privateKey: string,
  sni: string,
  subjectAltNames: strings,
});

const ofPorts = { connectionPool, loadBalancer, outlierDetection, tls: clientTls };

/** What sidecars keep to on the way to a host, as Istio 1.31's CustomResourceDefinition of DestinationRule states it. */
export const trafficPolicy = object({
  ...ofPorts,
  portLevelSettings: {
    type: "array",
    items: object({ ...ofPorts, port: object({ number: unsigned }) }),
    maxItems: 4096,
  },
  proxyProtocol: object({ version: oneOf("V1", "V2") }),
  retryBudget: object({ budgetInterval: anyDuration, minRetryConcurrency: unsigned, percent: share }),
  tunnel: object({ protocol: string, targetHost: string, targetPort: unsigned }, "targetHost", "targetPort"),
});
