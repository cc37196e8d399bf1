import { stringify } from "yaml";
import { type meshConfigFields, type proxyConfigFields } from "./mesh-config-fields";

/** Fields of MeshConfig that have a setting of their own. */
type OwnFields =
  | "accessLogFile"
  | "accessLogFormat"
  | "accessLogEncoding"
  | "defaultConfig"
  | "defaultHttpRetryPolicy"
  | "discoverySelectors"
  | "outboundTrafficPolicy"
  | "pathNormalization";

/** Mesh-wide settings of Istio, as far as the add-on lets one choose. What is left out keeps the value that the add-on installed. */
export interface IstioMeshSettings {
  /**
   * What sidecars take that no PeerAuthentication of their own tells otherwise: `STRICT` mutual TLS of the mesh alone, `PERMISSIVE` plain
   * text as well. Default: `STRICT` (Istio's own is `PERMISSIVE`).
   */
  mtls?: "STRICT" | "PERMISSIVE";
  /** Lets pods call destinations that the mesh does not know. Default: false (the add-on installs true). */
  egress?: boolean;
  /**
   * How often a request that failed is sent again where no VirtualService says. Default: 0, so that nothing is sent twice that Open
   * Service Mesh would not (Istio's own is 2).
   */
  retryAttempts?: number;
  /**
   * What becomes of a path before rules are asked: `NONE`, `BASE` (RFC 3986), `MERGE_SLASHES`, `DECODE_AND_MERGE_SLASHES`. Default:
   * Istio's, which is `BASE`.
   */
  pathNormalization?: "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";
  /**
   * Spans of requests, of pods that start from then on. Default: none are sent. The add-on allows it, and Microsoft does not support it.
   *
   * They go by a cluster of their own in the sidecar's bootstrap, not by a provider of MeshConfig: that one is a Service like any other, and a
   * sidecar to which a Sidecar object does not show it refuses all its listeners.
   */
  tracing?: IstioTracingSettings;
  /** Log of every request by each sidecar. Default: none. */
  accessLog?: IstioAccessLogSettings;
  /** The sidecars. */
  sidecar?: IstioSidecarSettings;
  /** Namespaces that istiod looks at, by labels, any of these. Default: all. */
  discoverySelectors?: Readonly<Record<string, string>>[];
  /** Any other fields of MeshConfig that the add-on lets pass, as Istio writes them. */
  otherMeshConfig?: Readonly<Partial<Record<Exclude<(typeof meshConfigFields)[number], OwnFields>, unknown>>>;
}

/** Spans of requests, in Zipkin's format. */
export interface IstioTracingSettings {
  /** Host and port of the collector, e.g. `zipkin.tracing.svc.cluster.local:9411`; spans go to its path `/api/v2/spans`. */
  address: string;
  /** Percent of the requests, above 0 and up to 100. Default: 100 (Istio's own is 1). */
  samplingPercentage?: number;
}

/** Log of every request by each sidecar. */
export interface IstioAccessLogSettings {
  /** Where it goes. Default: `/dev/stdout`, the log of the container. */
  file?: string;
  /** A line, in Envoy's format. Default: Istio's. */
  format?: string;
  /** Default: `TEXT`. */
  encoding?: "TEXT" | "JSON";
}

/** The sidecars. */
export interface IstioSidecarSettings {
  /** The application starts once its sidecar runs. Default: false, where sidecars are no native ones. */
  holdApplication?: boolean;
  /** Threads, 1 or more: 0 would take every core. Default: by the sidecar's limits of CPU. */
  concurrency?: number;
  /** Other fields of `defaultConfig` that the add-on lets pass, as Istio writes them. */
  other?: Readonly<
    Partial<
      Record<Exclude<(typeof proxyConfigFields)[number], "holdApplicationUntilProxyStarts" | "concurrency">, unknown>
    >
  >;
}

/** Drops the keys without a value. */
function present(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** The part of MeshConfig that settings change. */
export function meshConfigOf(settings: IstioMeshSettings): Record<string, unknown> {
  const { accessLog, sidecar, discoverySelectors, tracing } = settings;
  const defaultConfig = present({
    ...sidecar?.other,
    holdApplicationUntilProxyStarts: sidecar?.holdApplication,
    concurrency: sidecar?.concurrency,
    tracing: tracing && { zipkin: { address: tracing.address }, sampling: tracing.samplingPercentage ?? 100 },
  });
  return present({
    ...settings.otherMeshConfig,
    accessLogFile: accessLog && (accessLog.file ?? "/dev/stdout"),
    accessLogFormat: accessLog?.format,
    accessLogEncoding: accessLog?.encoding,
    defaultConfig: Object.keys(defaultConfig).length > 0 ? defaultConfig : undefined,
    defaultHttpRetryPolicy: { attempts: settings.retryAttempts ?? 0 },
    enableTracing: tracing === undefined ? undefined : true,
    discoverySelectors: discoverySelectors?.map((matchLabels) => ({ matchLabels })),
    outboundTrafficPolicy: { mode: settings.egress === true ? "ALLOW_ANY" : "REGISTRY_ONLY" },
    pathNormalization: settings.pathNormalization && { normalization: settings.pathNormalization },
  });
}

/** Namespace of the add-on's control plane, and the mesh's root: policies in it hold for every namespace. */
export const istioControlPlaneNamespace = "aks-istio-system";

/** Name of the ConfigMap whose settings a revision takes, as far as the add-on's own do not say otherwise. */
export function sharedConfigMapName(revision: string): string {
  return `istio-shared-configmap-${revision}`;
}

/** The ConfigMap of a revision. */
export function sharedConfigMap(revision: string, settings: IstioMeshSettings) {
  return {
    metadata: { name: sharedConfigMapName(revision), namespace: istioControlPlaneNamespace },
    data: { mesh: stringify(meshConfigOf(settings)) },
  };
}

/** The PeerAuthentication of the whole mesh. */
export function meshPeerAuthentication(settings: IstioMeshSettings) {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: "default", namespace: istioControlPlaneNamespace },
    spec: { mtls: { mode: settings.mtls ?? "STRICT" } },
  };
}
