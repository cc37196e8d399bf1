/** The label that gives a namespace to the mesh; its value is the mesh's name. */
export const monitoredByLabel = "openservicemesh.io/monitored-by";

/** What the annotation `openservicemesh.io/sidecar-injection` may say (pkg/injector/webhook.go, isAnnotatedForInjection). */
export const injectionWords: { readonly on: readonly string[]; readonly off: readonly string[] } = {
  on: ["enabled", "yes", "true"],
  off: ["disabled", "no", "false"],
};

/** What a pod or its namespace says of injection. */
export const injectionAnnotation = "openservicemesh.io/sidecar-injection";

/** The label that the injector gives a pod together with its sidecar. */
export const proxyLabel = "osm-proxy-uuid";
