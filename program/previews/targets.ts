import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { type CustomResourceOptions } from "@pulumi/pulumi";
import { reachAuthorization, reachTarget } from "./reach";
import { type PreviewSettings } from "./settings";

/** Lets a preview on a shared cluster call what its settings say for the cluster's mesh. */
export function previewTargets({ pullRequest, reaches, host }: PreviewSettings, options: CustomResourceOptions): void {
  const objectOf = host?.meshRevision === undefined ? reachTarget : reachAuthorization;
  for (const reach of reaches) {
    const object = objectOf(pullRequest, reach);
    // `aks-mesh preview up` refuses a reach that says nothing for this mesh.
    if (object === undefined) continue;
    const { apiVersion, kind, metadata, spec } = object;
    new CustomResource(metadata.name, { apiVersion, kind, metadata, spec }, options);
  }
}
