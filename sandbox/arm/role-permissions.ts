import { type JsonObject, objectAt, stringAt } from "./json";

/** Azure's built-in roles for Kubernetes data in AKS. */
export const kubernetesRoles = {
  clusterAdmin: "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
  admin: "3498e952-d568-435e-9b2c-8d77e338d7f7",
  writer: "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb",
  reader: "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
} as const;

const READ = ["get", "list", "watch"];
const WRITE = ["create", "update", "patch", "delete", "deletecollection"];

/** Resources of a namespace that writers may change and readers may see, by API group. */
const WORKLOADS: Readonly<Record<string, readonly string[]>> = {
  "": [
    "configmaps",
    "endpoints",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "serviceaccounts",
    "services",
  ],
  apps: ["controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  "networking.k8s.io": ["ingresses", "networkpolicies"],
  policy: ["poddisruptionbudgets"],
};

/** What may be read besides, but not changed. */
const READABLE: Readonly<Record<string, readonly string[]>> = {
  "": ["events", "limitranges", "namespaces", "resourcequotas"],
  "events.k8s.io": ["events"],
};

/**
 * Whether one of the built-in roles allows what a SubjectAccessReview asks for. As Azure's definitions say: only Cluster Admin
 * reaches custom resources and what belongs to no namespace; Reader sees no Secrets.
 */
export function roleAllows(roleId: string, spec: JsonObject): boolean {
  const role = roleId.toLowerCase();
  if (role === kubernetesRoles.clusterAdmin) return true;
  const attributes = objectAt(spec, "resourceAttributes");
  const resource = stringAt(attributes, "resource");
  if (resource === undefined) return false;
  const group = stringAt(attributes, "group") ?? "";
  const verb = stringAt(attributes, "verb") ?? "";
  const reads = READ.includes(verb);
  const known = (table: Readonly<Record<string, readonly string[]>>): boolean =>
    table[group]?.includes(resource) === true;
  const isSecret = group === "" && resource === "secrets";
  if (role === kubernetesRoles.reader) return reads && (known(WORKLOADS) || known(READABLE));
  const mayWrite = (known(WORKLOADS) || isSecret) && (reads || WRITE.includes(verb));
  if (role === kubernetesRoles.writer) return mayWrite || (reads && known(READABLE));
  if (role !== kubernetesRoles.admin) return false;
  const rbac = group === "rbac.authorization.k8s.io" && ["roles", "rolebindings"].includes(resource);
  return mayWrite || rbac || (reads && known(READABLE)) || (group === "authorization.k8s.io" && verb === "create");
}
