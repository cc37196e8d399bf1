import { type IstioResource, type WorkloadSelector } from "./object";
import { type TrafficPolicy } from "./traffic-policy";

/** Some of a destination's pods. */
export interface Subset {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly trafficPolicy?: TrafficPolicy;
}

/** Specification of a DestinationRule. */
export interface DestinationRuleSpec {
  /** Name of a Service in any of its forms. A short one is of the rule's namespace. */
  readonly host: string;
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets?: readonly Subset[];
  /** Namespaces whose sidecars read it. Default: all. */
  readonly exportTo?: readonly string[];
  /** Calling pods that it is for. Default: all. */
  readonly workloadSelector?: WorkloadSelector;
}

/**
 * Subsets of a destination, and how sidecars speak to it.
 *
 * Source: pilot/pkg/networking/core/cluster_traffic_policy.go of Istio 1.31.
 */
export type DestinationRule = IstioResource<"networking.istio.io/v1", "DestinationRule", DestinationRuleSpec>;
