import { isJsonObject, type JsonObject, type KubernetesObject } from "../../mesh/manifests";
import { textAt } from "../../mesh/manifests/inside";
import { injectLabel, revisionLabel } from "../../mesh/istio/injection";
import { injectionAnnotation, injectionWords } from "../../mesh/osm/injection";
import { type ApplicationArgs } from "./args";

/** The annotation of pods that says which mesh they are in. */
const revisionAnnotation = "aks-mesh/mesh-revision";

/**
 * A workload as it runs here: its pods made anew with the mesh, and no more of them than may be. A namespace's label gives new pods the
 * sidecar of another revision, and leaves those that run as they are: the annotation changes the template with it. What pods say of Open
 * Service Mesh's sidecar holds for Istio's.
 */
export function asItRuns(
  { istio, migration, mostReplicas }: ApplicationArgs,
  object: KubernetesObject,
): KubernetesObject {
  const membership = istio ?? migration;
  const joined = membership?.revisionTag ?? membership?.revision;
  const revision = membership?.revision ?? (migration && "none");
  if (object.kind === "Pod") return injected(object, joined);
  const spec: unknown = Reflect.get(object, "spec");
  if (!isJsonObject(spec)) return object;
  const { replicas, template, jobTemplate } = spec;
  const most = mostReplicas !== undefined && typeof replicas === "number" ? Math.min(replicas, mostReplicas) : replicas;
  const changed = {
    ...spec,
    ...(most !== undefined && { replicas: most }),
    ...(revision !== undefined &&
      isJsonObject(template) && { template: annotated(injected(template, joined), revision) }),
    ...(isJsonObject(jobTemplate) && { jobTemplate: ofJobs(jobTemplate, joined) }),
  };
  return Object.assign({}, object, { spec: changed });
}

function ofJobs(jobTemplate: JsonObject, joined: string | undefined): JsonObject {
  const { spec } = jobTemplate;
  if (!isJsonObject(spec) || !isJsonObject(spec["template"])) return jobTemplate;
  return { ...jobTemplate, spec: { ...spec, template: injected(spec["template"], joined) } };
}

/** A pod or its template with what it says of Open Service Mesh's sidecar said of that of the revision, or of its tag, that it joins. */
function injected<T extends object>(pod: T, joined: string | undefined): T {
  const said = textAt(pod, "metadata", "annotations", injectionAnnotation)?.toLowerCase();
  if (joined === undefined || said === undefined) return pod;
  const labels = injectionWords.on.includes(said)
    ? { [injectLabel]: "true", [revisionLabel]: joined }
    : injectionWords.off.includes(said)
      ? { [injectLabel]: "false" }
      : {};
  const metadata: unknown = Reflect.get(pod, "metadata");
  const before = isJsonObject(metadata) && isJsonObject(metadata["labels"]) ? metadata["labels"] : {};
  return Object.assign({}, pod, { metadata: Object.assign({}, metadata, { labels: { ...before, ...labels } }) });
}

function annotated(template: JsonObject, revision: string): JsonObject {
  const metadata = isJsonObject(template["metadata"]) ? template["metadata"] : {};
  const annotations = isJsonObject(metadata["annotations"]) ? metadata["annotations"] : {};
  return { ...template, metadata: { ...metadata, annotations: { ...annotations, [revisionAnnotation]: revision } } };
}
