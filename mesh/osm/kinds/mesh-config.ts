import { type OsmResource } from "./object";

/** Settings of the Envoy sidecars. */
export interface MeshSidecarSettings {
  /** Runs the init container privileged rather than with NET_ADMIN alone. Default: false. */
  readonly enablePrivilegedInitContainer?: boolean;
  /** Envoy's verbosity, for pods created from then on. Default: `error`. */
  readonly logLevel?: "trace" | "debug" | "info" | "warning" | "warn" | "error" | "critical" | "off";
  /** Image of Envoy. Default: the one that the control plane came with. */
  readonly envoyImage?: string;
  /** Image of Envoy on Windows; the AKS add-on does not run there. */
  readonly envoyWindowsImage?: string;
  /** Image of the init container that redirects a pod's traffic. Default: the one that the control plane came with. */
  readonly initContainerImage?: string;
  /** Most sidecars that one controller replica serves; 0 for no limit. Default: 0. */
  readonly maxDataPlaneConnections?: number;
  /** Go duration after which every sidecar is sent its configuration again; `0s` for never. Default: `0s`. */
  readonly configResyncInterval?: string;
  /** Compute resources of the sidecar, as in a container's `resources`. Default: none. */
  readonly resources?: {
    readonly limits?: Readonly<Record<string, string>>;
    readonly requests?: Readonly<Record<string, string>>;
  };
  /** Default: `TLSv1_2`. */
  readonly tlsMinProtocolVersion?: TlsProtocolVersion;
  /** Default: `TLSv1_3`. */
  readonly tlsMaxProtocolVersion?: TlsProtocolVersion;
  /** OpenSSL cipher names for TLS 1.2 and below. Default: Envoy's. */
  readonly cipherSuites?: readonly string[];
  /** Default: Envoy's, X25519 and P-256. */
  readonly ecdhCurves?: readonly string[];
  /** Address by which the sidecar reaches its application. Default: `Localhost`. */
  readonly localProxyMode?: "Localhost" | "PodIP";
}

/** TLS versions in Envoy's spelling; `TLS_AUTO` leaves the choice to Envoy. */
export type TlsProtocolVersion = "TLS_AUTO" | "TLSv1_0" | "TLSv1_1" | "TLSv1_2" | "TLSv1_3";

/** A remote service that every inbound request is put to (Envoy's ext_authz over gRPC). */
export interface InboundExternalAuthorization {
  /** Default: false. */
  readonly enable?: boolean;
  readonly address?: string;
  readonly port?: number;
  /** Prefix of the metrics. Default: `inboundExtAuthz`. */
  readonly statPrefix?: string;
  /** Go duration to wait for an answer. Default: `1s`. */
  readonly timeout?: string;
  /** Lets requests pass when the service does not answer. Default: false. */
  readonly failureModeAllow?: boolean;
}

/** What traffic the sidecars take and allow. */
export interface MeshTrafficSettings {
  /**
   * Lets traffic to destinations outside the mesh pass. On AKS the add-on installs `true`; Egress policies then have
   * little effect.
   */
  readonly enableEgress?: boolean;
  /** Every pod may call every pod and TrafficTargets are ignored. On AKS the add-on installs `true`. */
  readonly enablePermissiveTrafficPolicyMode?: boolean;
  /** IPv4 CIDRs that bypass the sidecar on the way out. Default: none. */
  readonly outboundIPRangeExclusionList?: readonly string[];
  /** IPv4 CIDRs that alone are taken by the sidecar on the way out. Default: all. */
  readonly outboundIPRangeInclusionList?: readonly string[];
  /** TCP ports that bypass the sidecar on the way out. Default: none. */
  readonly outboundPortExclusionList?: readonly number[];
  /** TCP ports that bypass the sidecar on the way in. Default: none. */
  readonly inboundPortExclusionList?: readonly number[];
  /** Network interfaces of pods whose traffic bypasses the sidecar. Default: none. */
  readonly networkInterfaceExclusionList?: readonly string[];
  readonly inboundExternalAuthorization?: InboundExternalAuthorization;
}

/** Where the sidecars send their spans (Zipkin format). */
export interface MeshTracing {
  /** Default: false. */
  readonly enable?: boolean;
  /** Default: 9411. Stored as a signed 16-bit number: at most 32767. */
  readonly port?: number;
  /** Host name of the collector. Default: `jaeger.<OSM's namespace>.svc.cluster.local`. */
  readonly address?: string;
  /** Path of the collector. Default: `/api/v2/spans`. */
  readonly endpoint?: string;
}

/** Logs, debug endpoint and tracing. */
export interface MeshObservabilitySettings {
  /** The control plane's verbosity. Default: `info`. */
  readonly osmLogLevel?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "panic" | "disabled";
  /** Serves the mesh's state, sidecar configuration included, on a port of the controller. Default: false. */
  readonly enableDebugServer?: boolean;
  readonly tracing?: MeshTracing;
}

/** A certificate that OSM issues to an ingress controller outside the mesh. */
export interface IngressGatewayCertificate {
  /** At least one; an IngressBackend's AuthenticatedPrincipal names it. */
  readonly subjectAltNames: readonly string[];
  /** Go duration. */
  readonly validityDuration: string;
  /** Where OSM keeps it. */
  readonly secret: { readonly name: string; readonly namespace: string };
}

/** Workload certificates. The CRD wants both numbers whenever this part is present. */
export interface MeshCertificateSettings {
  /** Go duration (`24h`, `90m`); an unreadable one counts as 24h. Default: `24h`. */
  readonly serviceCertValidityDuration: string;
  /** Bits of the RSA key, 2048 to 4096; anything else counts as 2048. Default: 2048. */
  readonly certKeyBitSize: number;
  readonly ingressGateway?: IngressGatewayCertificate;
}

/** Parts of OSM that can be switched. Defaults are those of OSM's chart. */
export interface MeshFeatureFlags {
  /** Statistics from a WASM extension in each sidecar. Default: true. */
  readonly enableWASMStats?: boolean;
  /** Honours Egress objects. Default: true. */
  readonly enableEgressPolicy?: boolean;
  /** Default: false. */
  readonly enableSnapshotCacheMode?: boolean;
  /** Default: false. */
  readonly enableAsyncProxyServiceMapping?: boolean;
  /** Honours IngressBackend objects. Default: true. */
  readonly enableIngressBackendPolicy?: boolean;
  /** Active health checks between sidecars. Default: false. */
  readonly enableEnvoyActiveHealthChecks?: boolean;
  /** Honours Retry objects. Default: false. */
  readonly enableRetryPolicy?: boolean;
}

/** Specification of a MeshConfig. */
export interface MeshConfigSpec {
  readonly sidecar?: MeshSidecarSettings;
  readonly traffic?: MeshTrafficSettings;
  readonly observability?: MeshObservabilitySettings;
  readonly certificate?: MeshCertificateSettings;
  readonly featureFlags?: MeshFeatureFlags;
}

/**
 * The mesh's one configuration object: `osm-mesh-config` in the control plane's namespace (`kube-system` on AKS). OSM
 * reads no other.
 *
 * Source: pkg/apis/config/v1alpha2/mesh_config.go, pkg/configurator/methods.go of OSM 1.2.4.
 */
export type MeshConfig = OsmResource<"config.openservicemesh.io/v1alpha2", "MeshConfig", MeshConfigSpec>;
