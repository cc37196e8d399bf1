import { type OsmResource } from "./object";

/** A service account that a TrafficTarget speaks of. */
export interface IdentityReference {
  /** OSM knows `ServiceAccount` only; the CRD would take any text. */
  readonly kind: "ServiceAccount";
  readonly name: string;
  /** Required for a source: OSM has no default and an empty one matches nobody. Of a destination it must be the object's own. */
  readonly namespace?: string;
}

/** What the sources may send to the destination. */
export interface TrafficTargetRule {
  /** The CRD also takes `UDPRoute`; OSM then ignores the whole TrafficTarget. */
  readonly kind: "HTTPRouteGroup" | "TCPRoute" | "UDPRoute";
  /** Name of the route group or TCP route, looked up in the TrafficTarget's own namespace. */
  readonly name: string;
  /**
   * Names of matches in the HTTPRouteGroup. The SMI specification lets this be left out for "all of them"; OSM then
   * opens none of them, so always name them. Not used with a TCPRoute.
   */
  readonly matches?: readonly string[];
}

/** Specification of a TrafficTarget. */
export interface TrafficTargetSpec {
  /** Who is called: every service whose pods run under this service account. */
  readonly destination: IdentityReference;
  /** Who may call. An empty list lets every identity of the mesh pass at the server. */
  readonly sources: readonly IdentityReference[];
  /**
   * What may be sent. OSM ignores a TrafficTarget without rules. Without a TCPRoute among them the sources reach
   * **every TCP port** of the destination; without an HTTPRouteGroup every HTTP request gets 404.
   */
  readonly rules: readonly TrafficTargetRule[];
}

/**
 * SMI traffic access: which service accounts may call which, and with what. Read in OSM's SMI mode only; permissive mode
 * ignores it.
 *
 * Source: pkg/catalog/inbound_traffic_policies.go, outbound_traffic_policies.go of OSM 1.2.4.
 */
export type TrafficTarget = OsmResource<"access.smi-spec.io/v1alpha3", "TrafficTarget", TrafficTargetSpec>;
