import { type OsmResource } from "./object";

/** A Service that takes a share of the root's traffic. */
export interface TrafficSplitBackend {
  /** Name of a Service in the split's namespace. One that does not exist is left out and the rest shares its part. */
  readonly service: string;
  /** Relative weight, an integer ≥ 0. One backend with 0 gets nothing; all with 0 break the root for every caller. */
  readonly weight: number;
}

/** Specification of a TrafficSplit. */
export interface TrafficSplitSpec {
  /**
   * Root Service, by name or host name (`bookstore`, `bookstore.shop.svc.cluster.local`), in the split's namespace. Its
   * selector must match the pods of all backends.
   */
  readonly service: string;
  readonly backends: readonly TrafficSplitBackend[];
}

/**
 * SMI traffic split: the callers' sidecars spread what is sent to a root Service over its backends. OSM serves v1alpha2
 * alone, which splits a whole Service, never single routes. One split per root.
 *
 * Source: pkg/catalog/outbound_traffic_policies.go of OSM 1.2.4.
 */
export type TrafficSplit = OsmResource<"split.smi-spec.io/v1alpha2", "TrafficSplit", TrafficSplitSpec>;
