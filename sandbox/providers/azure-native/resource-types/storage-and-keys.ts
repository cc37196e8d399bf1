import { alwaysLongRunning, inResourceGroup, type ResourceTypes } from "../resource-type";

/** Microsoft.KeyVault, Microsoft.ContainerRegistry and Microsoft.Compute. */
export const storageAndKeys: ResourceTypes = {
  "azure-native:keyvault:Vault": {
    path: inResourceGroup("Microsoft.KeyVault/vaults/{vaultName}"),
    autoname: { input: "vaultName", strategy: "random" },
    envelope: ["location", "properties", "tags"],
    locationRequired: true,
    replaceOnChanges: ["location"],
    subresources: ["properties.accessPolicies"],
    longRunning: { put: true, delete: false },
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
