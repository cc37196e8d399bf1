import { type IstioResource, type PolicyTargetReference, type WorkloadSelector } from "./object";

/**
 * Who calls. All fields hold together, each by any of its values; `not…` holds where none of its values does.
 *
 * Values of `principals`, `namespaces`, `requestPrincipals` and `trustDomains` are exact, `prefix*`, `*suffix`, or `*` for any that
 * is there.
 */
export interface Source {
  /** Identities without `spiffe://`: `cluster.local/ns/shop/sa/cart`. */
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  /** Claims `issuer/subject` of a JSON web token. */
  readonly requestPrincipals?: readonly string[];
  readonly notRequestPrincipals?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly notNamespaces?: readonly string[];
  /** `namespace/account`, or `account` of the policy's namespace; no patterns. At most 16. */
  readonly serviceAccounts?: readonly string[];
  readonly notServiceAccounts?: readonly string[];
  readonly trustDomains?: readonly string[];
  readonly notTrustDomains?: readonly string[];
  /** Addresses and CIDRs of the peer. */
  readonly ipBlocks?: readonly string[];
  readonly notIpBlocks?: readonly string[];
  /** Addresses and CIDRs of the client, as `X-Forwarded-For` or the proxy protocol tells. */
  readonly remoteIpBlocks?: readonly string[];
  readonly notRemoteIpBlocks?: readonly string[];
}

/** What is sent. All fields hold together, each by any of its values; `not…` holds where none of its values does. */
export interface Operation {
  /** Host headers, in any case; exact, `prefix*`, `*suffix`, `*`. HTTP only. */
  readonly hosts?: readonly string[];
  readonly notHosts?: readonly string[];
  /** The pods' ports, after the Service's are translated. */
  readonly ports?: readonly string[];
  readonly notPorts?: readonly string[];
  /** Exact, `prefix*`, `*suffix`, `*`. HTTP only. */
  readonly methods?: readonly string[];
  readonly notMethods?: readonly string[];
  /**
   * Paths without query: exact, `prefix*`, `*suffix`, `*`, or a template in which `{*}` stands for one segment and a last `{**}` for
   * any. No regular expressions. HTTP only.
   */
  readonly paths?: readonly string[];
  readonly notPaths?: readonly string[];
}

/** Another condition. At least one of the two lists is needed. */
export interface Condition {
  /** Such as `request.headers[user-agent]`, `source.ip`, `destination.port`, `connection.sni`. */
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

/** Met where any of `from`, any of `to` and all of `when` are. What is left out is met. */
export interface AuthorizationRule {
  readonly from?: readonly { readonly source: Source }[];
  readonly to?: readonly { readonly operation: Operation }[];
  readonly when?: readonly Condition[];
}

/** What a policy does with what meets it. */
export type AuthorizationAction = "ALLOW" | "DENY" | "AUDIT" | "CUSTOM";

/** Specification of an AuthorizationPolicy. An empty one allows nothing, and so denies all that no other policy allows. */
export interface AuthorizationPolicySpec {
  /** Default: every pod of the namespace; of the mesh, in the root namespace. */
  readonly selector?: WorkloadSelector;
  readonly targetRef?: PolicyTargetReference;
  readonly targetRefs?: readonly PolicyTargetReference[];
  /** Default: `ALLOW`. */
  readonly action?: AuthorizationAction;
  readonly rules?: readonly AuthorizationRule[];
  /** Who decides, of `CUSTOM`: an extension provider of the mesh's configuration. */
  readonly provider?: { readonly name: string };
}

/**
 * Who may call a workload, and with what. All the rules of all policies count at once, in no order: any DENY refuses; where any
 * ALLOW policy selects the workload, only what one of them allows passes; where none does, everything does.
 *
 * Source: pilot/pkg/security/authz of Istio 1.31.
 */
export type AuthorizationPolicy = IstioResource<"security.istio.io/v1", "AuthorizationPolicy", AuthorizationPolicySpec>;
