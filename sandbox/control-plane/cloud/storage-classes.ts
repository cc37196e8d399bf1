import type { ApiClient } from "../api-client";

/** Azure Disk's and Azure Files' drivers, whose volumes the sandbox provisions. */
export const DISK_DRIVER = "disk.csi.azure.com";
export const FILE_DRIVER = "file.csi.azure.com";

interface ClassShape {
  readonly provisioner: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly isDefault?: boolean;
}

const disk = (skuname: string): ClassShape => ({ provisioner: DISK_DRIVER, parameters: { skuname } });
const file = (skuName: string): ClassShape => ({ provisioner: FILE_DRIVER, parameters: { skuName } });

/** The storage classes that every AKS cluster has. */
const storageClasses: Readonly<Record<string, ClassShape>> = {
  default: { ...disk("StandardSSD_LRS"), isDefault: true },
  managed: disk("StandardSSD_LRS"),
  "managed-csi": disk("StandardSSD_LRS"),
  "managed-premium": disk("Premium_LRS"),
  "managed-csi-premium": disk("Premium_LRS"),
  azurefile: file("Standard_LRS"),
  "azurefile-csi": file("Standard_LRS"),
  "azurefile-premium": file("Premium_LRS"),
  "azurefile-csi-premium": file("Premium_LRS"),
};

/** Makes the storage classes that are missing. Those that are there stay as they are: but for labels they cannot be changed. */
export async function ensureStorageClasses(api: ApiClient): Promise<void> {
  const path = "/apis/storage.k8s.io/v1/storageclasses";
  const present = new Set((await api.list(path)).map(({ metadata }) => metadata.name));
  const missing = Object.entries(storageClasses).filter(([name]) => !present.has(name));
  await Promise.all(
    missing.map(([name, { provisioner, parameters, isDefault }]) =>
      api.create(path, {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: {
          name,
          labels: { "kubernetes.io/cluster-service": "true", "addonmanager.kubernetes.io/mode": "EnsureExists" },
          annotations: isDefault ? { "storageclass.kubernetes.io/is-default-class": "true" } : {},
        },
        provisioner,
        parameters,
        reclaimPolicy: "Delete",
        allowVolumeExpansion: true,
        // A disk is made in the zone of the first pod that uses it; a file share can be mounted from everywhere.
        volumeBindingMode: provisioner === DISK_DRIVER ? "WaitForFirstConsumer" : "Immediate",
      }),
    ),
  );
}
