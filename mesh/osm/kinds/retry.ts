import { type NamespacedReference, type OsmResource } from "./object";

/** When and how a request is tried again. The CRD wants all four fields. */
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

/** Specification of a Retry. */
export interface RetrySpec {
  /** Who calls. OSM reads Retry objects of every namespace; by custom they live in this account's. */
  readonly source: NamespacedReference<"ServiceAccount">;
  /** What is called. */
  readonly destinations: readonly NamespacedReference<"Service">[];
  readonly retryPolicy: RetryPolicy;
}

/**
 * Retries of HTTP requests by the caller's sidecar. Ignored unless MeshConfig sets `featureFlags.enableRetryPolicy`.
 *
 * Source: pkg/catalog/retry.go, pkg/policy of OSM 1.2.4.
 */
export type Retry = OsmResource<"policy.openservicemesh.io/v1alpha1", "Retry", RetrySpec>;
