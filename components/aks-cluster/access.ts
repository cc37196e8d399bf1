import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { type ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster";
import { output } from "@pulumi/pulumi";

import { type Site } from "./aks-cluster";
import { roleAssignmentArgs, roles } from "./roles";

/** Makes the given principals administrators of the cluster, by an Azure role on it. */
export function grantClusterAdmin(site: Site, cluster: ManagedCluster): RoleAssignment[] {
  return site.settings.access.clusterAdmins.map(
    ({ objectId, type }, index) =>
      new RoleAssignment(
        // An object id known beforehand makes a better name than a place in a list, which changes when the list does.
        `${site.name}-admin-${typeof objectId === "string" ? objectId : index}`,
        roleAssignmentArgs(site, {
          role: roles.clusterAdmin,
          scope: cluster.id,
          principalId: output(objectId),
          principalType: type,
        }),
        { parent: site.component },
      ),
  );
}
