import type * as pulumi from "@pulumi/pulumi";

/** Labels and annotations of a namespace. */
export interface NamespaceMetadata {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

/** A mesh on a cluster. What depends on it finds the mesh's kinds established and its admission webhooks answering. */
export interface ServiceMesh extends pulumi.Resource {
  /** Which mesh it is, as `compile` and `meshOf` call it. */
  readonly kind: "osm" | "istio";
  /** Version of the control plane that new pods join, e.g. `v1.2.9` of Open Service Mesh, `1.30.2` of Istio. */
  readonly version: pulumi.Output<string>;
  /** Suffix of every identity in the mesh, e.g. `cluster.local`. */
  readonly trustDomain: pulumi.Output<string>;
  /**
   * By what a namespace joins the mesh.
   *
   * @param sidecarInjection New pods get their sidecar. Default: true.
   */
  namespaceMetadata(sidecarInjection?: boolean): NamespaceMetadata;
}
