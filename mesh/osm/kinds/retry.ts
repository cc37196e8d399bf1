import { type RetryPolicy } from "../../policy/settings";
import { type NamespacedReference, type OsmResource } from "./object";

/** Specification of a Retry. */
export interface RetrySpec {
  /** Who calls. OSM reads Retry objects of every namespace; by custom they live in this account's. */
  readonly source: NamespacedReference<"ServiceAccount">;
  /** What is called. */
  readonly destinations: readonly NamespacedReference<"Service">[];
  /** The CRD wants all four fields. */
  readonly retryPolicy: RetryPolicy;
}

/**
 * Retries of HTTP requests by the caller's sidecar. Ignored unless MeshConfig sets `featureFlags.enableRetryPolicy`.
 *
 * Source: pkg/catalog/retry.go, pkg/policy of OSM 1.2.4.
 */
export type Retry = OsmResource<"policy.openservicemesh.io/v1alpha1", "Retry", RetrySpec>;
