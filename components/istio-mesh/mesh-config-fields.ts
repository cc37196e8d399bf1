/**
 * Fields of MeshConfig that the add-on's admission lets pass: "Configure Istio-based service mesh add-on for AKS", Allowed, supported,
 * and blocked MeshConfig values. All others are refused.
 */
export const meshConfigFields = [
  "proxyListenPort",
  "proxyInboundListenPort",
  "proxyHttpPort",
  "connectTimeout",
  "tcpKeepAlive",
  "defaultConfig",
  "outboundTrafficPolicy",
  "extensionProviders",
  "defaultProviders",
  "accessLogFile",
  "accessLogFormat",
  "accessLogEncoding",
  "enableTracing",
  "enableEnvoyAccessLogService",
  "disableEnvoyListenerLog",
  "trustDomain",
  "trustDomainAliases",
  "caCertificates",
  "defaultServiceExportTo",
  "defaultVirtualServiceExportTo",
  "defaultDestinationRuleExportTo",
  "localityLbSetting",
  "dnsRefreshRate",
  "h2UpgradePolicy",
  "enablePrometheusMerge",
  "discoverySelectors",
  "pathNormalization",
  "defaultHttpRetryPolicy",
  "serviceSettings",
  "meshMTLS",
  "tlsDefaults",
  "ingressService",
  "ingressSelector",
] as const;

/** Fields below MeshConfig's `defaultConfig`, from the same page. */
export const proxyConfigFields = [
  "tracingServiceName",
  "drainDuration",
  "statsUdpAddress",
  "proxyAdminPort",
  "tracing",
  "concurrency",
  "envoyAccessLogService",
  "envoyMetricsService",
  "proxyMetadata",
  "statusPort",
  "extraStatTags",
  "proxyStatsMatcher",
  "terminationDrainDuration",
  "meshId",
  "holdApplicationUntilProxyStarts",
  "caCertificatesPem",
  "privateKeyProvider",
] as const;

/** Kinds of Istio that the add-on's admission refuses: "Istio-based service mesh add-on for AKS", Limitations. */
export const blockedKinds: readonly string[] = [
  "ProxyConfig",
  "WorkloadEntry",
  "WorkloadGroup",
  "IstioOperator",
  "WasmPlugin",
];
