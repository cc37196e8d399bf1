import { type IstioResource, type WorkloadSelector } from "./object";

/** How a sidecar speaks to a destination. */
export interface ClientTlsSettings {
  readonly mode?: "DISABLE" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";
  readonly sni?: string;
  readonly [further: string]: unknown;
}

/** How calls to a destination are made. */
export interface TrafficPolicy {
  /** Default: mutual TLS with pods that have a sidecar, plain text with others. */
  readonly tls?: ClientTlsSettings;
  readonly connectionPool?: {
    readonly tcp?: { readonly maxConnections?: number; readonly connectTimeout?: string };
    readonly http?: {
      readonly http1MaxPendingRequests?: number;
      readonly http2MaxRequests?: number;
      readonly maxRequestsPerConnection?: number;
      readonly maxRetries?: number;
    };
  };
  readonly outlierDetection?: Readonly<Record<string, unknown>>;
  readonly loadBalancer?: Readonly<Record<string, unknown>>;
  readonly portLevelSettings?: readonly {
    readonly port: { readonly number: number };
    readonly tls?: ClientTlsSettings;
    readonly [further: string]: unknown;
  }[];
}

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
