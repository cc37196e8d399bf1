import { textAt } from "./inside";
import { type KubernetesObject } from "./object";

/**
 * Kinds of Kubernetes 1.34, of its extensions and of its Gateway API that have no namespace: those of which its API's source says
 * `genclient:nonNamespaced` or `scope=Cluster`.
 */
const clusterScopedKinds: ReadonlySet<string> = new Set([
  ...["APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle"],
  ...["CSIDriver", "CSINode", "CustomResourceDefinition", "DeviceClass", "FlowSchema", "GatewayClass", "IngressClass"],
  ...["IPAddress", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration"],
  ...["Namespace", "Node", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice"],
  ...["RuntimeClass", "ServiceCIDR", "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
  ...["ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass", "VolumeSnapshotClass"],
  "VolumeSnapshotContent",
]);

/** Whether a kind of Kubernetes itself has no namespace. */
export function isClusterScoped(apiVersion: string, kind: string): boolean {
  const group = groupOf(apiVersion);
  return clusterScopedKinds.has(kind) && (group === "" || group.endsWith(".k8s.io"));
}

/** Whether the CustomResourceDefinitions among some objects say of a kind that it has no namespace. */
export function clusterScopeAmong(objects: readonly KubernetesObject[]): (object: KubernetesObject) => boolean {
  const kinds = new Set(
    objects
      .filter(({ kind }) => kind === "CustomResourceDefinition")
      .filter((definition) => textAt(definition, "spec", "scope") === "Cluster")
      .map((one) => `${textAt(one, "spec", "group") ?? ""}/${textAt(one, "spec", "names", "kind") ?? ""}`),
  );
  return ({ apiVersion, kind }) => kinds.has(`${groupOf(apiVersion)}/${kind}`);
}

/** The group of a version; empty for the oldest, whose versions name none. */
function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}
