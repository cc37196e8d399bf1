import { type KubernetesObject } from "./api-client";

/** An object and the path of the API where it belongs. */
export interface PlacedObject {
  readonly path: string;
  readonly object: KubernetesObject;
}

/** Where the API has a kind: the path before the namespace, and its plural. */
const resources: Readonly<Record<string, readonly [api: string, plural: string]>> = {
  APIService: ["/apis/apiregistration.k8s.io/v1", "apiservices"],
  ClusterRole: ["/apis/rbac.authorization.k8s.io/v1", "clusterroles"],
  ClusterRoleBinding: ["/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"],
  ConfigMap: ["/api/v1", "configmaps"],
  CustomResourceDefinition: ["/apis/apiextensions.k8s.io/v1", "customresourcedefinitions"],
  Deployment: ["/apis/apps/v1", "deployments"],
  HorizontalPodAutoscaler: ["/apis/autoscaling/v2", "horizontalpodautoscalers"],
  MutatingWebhookConfiguration: ["/apis/admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations"],
  Namespace: ["/api/v1", "namespaces"],
  PodDisruptionBudget: ["/apis/policy/v1", "poddisruptionbudgets"],
  Role: ["/apis/rbac.authorization.k8s.io/v1", "roles"],
  RoleBinding: ["/apis/rbac.authorization.k8s.io/v1", "rolebindings"],
  Service: ["/api/v1", "services"],
  ServiceAccount: ["/api/v1", "serviceaccounts"],
  ValidatingWebhookConfiguration: ["/apis/admissionregistration.k8s.io/v1", "validatingwebhookconfigurations"],
};

/** @throws Error for a kind of which the sandbox knows no path. */
export function place(object: KubernetesObject): PlacedObject {
  const resource = resources[object.kind];
  if (resource === undefined)
    throw new Error(`${object.kind} ${object.metadata.name}: the sandbox knows no path of the kind`);
  const [api, plural] = resource;
  const { name, namespace } = object.metadata;
  const folder = namespace === undefined ? api : `${api}/namespaces/${namespace}`;
  return { path: `${folder}/${plural}/${name}`, object };
}
