import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { type CustomResourceOptions } from "@pulumi/pulumi";
import { reachTarget } from "./reach";
import { type PreviewSettings } from "./settings";

/** Lets a preview on a shared cluster call what its settings say. */
export function previewTargets({ pullRequest, reaches }: PreviewSettings, options: CustomResourceOptions): void {
  for (const reach of reaches) {
    const { apiVersion, kind, metadata, spec } = reachTarget(pullRequest, reach);
    new CustomResource(metadata.name, { apiVersion, kind, metadata, spec }, options);
  }
}
