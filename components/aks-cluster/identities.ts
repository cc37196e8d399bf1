import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity";
import { type input as inputs } from "@pulumi/azure-native/types";
import { type Input, type Resource } from "@pulumi/pulumi";

import { transformed } from "../transform";
import { type Site } from "./site";
import { IdentityKind } from "./enums";
import { roleAssignmentArgs, roles } from "./roles";

/** The control plane's user-assigned identity. */
export interface ControlPlaneIdentity {
  readonly id: Input<string>;
  readonly principalId: Input<string> | undefined;
}

/** The control plane's identity: given, made here, or undefined where Azure makes one with the cluster. */
export function clusterIdentity(site: Site): ControlPlaneIdentity | undefined {
  const { kind, resourceId, principalId } = site.settings.identity;
  if (kind === IdentityKind.SystemAssigned) {
    return undefined;
  }
  if (resourceId !== undefined) {
    return { id: resourceId, principalId };
  }
  return userAssignedIdentity(site, "identity");
}

/** The nodes' identity, as the cluster takes it, and the role that lets the control plane hand it to nodes. */
export function kubeletIdentity(
  site: Site,
  controlPlane: ControlPlaneIdentity | undefined,
): { profile: inputs.containerservice.UserAssignedIdentityArgs; roleAssignments: Resource[] } | undefined {
  const given = site.settings.kubeletIdentity;
  if (!given) {
    return undefined;
  }
  if (given.resourceId !== undefined) {
    const { resourceId, clientId, objectId } = given;
    return { profile: { resourceId, clientId, objectId }, roleAssignments: [] };
  }
  const made = userAssignedIdentity(site, "kubelet");
  const roleAssignments =
    controlPlane?.principalId === undefined
      ? []
      : [
          new RoleAssignment(
            `${site.name}-kubelet-operator`,
            roleAssignmentArgs(site, {
              role: roles.managedIdentityOperator,
              scope: made.id,
              principalId: controlPlane.principalId,
              principalType: "ServicePrincipal",
            }),
            { parent: site.component },
          ),
        ];
  return {
    profile: { resourceId: made.id, clientId: made.clientId, objectId: made.principalId },
    roleAssignments,
  };
}

function userAssignedIdentity(site: Site, purpose: "identity" | "kubelet"): UserAssignedIdentity {
  const { settings } = site;
  const args = {
    resourceName: `${settings.name}-${purpose}`,
    resourceGroupName: settings.resourceGroupName,
    location: settings.location,
    tags: settings.tags,
  };
  const transform = purpose === "identity" ? settings.transform?.identity : settings.transform?.kubeletIdentity;
  return new UserAssignedIdentity(`${site.name}-${purpose}`, transformed(transform, args), { parent: site.component });
}
