import { egressPolicy, externalCircuitBreaking, ingressContour, ingressNginx } from "./boundary";
import {
  certManager,
  egressPassthrough,
  outboundIpExclusion,
  permissiveMode,
  prometheusAndGrafana,
  tracing,
} from "./mesh-wide";
import { type Sample } from "./sample";
import {
  canaryRollout,
  circuitBreaking,
  connectionRateLimit,
  requestRateLimit,
  retries,
  statefulSet,
  tcpRouting,
} from "./traffic";

export * from "./boundary";
export { bookstorePolicies } from "./bookstore";
export * from "./mesh-wide";
export type { Sample } from "./sample";
export * from "./traffic";

/**
 * The demonstrations of OSM's documentation. Azure Monitor's is no policy: see `containerInsightsNamespaces` of MeshPolicies.
 */
export const samples: readonly Sample[] = [
  permissiveMode(),
  egressPassthrough(),
  outboundIpExclusion(),
  canaryRollout(),
  tcpRouting(),
  statefulSet(),
  egressPolicy(),
  ingressNginx(),
  ingressContour(),
  circuitBreaking(),
  externalCircuitBreaking(),
  connectionRateLimit(),
  requestRateLimit(),
  retries(),
  certManager(),
  prometheusAndGrafana(),
  tracing(),
];
