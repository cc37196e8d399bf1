import type { ServerVersion } from "./session";
import type { ResourceKind } from "./kinds";

/** Since which minor of Kubernetes 1 kinds of an apiVersion are no longer served, and where they are now. */
interface Removal {
  readonly apiVersion: string;
  readonly kinds: readonly string[];
  readonly minor: number;
  /** Undefined: nothing took their place. */
  readonly successor: string | undefined;
}

const roles = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];
const webhooks = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
const flows = ["FlowSchema", "PriorityLevelConfiguration"];
const workloads = ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet", "ControllerRevision"];

/** What Kubernetes removed, from its deprecation guide (https://kubernetes.io/docs/reference/using-api/deprecation-guide/). */
const removals: readonly Removal[] = [
  removal("extensions/v1beta1", ["DaemonSet", "Deployment", "ReplicaSet"], 16, "apps/v1"),
  removal("extensions/v1beta1", ["NetworkPolicy"], 16, "networking.k8s.io/v1"),
  removal("extensions/v1beta1", ["PodSecurityPolicy"], 16, undefined),
  removal("apps/v1beta1", workloads, 16, "apps/v1"),
  removal("apps/v1beta2", workloads, 16, "apps/v1"),
  removal("scheduling.k8s.io/v1alpha1", ["PriorityClass"], 17, "scheduling.k8s.io/v1"),
  removal("rbac.authorization.k8s.io/v1alpha1", roles, 20, "rbac.authorization.k8s.io/v1"),
  removal("batch/v2alpha1", ["CronJob"], 21, "batch/v1"),
  removal("extensions/v1beta1", ["Ingress"], 22, "networking.k8s.io/v1"),
  removal("networking.k8s.io/v1beta1", ["Ingress", "IngressClass"], 22, "networking.k8s.io/v1"),
  removal("admissionregistration.k8s.io/v1beta1", webhooks, 22, "admissionregistration.k8s.io/v1"),
  removal("apiextensions.k8s.io/v1beta1", ["CustomResourceDefinition"], 22, "apiextensions.k8s.io/v1"),
  removal("certificates.k8s.io/v1beta1", ["CertificateSigningRequest"], 22, "certificates.k8s.io/v1"),
  removal("coordination.k8s.io/v1beta1", ["Lease"], 22, "coordination.k8s.io/v1"),
  removal("rbac.authorization.k8s.io/v1beta1", roles, 22, "rbac.authorization.k8s.io/v1"),
  removal("scheduling.k8s.io/v1beta1", ["PriorityClass"], 22, "scheduling.k8s.io/v1"),
  removal(
    "storage.k8s.io/v1beta1",
    ["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
    22,
    "storage.k8s.io/v1",
  ),
  removal("batch/v1beta1", ["CronJob"], 25, "batch/v1"),
  removal("discovery.k8s.io/v1beta1", ["EndpointSlice"], 25, "discovery.k8s.io/v1"),
  removal("events.k8s.io/v1beta1", ["Event"], 25, "events.k8s.io/v1"),
  removal("autoscaling/v2beta1", ["HorizontalPodAutoscaler"], 25, "autoscaling/v2"),
  removal("policy/v1beta1", ["PodDisruptionBudget"], 25, "policy/v1"),
  removal("policy/v1beta1", ["PodSecurityPolicy"], 25, undefined),
  removal("node.k8s.io/v1beta1", ["RuntimeClass"], 25, "node.k8s.io/v1"),
  removal("autoscaling/v2beta2", ["HorizontalPodAutoscaler"], 26, "autoscaling/v2"),
  removal("flowcontrol.apiserver.k8s.io/v1beta1", flows, 26, "flowcontrol.apiserver.k8s.io/v1"),
  removal("storage.k8s.io/v1beta1", ["CSIStorageCapacity"], 27, "storage.k8s.io/v1"),
  removal("flowcontrol.apiserver.k8s.io/v1beta2", flows, 29, "flowcontrol.apiserver.k8s.io/v1"),
  removal("flowcontrol.apiserver.k8s.io/v1beta3", flows, 32, "flowcontrol.apiserver.k8s.io/v1"),
];

function removal(apiVersion: string, kinds: readonly string[], minor: number, successor: string | undefined): Removal {
  return { apiVersion, kinds, minor, successor };
}

/** Says that a server of this version no longer has the kind, and what to write instead; undefined where it may have it. */
export function removedIn({ apiVersion, kind }: ResourceKind, server: ServerVersion | undefined): string | undefined {
  const found = removals.find((entry) => entry.apiVersion === apiVersion && entry.kinds.includes(kind));
  if (found === undefined || server === undefined || server.major !== 1 || server.minor < found.minor) return undefined;
  const instead = found.successor === undefined ? "nothing takes its place" : `use "${found.successor}/${kind}"`;
  return `apiVersion "${apiVersion}/${kind}" was removed in Kubernetes 1.${found.minor}; ${instead}`;
}
