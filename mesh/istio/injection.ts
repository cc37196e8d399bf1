import { type NamespaceState, type PodState } from "../cluster/workloads";
import { aksRevision } from "./revisions";
import { isManagedGateway } from "./state/gateway-api/kinds";
import { type InjectorState } from "./state/injectors";

/** The namespace in which the AKS add-on runs, and whose policies are for the whole mesh. */
export const aksRootNamespace = "aks-istio-system";

/** The same of a mesh that a team installs itself. */
export const upstreamRootNamespace = "istio-system";

/** The label that gives a namespace's or a pod's new pods a sidecar of a revision. */
export const revisionLabel = "istio.io/rev";

/** The label that gives a namespace's new pods a sidecar of the default revision. The AKS add-on has none, and does not read it. */
export const injectionLabel = "istio-injection";

/** A pod's own word about its sidecar: a label; older manifests have an annotation. */
export const injectLabel = "sidecar.istio.io/inject";

/** What the injector writes: an annotation, and the label by which other sidecars speak mutual TLS to the pod. */
const injectedMarks = { annotation: "sidecar.istio.io/status", label: "security.istio.io/tlsMode" } as const;

/** Whether other sidecars speak mutual TLS to a pod that has one: not where a label of its own says otherwise, which the injector leaves. */
export function takesMutualTls({ labels }: Pick<PodState, "labels">): boolean {
  return (labels[injectedMarks.label] ?? "istio") === "istio";
}

type InjectedPod = Pick<PodState, "namespace" | "labels" | "annotations" | "hostNetwork" | "running">;

/**
 * Which pods have a sidecar: as the selectors of the four injection webhooks say (manifests/charts/istio-control/istio-discovery,
 * templates/mutatingwebhook.yaml), of running pods as their injector's marks say.
 */
export function sidecarRule(
  namespaces: ReadonlyMap<string, NamespaceState>,
  rootNamespace: string,
  injectors: readonly InjectorState[],
): (pod: InjectedPod) => boolean {
  const onAks = rootNamespace === aksRootNamespace;
  const injects = injectedLabels(injectors);
  return ({ namespace, labels, annotations, hostNetwork, running }) => {
    if (annotations[injectedMarks.annotation] !== undefined || labels[injectedMarks.label] === "istio") return true;
    // istiod makes the pods of the Gateway API's gateways with their proxies, and tells its injector to leave them alone.
    if (isManagedGateway(labels)) return true;
    // A pod that runs without the marks was made before its namespace was given to the mesh, or past the webhook.
    if (running || hostNetwork || namespace === rootNamespace) return false;
    const own = labels[injectLabel] ?? annotations[injectLabel];
    if (own === "false") return false;
    if (namespaces.size === 0) return true;
    const around = namespaces.get(namespace)?.labels ?? {};
    if (around[injectionLabel] === "disabled") return false;
    if (around[injectionLabel] === "enabled") return !onAks;
    const asked = around[revisionLabel] ?? labels[revisionLabel];
    return asked === undefined ? own === "true" && !onAks : injects(asked);
  };
}

/**
 * Whether somebody gives sidecars by a value of the label. The add-on's revisions are AKS's, which no manifest shows; any other value is
 * believed as long as no tag is among the objects.
 */
export function injectedLabels(injectors: readonly InjectorState[]): (value: string) => boolean {
  const known = new Set(injectors.map(({ revision, tag }) => tag ?? revision));
  const tagged = injectors.some(({ tag }) => tag !== undefined);
  return (value) => !tagged || known.has(value) || aksRevision.test(value);
}

/** The label by which a namespace or a pod is in Istio's ambient mode, without sidecars: `ambient`, or `none` of a pod. */
export const ambientLabel = "istio.io/dataplane-mode";

/** Whether a pod without a sidecar is in ambient mode, by its own word or its namespace's: the node then speaks for it. */
export function isAmbient(
  namespaces: ReadonlyMap<string, NamespaceState>,
  { namespace, labels, hostNetwork }: Pick<PodState, "namespace" | "labels" | "hostNetwork">,
): boolean {
  if (hostNetwork) return false;
  return (labels[ambientLabel] ?? namespaces.get(namespace)?.labels[ambientLabel]) === "ambient";
}
