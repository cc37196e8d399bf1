import { type NamespacedReference, type OsmResource, type TypedLocalReference } from "./object";

/** A port outside the mesh. */
export interface EgressPort {
  /** 1 to 65535. */
  readonly number: number;
  /** OSM skips a port with any other protocol. `https` is passed on as TLS, chosen by SNI. */
  readonly protocol: "http" | "https" | "tcp" | "tcp-server-first";
}

/** What an Egress refines itself with. */
export type EgressMatch =
  | TypedLocalReference<"specs.smi-spec.io/v1alpha4", "HTTPRouteGroup">
  | TypedLocalReference<"policy.openservicemesh.io/v1alpha1", "UpstreamTrafficSetting">;

/** Specification of an Egress. */
export interface EgressSpec {
  readonly sources: readonly NamespacedReference<"ServiceAccount">[];
  /** Host header (http) or SNI (https) of what may be called; without effect on tcp. An http port without hosts opens nothing. */
  readonly hosts?: readonly string[];
  /** IPv4 CIDRs of what may be called. Default: any address. */
  readonly ipAddresses?: readonly string[];
  readonly ports: readonly EgressPort[];
  /** Route groups that http requests must match (default: any request), and at most one UpstreamTrafficSetting. */
  readonly matches?: readonly EgressMatch[];
}

/**
 * What the named service accounts may call outside the mesh, where mesh-wide egress is off.
 *
 * Source: pkg/catalog/egress.go of OSM 1.2.4.
 */
export type Egress = OsmResource<"policy.openservicemesh.io/v1alpha1", "Egress", EgressSpec>;
