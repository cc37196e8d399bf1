import { inResourceGroup, neverLongRunning, type ResourceTypes } from "../resource-type";

const userAssignedIdentities = inResourceGroup("Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}");

/** Microsoft.ManagedIdentity and Microsoft.Authorization. */
export const identity: ResourceTypes = {
  "azure-native:managedidentity:UserAssignedIdentity": {
    path: userAssignedIdentities,
    autoname: { input: "resourceName", strategy: "random" },
    envelope: ["location", "tags"],
    locationRequired: true,
    replaceOnChanges: ["location"],
    longRunning: neverLongRunning,
  },
  "azure-native:managedidentity:FederatedIdentityCredential": {
    path: `${userAssignedIdentities}/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}`,
    autoname: { input: "federatedIdentityCredentialResourceName", strategy: "copy" },
    envelope: [],
    replaceOnChanges: [],
    longRunning: neverLongRunning,
  },
  "azure-native:authorization:RoleAssignment": {
    path: "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    autoname: { input: "roleAssignmentName", strategy: "uuid" },
    envelope: [],
    // Azure changes nothing of an assignment but its description and condition.
    replaceOnChanges: ["delegatedManagedIdentityResourceId", "principalId", "principalType", "roleDefinitionId"],
    longRunning: neverLongRunning,
  },
};
