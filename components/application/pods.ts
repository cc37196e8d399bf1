import { isJsonObject, type JsonObject, type KubernetesObject } from "../../mesh/manifests";
import { type ApplicationArgs } from "./args";

/** The annotation of pods that says which mesh they are in. */
const revisionAnnotation = "aks-mesh/mesh-revision";

/**
 * A workload as it runs here: its pods made anew with the mesh, and no more of them than may be. A namespace's label gives new pods the
 * sidecar of another revision, and leaves those that run as they are: the annotation changes the template with it.
 */
export function asItRuns(
  { istio, migration, mostReplicas }: ApplicationArgs,
  object: KubernetesObject,
): KubernetesObject {
  const revision = istio?.revision ?? (migration && (migration.revision ?? "none"));
  const spec: unknown = Reflect.get(object, "spec");
  if (!isJsonObject(spec)) return object;
  const { replicas, template } = spec;
  const most = mostReplicas !== undefined && typeof replicas === "number" ? Math.min(replicas, mostReplicas) : replicas;
  const changed = {
    ...spec,
    ...(most !== undefined && { replicas: most }),
    ...(revision !== undefined && isJsonObject(template) && { template: annotated(template, revision) }),
  };
  return Object.assign({}, object, { spec: changed });
}

function annotated(template: JsonObject, revision: string): JsonObject {
  const metadata = isJsonObject(template["metadata"]) ? template["metadata"] : {};
  const annotations = isJsonObject(metadata["annotations"]) ? metadata["annotations"] : {};
  return { ...template, metadata: { ...metadata, annotations: { ...annotations, [revisionAnnotation]: revision } } };
}
