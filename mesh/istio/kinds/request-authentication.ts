import { type IstioResource, type PolicyTargetReference, type WorkloadSelector } from "./object";

/** Whose JSON web tokens are valid, and where they are looked for. */
export interface JwtRule {
  /** Value that the claim `iss` must have. Default: any, of tokens that a key of `jwksUri` has signed. */
  readonly issuer?: string;
  /** Values of which the claim `aud` must have one. Default: any. */
  readonly audiences?: readonly string[];
  readonly jwksUri?: string;
  /** An older name of `jwksUri`. */
  readonly jwks_uri?: string;
  /** Keys, as JSON. */
  readonly jwks?: string;
  readonly fromHeaders?: readonly { readonly name: string; readonly prefix?: string }[];
  readonly fromParams?: readonly string[];
  readonly fromCookies?: readonly string[];
  /** Header that gets a valid token's claims, for the application. */
  readonly outputPayloadToHeader?: string;
  readonly outputClaimToHeaders?: readonly { readonly header: string; readonly claim: string }[];
  readonly forwardOriginalToken?: boolean;
  readonly timeout?: string;
  readonly spaceDelimitedClaims?: readonly string[];
}

/** Specification of a RequestAuthentication. */
export interface RequestAuthenticationSpec {
  /** Default: every pod of the namespace; of the mesh, in the root namespace. */
  readonly selector?: WorkloadSelector;
  readonly targetRef?: PolicyTargetReference;
  readonly targetRefs?: readonly PolicyTargetReference[];
  readonly jwtRules?: readonly JwtRule[];
}

/**
 * Which JSON web tokens a workload's sidecar takes: it answers 401 to a request with another one. A request without any passes;
 * AuthorizationPolicies may demand one. The rules of all that select a workload hold together, each by itself.
 *
 * Source: pilot/pkg/security/authn/policy_applier.go of Istio 1.31.
 */
export type RequestAuthentication = IstioResource<
  "security.istio.io/v1",
  "RequestAuthentication",
  RequestAuthenticationSpec
>;
