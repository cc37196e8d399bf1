import { type IstioResource } from "./object";

/** What a sidecar does with calls to what it does not know: to wherever they go, in plain text, or 502. */
export interface OutboundTrafficPolicy {
  readonly mode?: "ALLOW_ANY" | "REGISTRY_ONLY";
}

/** What pods may be told of. */
export interface EgressListener {
  /** Default: every port that no other listener names. */
  readonly port?: { readonly number: number; readonly protocol?: string; readonly name?: string };
  /** `namespace/host`; `.` is the own namespace, `~` none, `*` any. */
  readonly hosts: readonly string[];
  readonly bind?: string;
  readonly captureMode?: string;
}

/** Specification of a Sidecar. */
export interface SidecarSpec {
  /** Pods of the namespace; of every namespace without a Sidecar of its own, in the root namespace. */
  readonly workloadSelector?: { readonly labels?: Readonly<Record<string, string>> };
  readonly ingress?: readonly Readonly<Record<string, unknown>>[];
  readonly egress?: readonly EgressListener[];
  readonly outboundTrafficPolicy?: OutboundTrafficPolicy;
}

/** What sidecars are told of, and what they do with the rest. */
export type Sidecar = IstioResource<"networking.istio.io/v1", "Sidecar", SidecarSpec>;
