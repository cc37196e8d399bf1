import { expect, it } from "vitest";
import { roles } from "../../../components/aks-cluster/roles";
import { roles as setUp } from "../../../preview/setup/identities";
import { BUILT_IN_ROLES } from "../../../sandbox/arm/resource-manager/role-definitions";

it("roles have the ids by which Azure knows them", () => {
  expect(Object.fromEntries(Object.entries(roles).map(([name, id]) => [name, BUILT_IN_ROLES[id]]))).toEqual({
    clusterAdmin: "Azure Kubernetes Service RBAC Cluster Admin",
    managedIdentityOperator: "Managed Identity Operator",
    networkContributor: "Network Contributor",
    privateDnsZoneContributor: "Private DNS Zone Contributor",
    keyVaultCryptoUser: "Key Vault Crypto User",
    keyVaultSecretsOfficer: "Key Vault Secrets Officer",
    keyVaultSecretsUser: "Key Vault Secrets User",
    keyVaultContributor: "Key Vault Contributor",
  });
  for (const [name, id] of Object.entries(setUp)) expect(BUILT_IN_ROLES[id]).toBe(name);
});
