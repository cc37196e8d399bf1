import { randomUUID } from "node:crypto";
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { ApiError, type ApiClient } from "../api-client";
import { DISK_DRIVER, FILE_DRIVER } from "./storage-classes";

const DRIVERS: readonly string[] = [DISK_DRIVER, FILE_DRIVER];
/** Kubernetes writes it on a claim when its volume is wanted now: at once, or when its first pod has a node. */
const PROVISIONER_ANNOTATION = "volume.kubernetes.io/storage-provisioner";
const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";

/**
 * The volume for a claim that waits for one of Azure's drivers, or undefined where it does not wait. It has the claim's size and no
 * storage behind it.
 */
export function volumeFor(claim: V1PersistentVolumeClaim, storageClass: V1StorageClass): object | undefined {
  const { metadata, spec, status } = claim;
  const driver = metadata?.annotations?.[PROVISIONER_ANNOTATION];
  const waits =
    status?.phase === "Pending" && spec?.volumeName === undefined && metadata?.deletionTimestamp === undefined;
  if (!waits || driver === undefined || !DRIVERS.includes(driver)) return undefined;
  const name = `pvc-${metadata?.uid ?? ""}`;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { [PROVISIONED_BY]: driver } },
    spec: {
      accessModes: spec?.accessModes,
      capacity: { storage: spec?.resources?.requests?.["storage"] },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: metadata?.namespace,
        name: metadata?.name,
        uid: metadata?.uid,
      },
      csi: {
        driver,
        volumeHandle: `${driver}/${name}/${randomUUID()}`,
        fsType: driver === DISK_DRIVER ? "ext4" : undefined,
      },
      mountOptions: storageClass.mountOptions,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      storageClassName: spec?.storageClassName,
      volumeMode: spec?.volumeMode,
    },
  };
}

/** Makes volumes for the claims that wait, as Azure's drivers do. */
export async function provisionVolumes(api: ApiClient, claims: readonly V1PersistentVolumeClaim[]): Promise<void> {
  for (const claim of claims) {
    const name = claim.spec?.storageClassName;
    if (name === undefined || claim.status?.phase !== "Pending") continue;
    const storageClass = await api.find<V1StorageClass>(`/apis/storage.k8s.io/v1/storageclasses/${name}`);
    const volume = storageClass && volumeFor(claim, storageClass);
    if (volume === undefined) continue;
    try {
      await api.create("/api/v1/persistentvolumes", volume);
    } catch (error) {
      // Made in an earlier round; the claim says so a moment later.
      if (!(error instanceof ApiError && error.status === 409)) throw error;
    }
  }
}

/** Deletes the volumes whose claims are gone, where their reclaim policy says so. */
export async function reclaimVolumes(api: ApiClient, volumes: readonly V1PersistentVolume[]): Promise<void> {
  for (const { metadata, spec, status } of volumes) {
    const isOurs = DRIVERS.includes(metadata?.annotations?.[PROVISIONED_BY] ?? "");
    const isLeft = status?.phase === "Released" && spec?.persistentVolumeReclaimPolicy === "Delete";
    if (isOurs && isLeft && metadata?.deletionTimestamp === undefined) {
      await api.remove(`/api/v1/persistentvolumes/${metadata?.name ?? ""}`);
    }
  }
}
