import { type types } from "@pulumi/kubernetes";

type Rule = types.input.rbac.v1.PolicyRule;

/** Name of the ClusterRole that the previews' identity has everywhere. */
export const previewsRole = "aks-mesh-previews";

/** Name of the ClusterRole that it has in previews' namespaces alone: a RoleBinding in each says so. */
export const secretsRole = "aks-mesh-previews-secrets";

const read = ["get", "list", "watch"];
const write = [...read, "create", "update", "patch", "delete"];

/** The kinds of each mesh that a preview may have, and what it reads of the mesh. */
const meshRules: Readonly<Record<"osm" | "istio", readonly Rule[]>> = {
  osm: [
    {
      apiGroups: ["access.smi-spec.io", "policy.openservicemesh.io", "specs.smi-spec.io", "split.smi-spec.io"],
      resources: ["*"],
      verbs: write,
    },
    { apiGroups: ["config.openservicemesh.io"], resources: ["meshconfigs"], verbs: [...read, "patch"] },
  ],
  // None that a gateway or a control plane takes from any namespace (Gateway, WorkloadEntry), or that can say anything at all (EnvoyFilter, WasmPlugin).
  istio: [
    {
      apiGroups: ["security.istio.io"],
      resources: ["authorizationpolicies", "peerauthentications", "requestauthentications"],
      verbs: write,
    },
    {
      apiGroups: ["networking.istio.io"],
      resources: ["destinationrules", "serviceentries", "sidecars", "virtualservices"],
      verbs: write,
    },
  ],
};

/**
 * What the previews' identity may do, as far as roles can say it: kinds of objects. Where it may write is said by the admission
 * policies. Outside of previews it plans with these, in dry runs on the server, which take the right to write. A dry run answers with the
 * whole object, so that the right to change Secrets anywhere would be the right to read them: there is none but to create them.
 */
export const previewsRules = (mesh: "osm" | "istio"): readonly Rule[] => [
  {
    apiGroups: [""],
    resources: [
      ...["configmaps", "limitranges", "namespaces", "persistentvolumeclaims", "resourcequotas", "serviceaccounts"],
      "services",
    ],
    verbs: write,
  },
  { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
  { apiGroups: ["apps"], resources: ["daemonsets", "deployments", "statefulsets"], verbs: write },
  { apiGroups: ["batch"], resources: ["cronjobs", "jobs"], verbs: write },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: write },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: write },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: write },
  ...meshRules[mesh],
  { apiGroups: ["rbac.authorization.k8s.io"], resources: ["rolebindings"], verbs: write },
  {
    apiGroups: ["rbac.authorization.k8s.io"],
    resources: ["clusterroles"],
    resourceNames: [secretsRole],
    verbs: ["bind"],
  },
  // To wait for workloads, and to see what the mesh is.
  { apiGroups: [""], resources: ["endpoints", "events", "pods"], verbs: read },
  { apiGroups: ["apps"], resources: ["controllerrevisions", "replicasets"], verbs: read },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: read },
];

/** What it may do with Secrets of previews' namespaces. */
export const secretsRules: readonly Rule[] = [{ apiGroups: [""], resources: ["secrets"], verbs: write }];
