import { stringAt, type JsonObject } from "./client/json";

/** What a Pulumi type token of the kubernetes package stands for. */
export interface ResourceKind {
  readonly apiVersion: string;
  /** The Kubernetes kind, without the suffix `Patch`. */
  readonly kind: string;
  /** Whether the resource only contributes fields to an object that somebody else owns. */
  readonly patch: boolean;
}

/**
 * Reads `kubernetes:<group>/<version>:<Kind>`.
 *
 * @param inputs The resource's inputs: their own apiVersion and kind win, and tell a `…Patch` resource from a kind so named.
 */
export function resourceKind(type: string, inputs: JsonObject): ResourceKind {
  const [, module = "", token = ""] = type.split(":");
  const [group, version] = module.split("/");
  const fromToken = version === undefined ? module : group === "core" ? version : module;
  const kind = stringAt(inputs, "kind") ?? token.replace(/Patch$/, "");
  return {
    apiVersion: stringAt(inputs, "apiVersion") ?? fromToken,
    kind,
    patch: token === `${kind}Patch`,
  };
}

/** Whether the token is a list such as `kubernetes:core/v1:PodList`, which cannot be created. */
export function isListType(type: string): boolean {
  const [, module = "", token = ""] = type.split(":");
  return token.endsWith("List") && (module.startsWith("core/") || isBuiltInGroup(module.split("/")[0] ?? ""));
}

function isBuiltInGroup(group: string): boolean {
  return ["apps", "batch", "autoscaling", "policy", "extensions"].includes(group) || group.endsWith(".k8s.io");
}

/** Kinds of Kubernetes' own that belong to no namespace, for previews without a cluster. */
const clusterScoped: ReadonlySet<string> = new Set([
  "v1/ComponentStatus",
  "v1/Namespace",
  "v1/Node",
  "v1/PersistentVolume",
  "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration",
  "apiextensions.k8s.io/v1/CustomResourceDefinition",
  "apiregistration.k8s.io/v1/APIService",
  "certificates.k8s.io/v1/CertificateSigningRequest",
  "flowcontrol.apiserver.k8s.io/v1/FlowSchema",
  "flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration",
  "networking.k8s.io/v1/IngressClass",
  "node.k8s.io/v1/RuntimeClass",
  "rbac.authorization.k8s.io/v1/ClusterRole",
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
  "scheduling.k8s.io/v1/PriorityClass",
  "storage.k8s.io/v1/CSIDriver",
  "storage.k8s.io/v1/CSINode",
  "storage.k8s.io/v1/StorageClass",
  "storage.k8s.io/v1/VolumeAttachment",
]);

/**
 * Whether a kind of Kubernetes' own belongs to namespaces, known without asking; undefined for any other kind, whose scope
 * only its CustomResourceDefinition says.
 */
export function knownScope({ apiVersion, kind }: ResourceKind): boolean | undefined {
  if (clusterScoped.has(`${apiVersion}/${kind}`)) return false;
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : undefined;
  return group === undefined || ["apps", "batch", "autoscaling", "policy"].includes(group) ? true : undefined;
}
