import { type IstioResource, type WorkloadSelector } from "./object";

/**
 * What a sidecar takes: `STRICT` mutual TLS of the mesh alone, `PERMISSIVE` plain text as well, `DISABLE` plain text alone, `UNSET` what
 * the wider policy says.
 */
export type MutualTlsMode = "UNSET" | "DISABLE" | "PERMISSIVE" | "STRICT";

/** Specification of a PeerAuthentication. */
export interface PeerAuthenticationSpec {
  /** Default: every pod of the namespace; of the mesh, in the root namespace. */
  readonly selector?: WorkloadSelector;
  /** Default: what the namespace's or the mesh's says, or else `PERMISSIVE`. */
  readonly mtls?: { readonly mode?: MutualTlsMode };
  /** By the pods' ports. Only read of a policy with a selector. */
  readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: MutualTlsMode }>>;
}

/**
 * What callers of a workload have to speak. The narrowest counts: workload, namespace, mesh; of several of one width the oldest.
 *
 * Source: pilot/pkg/security/authn/policy_applier.go of Istio 1.31.
 */
export type PeerAuthentication = IstioResource<"security.istio.io/v1", "PeerAuthentication", PeerAuthenticationSpec>;
