import { alwaysLongRunning, inResourceGroup, neverLongRunning, type ResourceTypes } from "../resource-type";

const vault = inResourceGroup("Microsoft.KeyVault/vaults/{vaultName}");
const storageAccount = inResourceGroup("Microsoft.Storage/storageAccounts/{accountName}");

/** Microsoft.KeyVault, Microsoft.Storage, Microsoft.ContainerRegistry and Microsoft.Compute. */
export const storageAndKeys: ResourceTypes = {
  "azure-native:keyvault:Vault": {
    path: vault,
    autoname: { input: "vaultName", strategy: "random" },
    envelope: ["location", "properties", "tags"],
    locationRequired: true,
    replaceOnChanges: ["location"],
    subresources: ["properties.accessPolicies"],
    longRunning: { put: true, delete: false },
  },
  "azure-native:keyvault:Key": {
    path: `${vault}/keys/{keyName}`,
    autoname: { input: "keyName", strategy: "copy" },
    envelope: ["properties", "tags"],
    // A key is made once: what it is like cannot be changed.
    replaceOnChanges: ["properties.kty", "properties.keySize", "properties.curveName"],
    longRunning: neverLongRunning,
  },
  "azure-native:storage:StorageAccount": {
    path: storageAccount,
    autoname: { input: "accountName", strategy: "random" },
    envelope: ["extendedLocation", "identity", "kind", "location", "sku", "tags"],
    locationRequired: true,
    replaceOnChanges: ["location", "isHnsEnabled"],
    longRunning: { put: true, delete: false },
  },
  "azure-native:storage:BlobServiceProperties": {
    path: `${storageAccount}/blobServices/{blobServicesName}`,
    autoname: { input: "blobServicesName", strategy: "copy" },
    envelope: [],
    replaceOnChanges: [],
    alwaysThere: true,
    longRunning: neverLongRunning,
  },
  "azure-native:storage:BlobContainer": {
    path: `${storageAccount}/blobServices/default/containers/{containerName}`,
    autoname: { input: "containerName", strategy: "copy" },
    envelope: [],
    replaceOnChanges: [],
    longRunning: neverLongRunning,
  },
  "azure-native:containerregistry:Registry": {
    path: inResourceGroup("Microsoft.ContainerRegistry/registries/{registryName}"),
    autoname: { input: "registryName", strategy: "random" },
    envelope: ["identity", "location", "sku", "tags"],
    locationRequired: true,
    replaceOnChanges: ["location"],
    longRunning: alwaysLongRunning,
  },
  "azure-native:compute:DiskEncryptionSet": {
    path: inResourceGroup("Microsoft.Compute/diskEncryptionSets/{diskEncryptionSetName}"),
    autoname: { input: "diskEncryptionSetName", strategy: "random" },
    envelope: ["identity", "location", "tags"],
    locationRequired: true,
    replaceOnChanges: ["location"],
    longRunning: alwaysLongRunning,
  },
};
