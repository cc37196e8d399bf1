import { type NamespaceMetadata } from "./service-mesh";

/** Metadata that makes a namespace part of Open Service Mesh. */
export function osmNamespace({ sidecarInjection = true, metrics = true } = {}): NamespaceMetadata {
  return {
    labels: { "openservicemesh.io/monitored-by": "osm" },
    annotations: {
      "openservicemesh.io/sidecar-injection": sidecarInjection ? "enabled" : "disabled",
      "openservicemesh.io/metrics": metrics ? "enabled" : "disabled",
    },
  };
}

/**
 * Metadata that makes a namespace part of Istio. The add-on injects by the label of a revision alone: `istio-injection` and
 * `sidecar.istio.io/inject` do nothing without it.
 *
 * @param revision Such as `asm-1-30`.
 */
export function istioNamespace(revision: string, { sidecarInjection = true } = {}): NamespaceMetadata {
  return { labels: sidecarInjection ? { "istio.io/rev": revision } : {}, annotations: {} };
}
