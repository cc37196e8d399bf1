import { kindScopes, type KindScopes } from "../../preview/kinds";

/** What an API server has, by API version: kinds that live in namespaces, and kinds of the whole cluster. */
const known: Readonly<Record<string, readonly [namespaced: readonly string[], others: readonly string[]]>> = {
  v1: [
    ["ConfigMap", "LimitRange", "PersistentVolumeClaim", "ResourceQuota", "Secret", "Service"],
    ["Namespace", "PersistentVolume"],
  ],
  "apps/v1": [["Deployment"], []],
  "networking.k8s.io/v1": [["NetworkPolicy"], ["IngressClass"]],
  "rbac.authorization.k8s.io/v1": [
    ["Role", "RoleBinding"],
    ["ClusterRole", "ClusterRoleBinding"],
  ],
  "access.smi-spec.io/v1alpha3": [["TrafficTarget"], []],
  "security.istio.io/v1": [["AuthorizationPolicy"], []],
};

const verbs = ["get", "list"];

/** The resources of an API version, as the API server of a shared cluster has them. */
export function knownResources(apiVersion: string) {
  const [namespaced, others] = known[apiVersion] ?? [[], []];
  return [
    ...namespaced.map((kind) => ({ kind, namespaced: true, verbs })),
    ...others.map((kind) => ({ kind, namespaced: false, verbs })),
  ];
}

/** The kinds of these API versions. */
export function knownKinds(apiVersions: readonly string[]): Promise<KindScopes> {
  return kindScopes((apiVersion) => Promise.resolve(knownResources(apiVersion)), apiVersions);
}
