import type { ResourceKind } from "./kinds";

const everyKind = ["metadata.name", "metadata.namespace"];

/**
 * Fields that the API server refuses to change, by kind, as the real provider knows them: a change replaces the object. `*`
 * stands for any index. (pulumi-kubernetes, provider/pkg/provider/diff.go.)
 */
const byKind: Readonly<Record<string, readonly string[]>> = {
  "apps/v1/DaemonSet": ["spec.selector"],
  "apps/v1/Deployment": ["spec.selector"],
  "apps/v1/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/v1/Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": ["roleRef"],
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner"],
  "v1/PersistentVolume": [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
  ].map((source) => `spec.${source}`),
  "v1/PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "v1/Pod": [
    ...[
      "affinity",
      "automountServiceAccountToken",
      "dnsConfig",
      "dnsPolicy",
      "enableServiceLinks",
      "hostAliases",
      "hostIPC",
      "hostNetwork",
      "hostPID",
      "hostname",
      "imagePullSecrets",
      "nodeName",
      "nodeSelector",
      "overhead",
      "preemptionPolicy",
      "priority",
      "priorityClassName",
      "readinessGates",
      "restartPolicy",
      "runtimeClassName",
      "schedulerName",
      "securityContext",
      "serviceAccount",
      "serviceAccountName",
      "shareProcessNamespace",
      "subdomain",
      "terminationGracePeriodSeconds",
      "volumes",
    ].map((field) => `spec.${field}`),
    ...["containers", "initContainers"].flatMap((list) =>
      [
        "args",
        "command",
        "env",
        "image",
        "imagePullPolicy",
        "lifecycle",
        "livenessProbe",
        "ports",
        "readinessProbe",
        "resources",
        "securityContext",
        "stdin",
        "stdinOnce",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "tty",
        "volumeDevices",
        "volumeMounts",
        "workingDir",
      ].map((field) => `spec.${list}.*.${field}`),
    ),
  ],
  "v1/ResourceQuota": ["spec.scopes"],
  "v1/Service": ["spec.clusterIP"],
};

/** Provider settings that decide whether ConfigMaps and Secrets change in place. Both are off by default. */
export interface MutabilitySettings {
  readonly enableConfigMapMutable: boolean;
  readonly enableSecretMutable: boolean;
}

/** The paths of a kind whose change replaces the object. A Patch resource is replaced only when it points at another object. */
export function immutableFields(
  { apiVersion, kind, patch }: ResourceKind,
  immutable: boolean,
  settings: MutabilitySettings,
): readonly (readonly string[])[] {
  const id = `${apiVersion}/${kind}`;
  const own =
    id === "v1/Secret"
      ? settings.enableSecretMutable && !immutable
        ? ["type"]
        : ["type", "stringData", "data"]
      : id === "v1/ConfigMap"
        ? settings.enableConfigMapMutable && !immutable
          ? []
          : ["binaryData", "data"]
        : (byKind[id] ?? []);
  return [...everyKind, ...(patch ? [] : own)].map((path) => path.split("."));
}
