import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse, stringify } from "yaml";

/**
 * Annotation of a pod that is not to be ready before a time (RFC 3339). OSM's pods carry it: on AKS they wait for their custom resource
 * definitions.
 */
export const readyAfterAnnotation = "sandbox.aks-mesh.dev/ready-after";

interface Stage {
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

/** KWOK's configuration: its own stages from the directory, with `pod-ready` held back by the annotation. */
export async function kwokStages(directory: string): Promise<string> {
  const files = (await readdir(directory)).sort();
  const stages = await Promise.all(
    files.map(async (file) => parse(await readFile(path.join(directory, file), "utf8")) as Stage),
  );
  return stages.map((stage) => stringify(stage.metadata.name === "pod-ready" ? heldBack(stage) : stage)).join("---\n");
}

function heldBack(stage: Stage): Stage {
  const expression = `.metadata.annotations["${readyAfterAnnotation}"]`;
  return {
    ...stage,
    spec: { ...stage.spec, delay: { durationMilliseconds: 0, durationFrom: { jq: { expression } } } },
  };
}
