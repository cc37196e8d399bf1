import { type ServerTls } from "./gateway";
import { type IstioResource } from "./object";
import { type ConnectionPool } from "./traffic-policy";
import { type Destination } from "./virtual-service";

/** What a sidecar does with calls to what it does not know: to wherever they go, in plain text, or 502. */
export interface OutboundTrafficPolicy {
  readonly mode?: "ALLOW_ANY" | "REGISTRY_ONLY";
  /** Where such calls go instead. */
  readonly egressProxy?: Destination;
}

/** A port that a Sidecar opens, or what it tells of. */
export interface SidecarPort {
  readonly number?: number;
  readonly protocol?: string;
  readonly name?: string;
  readonly targetPort?: number;
}

/** What sidecars take for their pods. */
export interface IngressListener {
  readonly port: SidecarPort;
  readonly bind?: string;
  readonly captureMode?: string;
  /** Where the pod's process listens: `127.0.0.1:PORT`, or `unix://` and a file. */
  readonly defaultEndpoint?: string;
  readonly connectionPool?: ConnectionPool;
  readonly tls?: ServerTls;
}

/** What pods may be told of. */
export interface EgressListener {
  /** Default: every port that no other listener names. */
  readonly port?: SidecarPort;
  /** `namespace/host`; `.` is the own namespace, `~` none, `*` any. */
  readonly hosts: readonly string[];
  readonly bind?: string;
  readonly captureMode?: string;
}

/** Specification of a Sidecar. */
export interface SidecarSpec {
  /** Pods of the namespace; of every namespace without a Sidecar of its own, in the root namespace. */
  readonly workloadSelector?: { readonly labels?: Readonly<Record<string, string>> };
  readonly ingress?: readonly IngressListener[];
  readonly egress?: readonly EgressListener[];
  /** Of all the pods' ports. */
  readonly inboundConnectionPool?: ConnectionPool;
  readonly outboundTrafficPolicy?: OutboundTrafficPolicy;
}

/** What sidecars are told of, and what they do with the rest. */
export type Sidecar = IstioResource<"networking.istio.io/v1", "Sidecar", SidecarSpec>;
