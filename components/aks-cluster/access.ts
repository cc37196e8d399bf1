import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { type ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster";
import { type Input } from "@pulumi/pulumi";

import { type Site } from "./site";
import { type ControlPlaneIdentity } from "./identities";
import { KeyVaultNetworkAccess } from "./enums";
import { addons } from "./managed-cluster";
import { roleAssignmentArgs, roles } from "./roles";

/** Makes the given principals administrators of the cluster, by an Azure role on it. */
export function grantClusterAdmin(site: Site, cluster: ManagedCluster): void {
  for (const [index, { objectId, type }] of site.settings.access.clusterAdmins.entries()) {
    new RoleAssignment(
      // An object id known beforehand makes a better name than a place in a list, which changes when the list does.
      `${site.name}-admin-${typeof objectId === "string" ? objectId : index}`,
      roleAssignmentArgs(site, {
        role: roles.clusterAdmin,
        scope: cluster.id,
        principalId: objectId,
        principalType: type,
      }),
      { parent: site.component },
    );
  }
}

/** Lets the add-on that brings secrets into the cluster read the mesh's certificate authority. */
export function grantMeshCertificates(site: Site, cluster: ManagedCluster): void {
  const scope = site.settings.istio?.certificateAuthority?.keyVaultId;
  if (scope === undefined) return;
  const principalId = cluster.addonProfiles.apply(
    (profiles) => profiles?.[addons.keyVaultSecrets]?.identity?.objectId ?? "",
  );
  new RoleAssignment(
    `${site.name}-mesh-certificates`,
    roleAssignmentArgs(site, {
      role: roles.keyVaultSecretsUser,
      scope,
      principalId,
      principalType: "ServicePrincipal",
    }),
    { parent: site.component },
  );
}

/**
 * Gives the control plane's own identity what the settings ask of it, before the cluster exists: to join nodes to subnets
 * that are not AKS's, to write a private DNS zone that is not, and to use an encryption key.
 */
export function grantControlPlane(site: Site, identity: ControlPlaneIdentity | undefined): RoleAssignment[] {
  const principalId = identity?.principalId;
  if (principalId === undefined) {
    return [];
  }
  return controlPlaneGrants(site).map(
    ({ purpose, role, scope }) =>
      new RoleAssignment(
        `${site.name}-${purpose}`,
        roleAssignmentArgs(site, { role, scope, principalId, principalType: "ServicePrincipal" }),
        { parent: site.component },
      ),
  );
}

function controlPlaneGrants({ settings }: Site): { purpose: string; role: string; scope: Input<string> }[] {
  const subnets = new Set(
    [
      settings.network.nodeSubnetId,
      settings.apiServer.vnetIntegrationSubnetId,
      ...settings.nodePools.flatMap(({ subnetId, podSubnetId }) => [subnetId, podSubnetId]),
    ].filter((subnet) => subnet !== undefined),
  );
  const { privateDnsZone } = settings.apiServer;
  const { kms } = settings.security;
  const vault = kms?.keyVaultResourceId;
  return [
    ...[...subnets].map((scope, index) => ({ purpose: `subnet-${index}`, role: roles.networkContributor, scope })),
    ...(privateDnsZone === undefined || privateDnsZone === "system" || privateDnsZone === "none"
      ? []
      : [{ purpose: "private-dns-zone", role: roles.privateDnsZoneContributor, scope: privateDnsZone }]),
    ...(vault === undefined ? [] : [{ purpose: "kms-key", role: roles.keyVaultCryptoUser, scope: vault }]),
    ...(vault !== undefined && kms?.keyVaultNetworkAccess === KeyVaultNetworkAccess.Private
      ? [{ purpose: "kms-vault", role: roles.keyVaultContributor, scope: vault }]
      : []),
  ];
}
