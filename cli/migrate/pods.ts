import { injectLabel } from "../../mesh/istio/injection";
import { type KubernetesObject } from "../../mesh/manifests";
import { listAt, textAt, valueAt } from "../../mesh/manifests/inside";
import { injectionAnnotation, injectionWords, monitoredByLabel, proxyLabel } from "../../mesh/osm/injection";

/** Whose sidecar a pod has. */
export type Sidecar = "osm" | "istio" | "none";

/** A pod that has to be made anew, and who does that. */
export interface PodFate {
  /** `namespace/name`. */
  readonly pod: string;
  /** `Deployment namespace/name`; undefined for a pod of its own, or one of a kind that cannot be restarted. */
  readonly workload: string | undefined;
  /** `program`: pulumi up. `command`: this command. `hand`: a person. */
  readonly by: "program" | "command" | "hand";
  readonly sidecar: Sidecar;
  /** It wants no sidecar, in Open Service Mesh's words, which Istio does not read. */
  readonly optsOut: boolean;
}

/** The sidecar that a pod has. Native sidecars are init containers. */
export function sidecarOf(pod: KubernetesObject): Sidecar {
  const names = ["containers", "initContainers"].flatMap((key) =>
    listAt(pod, "spec", key).map((container) => textAt(container, "name")),
  );
  if (names.includes("istio-proxy")) return "istio";
  return textAt(pod, "metadata", "labels", proxyLabel) === undefined ? "none" : "osm";
}

/** What makes a pod's like again: the Deployment behind its ReplicaSet, a StatefulSet, a DaemonSet. */
export function workloadOf(pod: KubernetesObject): string | undefined {
  const { namespace = "default" } = pod.metadata;
  const owner = listAt(pod, "metadata", "ownerReferences").find(
    (reference) => valueAt(reference, "controller") === true,
  );
  const [kind, name] = [textAt(owner, "kind"), textAt(owner, "name")];
  if (name === undefined) return undefined;
  if (kind === "StatefulSet" || kind === "DaemonSet") return `${kind} ${namespace}/${name}`;
  const hash = textAt(pod, "metadata", "labels", "pod-template-hash");
  if (kind !== "ReplicaSet" || hash === undefined || !name.endsWith(`-${hash}`)) return undefined;
  return `Deployment ${namespace}/${name.slice(0, -hash.length - 1)}`;
}

/** Whether a pod says that it wants no sidecar of a mesh. */
function optsOut(pod: KubernetesObject, sidecar: Sidecar): boolean {
  if (sidecar === "istio") return textAt(pod, "metadata", "labels", injectLabel) === "false";
  const said = textAt(pod, "metadata", "annotations", injectionAnnotation)?.toLowerCase();
  return said !== undefined && injectionWords.off.includes(said);
}

/** Whether a pod can have a sidecar and still runs. */
function counts(pod: KubernetesObject, sidecar: Sidecar): boolean {
  const phase = textAt(pod, "status", "phase");
  const finished = phase === "Succeeded" || phase === "Failed";
  const leaving = textAt(pod, "metadata", "deletionTimestamp") !== undefined;
  const outside = valueAt(pod, "spec", "hostNetwork") === true;
  return !finished && !leaving && !outside && !optsOut(pod, sidecar);
}

/**
 * The pods of namespaces that do not have a mesh's sidecar yet.
 *
 * @param owned what the program makes, as `Kind namespace/name`.
 */
export function podsWithout(
  sidecar: Sidecar,
  objects: readonly KubernetesObject[],
  namespaces: readonly string[],
  owned: ReadonlySet<string>,
): readonly PodFate[] {
  return objects.flatMap((pod): readonly PodFate[] => {
    const { name, namespace = "default" } = pod.metadata;
    if (pod.kind !== "Pod" || !namespaces.includes(namespace) || !counts(pod, sidecar)) return [];
    const has = sidecarOf(pod);
    if (has === sidecar) return [];
    const workload = workloadOf(pod);
    const by = workload === undefined ? "hand" : owned.has(workload) ? "program" : "command";
    return [{ pod: `${namespace}/${name}`, workload, by, sidecar: has, optsOut: optsOut(pod, "osm") }];
  });
}

/** Pods, also finished ones, that are still on their way out. */
export function leaving(objects: readonly KubernetesObject[], namespaces: readonly string[]): readonly string[] {
  return objects.flatMap((pod) => {
    const { name, namespace = "default" } = pod.metadata;
    const goes = textAt(pod, "metadata", "deletionTimestamp") !== undefined;
    return pod.kind === "Pod" && namespaces.includes(namespace) && goes ? [`${namespace}/${name}`] : [];
  });
}

/** Names of the namespaces that belong to Open Service Mesh. */
export function monitoredNamespaces(objects: readonly KubernetesObject[]): readonly string[] {
  return objects.flatMap((object) =>
    object.kind === "Namespace" && textAt(object, "metadata", "labels", monitoredByLabel) !== undefined
      ? [object.metadata.name]
      : [],
  );
}

/** Whether the control plane of Open Service Mesh is there. */
export function osmRuns(objects: readonly KubernetesObject[]): boolean {
  return objects.some(
    ({ kind, metadata }) =>
      kind === "Deployment" && metadata.namespace === "kube-system" && metadata.name === "osm-controller",
  );
}
