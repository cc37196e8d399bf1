/** Names of the add-on on AKS. */
export const istioNamespace = "aks-istio-system";

/** The Deployment, its Service and its service account, as the charts name them. */
export function istiodName(revision: string): string {
  return `istiod-${revision}`;
}

/** The ConfigMap by which users change MeshConfig; what is in the add-on's own ConfigMap wins over it. */
export function sharedConfigMapName(revision: string): string {
  return `istio-shared-configmap-${revision}`;
}

/**
 * What AKS installs of a revision, as an IstioOperator for Istio's own charts.
 * @param validating the revision that validates custom resources: the newest.
 * @param pluggedInAuthority whether its certificate authority comes from Key Vault.
 */
export function istioOperator(revision: string, validating: string, pluggedInAuthority: boolean): object {
  return {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    spec: {
      profile: "minimal",
      namespace: istioNamespace,
      revision,
      hub: "mcr.microsoft.com/oss/v2/istio",
      // A patch that AKS may have; the program that runs is one and the same for all revisions.
      tag: `${revision.replace(/^asm-/, "").replaceAll("-", ".")}.0`,
      meshConfig: meshConfig(),
      values: {
        defaultRevision: validating,
        global: { istioNamespace, priorityClassName: "system-cluster-critical", proxy: { tracer: "none" } },
        telemetry: { enabled: false },
        pilot: {
          autoscaleMin: 2,
          tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }],
          env: {
            SHARED_MESH_CONFIG: sharedConfigMapName(revision),
            // What AKS's documentation shows of istiod's log where a second root comes ("Updating new ROOT-CA") takes this.
            ...(pluggedInAuthority ? { ISTIO_MULTIROOT_MESH: "true" } : {}),
            ...withUpstreamEnvoy,
          },
        },
      },
    },
  };
}

/** MeshConfig in the add-on's own ConfigMap, beside what the charts put there. */
function meshConfig() {
  return { enablePrometheusMerge: true, defaultConfig: { image: { imageType: "distroless" } } };
}

/**
 * Upstream Envoy, which stands for Istio's own build of it, lacks these filters and refuses whatever names them. Istio's statistics
 * are such a filter too: `telemetry` is off for it.
 */
const withUpstreamEnvoy = { PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" };
