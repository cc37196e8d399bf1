import { type MeshConfigSpec } from "../../mesh/osm/kinds";

/** Mesh-wide settings of Open Service Mesh. What is left out keeps the value that the add-on installed. */
export interface MeshSettings {
  /**
   * Lets every pod of the mesh call every other and ignores all TrafficTargets. Default: false (the add-on installs true,
   * with which access policy enforces nothing).
   */
  permissiveMode?: boolean;
  /**
   * Lets pods call destinations outside the mesh that no Egress policy names. Default: false (the add-on installs true).
   */
  egress?: boolean;
  /** IPv4 CIDRs that bypass the sidecar on the way out, e.g. `10.10.0.0/16`. */
  outboundIpRangeExclusions?: string[];
  /** IPv4 CIDRs that alone go through the sidecar on the way out. */
  outboundIpRangeInclusions?: string[];
  /** TCP ports that bypass the sidecar on the way out, 1 to 65535. */
  outboundPortExclusions?: number[];
  /** TCP ports that bypass the sidecar on the way in, 1 to 65535. */
  inboundPortExclusions?: number[];
  /** Network interfaces of pods whose traffic bypasses the sidecar. */
  networkInterfaceExclusions?: string[];
  /** Certificates of the workloads. */
  certificate?: CertificateSettings;
  /** Logs, debug endpoint and tracing. */
  observability?: OsmObservabilitySettings;
  /** The Envoy sidecars. */
  sidecar?: SidecarSettings;
  /** A remote service that is asked about every inbound request. */
  externalAuthorization?: ExternalAuthorizationSettings;
  /** Parts of OSM that can be switched. */
  features?: FeatureSettings;
}

/** Certificates of the workloads. */
export interface CertificateSettings {
  /** Life of a workload's certificate, a Go duration of at least a minute. Default: `24h`. */
  validityDuration?: string;
  /** Bits of the RSA key, 2048 to 4096. Default: 2048. */
  keyBitSize?: number;
  /** A certificate that OSM issues to an ingress controller outside the mesh. */
  ingressGateway?: {
    /** At least one; AuthenticatedPrincipal sources of an IngressBackend name it. */
    subjectAltNames: string[];
    /** Go duration. Default: `24h`. */
    validityDuration?: string;
    /** Name of the Secret. */
    secretName: string;
    /** Namespace of the Secret. */
    secretNamespace: string;
  };
}

/** Logs, debug endpoint and tracing. */
export interface OsmObservabilitySettings {
  /** The control plane's verbosity: trace, debug, info, warn, error, fatal, panic or disabled. */
  logLevel?: string;
  /** Serves the mesh's state on a port of the controller, for `osm support`. Default: false. */
  debugServer?: boolean;
  /** Spans in Zipkin format. */
  tracing?: {
    /** Default: true where this part is present. */
    enable?: boolean;
    /** Host name of the collector, e.g. `jaeger.observability.svc.cluster.local`. */
    address?: string;
    /** 1 to 32767 (OSM stores a signed 16-bit number). */
    port?: number;
    /** Path of the collector, e.g. `/api/v2/spans`. */
    endpoint?: string;
  };
}

/** The Envoy sidecars. */
export interface SidecarSettings {
  /** trace, debug, info, warning, warn, error, critical or off; for pods created from then on. */
  logLevel?: string;
  /** Most sidecars that one controller replica serves; 0 for no limit. */
  maxDataPlaneConnections?: number;
  /** Go duration after which every sidecar is sent its configuration again; `0s` for never. */
  configResyncInterval?: string;
  /** Runs the init container privileged, for nodes whose policy needs that. */
  privilegedInitContainer?: boolean;
  /** TLS_AUTO, TLSv1_0, TLSv1_1, TLSv1_2 or TLSv1_3. Default: TLSv1_2. */
  tlsMinProtocolVersion?: string;
  /** TLS_AUTO, TLSv1_0, TLSv1_1, TLSv1_2 or TLSv1_3. Default: TLSv1_3. */
  tlsMaxProtocolVersion?: string;
  /** Address by which the sidecar reaches its application: Localhost or PodIP. */
  localProxyMode?: string;
  /** Requests of each sidecar, e.g. `{ cpu: "10m", memory: "64Mi" }`. */
  resourceRequests?: Record<string, string>;
  /** Limits of each sidecar. */
  resourceLimits?: Record<string, string>;
}

/** A remote service (Envoy's ext_authz over gRPC) that is asked about every inbound request. */
export interface ExternalAuthorizationSettings {
  /** Host name of the service. */
  address: string;
  /** 1 to 65535. */
  port: number;
  /** Go duration to wait for its answer. Default: `1s`. */
  timeout?: string;
  /** Lets requests pass when it does not answer. Default: false. */
  failureModeAllow?: boolean;
}

/** Parts of OSM that can be switched. */
export interface FeatureSettings {
  /** Honours Retry objects. Default: true (OSM's own default is false, and Retry objects then do nothing). */
  retryPolicy?: boolean;
  /** Honours Egress objects. Default: true. */
  egressPolicy?: boolean;
  /** Honours IngressBackend objects. Default: true. */
  ingressBackendPolicy?: boolean;
  /** Statistics from a WASM extension in each sidecar. */
  wasmStats?: boolean;
  /** Active health checks between sidecars. */
  envoyActiveHealthChecks?: boolean;
  /** Experimental. */
  snapshotCacheMode?: boolean;
  /** Experimental. */
  asyncProxyServiceMapping?: boolean;
}

/** Drops the keys without a value, so that what is left out is not sent as a change. */
function present<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Translates settings to a MeshConfig's specification, as plain data that the schema of MeshConfig still has to check. */
export function meshConfigSpec(settings: MeshSettings): Record<string, object> {
  const { certificate, observability, sidecar, externalAuthorization, features } = settings;
  const gateway = certificate?.ingressGateway;
  const resources = present({ requests: sidecar?.resourceRequests, limits: sidecar?.resourceLimits });
  const parts: Record<keyof MeshConfigSpec, object> = {
    sidecar: present({
      logLevel: sidecar?.logLevel,
      maxDataPlaneConnections: sidecar?.maxDataPlaneConnections,
      configResyncInterval: sidecar?.configResyncInterval,
      enablePrivilegedInitContainer: sidecar?.privilegedInitContainer,
      tlsMinProtocolVersion: sidecar?.tlsMinProtocolVersion,
      tlsMaxProtocolVersion: sidecar?.tlsMaxProtocolVersion,
      localProxyMode: sidecar?.localProxyMode,
      resources: Object.keys(resources).length > 0 ? resources : undefined,
    }),
    traffic: present({
      enablePermissiveTrafficPolicyMode: settings.permissiveMode ?? false,
      enableEgress: settings.egress ?? false,
      outboundIPRangeExclusionList: settings.outboundIpRangeExclusions,
      outboundIPRangeInclusionList: settings.outboundIpRangeInclusions,
      outboundPortExclusionList: settings.outboundPortExclusions,
      inboundPortExclusionList: settings.inboundPortExclusions,
      networkInterfaceExclusionList: settings.networkInterfaceExclusions,
      inboundExternalAuthorization:
        externalAuthorization &&
        present({
          enable: true,
          address: externalAuthorization.address,
          port: externalAuthorization.port,
          timeout: externalAuthorization.timeout,
          failureModeAllow: externalAuthorization.failureModeAllow ?? false,
        }),
    }),
    observability: present({
      osmLogLevel: observability?.logLevel,
      enableDebugServer: observability?.debugServer ?? false,
      tracing:
        observability?.tracing && present({ ...observability.tracing, enable: observability.tracing.enable ?? true }),
    }),
    certificate: present({
      serviceCertValidityDuration: certificate?.validityDuration ?? "24h",
      certKeyBitSize: certificate?.keyBitSize ?? 2048,
      ingressGateway: gateway && {
        subjectAltNames: gateway.subjectAltNames,
        validityDuration: gateway.validityDuration ?? "24h",
        secret: { name: gateway.secretName, namespace: gateway.secretNamespace },
      },
    }),
    featureFlags: present({
      enableRetryPolicy: features?.retryPolicy ?? true,
      enableEgressPolicy: features?.egressPolicy ?? true,
      enableIngressBackendPolicy: features?.ingressBackendPolicy ?? true,
      enableWASMStats: features?.wasmStats,
      enableEnvoyActiveHealthChecks: features?.envoyActiveHealthChecks,
      enableSnapshotCacheMode: features?.snapshotCacheMode,
      enableAsyncProxyServiceMapping: features?.asyncProxyServiceMapping,
    }),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));
}
