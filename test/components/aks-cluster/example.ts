import { type AksClusterArgs } from "../../../components/aks-cluster";

/** A cluster with nothing but what has to be said. */
export const minimal: AksClusterArgs = {
  name: "shop",
  resourceGroupName: "shop-group",
  location: "westeurope",
  nodePools: [
    { name: "system", mode: "System", vmSize: "Standard_D4ds_v5" },
    { name: "work", mode: "User", vmSize: "Standard_D8ds_v5" },
  ],
};

const subscription = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/net/providers";

export const ids = {
  subnet: `${subscription}/Microsoft.Network/virtualNetworks/v/subnets/nodes`,
  otherSubnet: `${subscription}/Microsoft.Network/virtualNetworks/v/subnets/other`,
  identity: `${subscription}/Microsoft.ManagedIdentity/userAssignedIdentities/i`,
  zone: `${subscription}/Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io`,
  vault: `${subscription}/Microsoft.KeyVault/vaults/v`,
  workspace: `${subscription}/Microsoft.OperationalInsights/workspaces/w`,
  diskEncryptionSet: `${subscription}/Microsoft.Compute/diskEncryptionSets/d`,
  object: "00000000-0000-0000-0000-00000000000a",
  key: "https://v.vault.azure.net/keys/k/0123456789abcdef",
} as const;
