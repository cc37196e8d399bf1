import { inResourceGroup, neverLongRunning, type ResourceTypes } from "../resource-type";

const userAssignedIdentities = inResourceGroup("Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}");

/** Microsoft.ManagedIdentity, Microsoft.Authorization and budgets. */
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
  "azure-native:authorization:RoleDefinition": {
    path: "/{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
    autoname: { input: "roleDefinitionId", strategy: "uuid" },
    envelope: [],
    replaceOnChanges: [],
    renames: { roleType: "type" },
    longRunning: neverLongRunning,
  },
  "azure-native:authorization:PolicyDefinition": {
    path: "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/policyDefinitions/{policyDefinitionName}",
    autoname: { input: "policyDefinitionName", strategy: "random" },
    envelope: [],
    replaceOnChanges: [],
    longRunning: neverLongRunning,
  },
  "azure-native:authorization:PolicyAssignment": {
    path: "/{scope}/providers/Microsoft.Authorization/policyAssignments/{policyAssignmentName}",
    autoname: { input: "policyAssignmentName", strategy: "random" },
    envelope: ["identity", "location"],
    replaceOnChanges: [],
    longRunning: neverLongRunning,
  },
  "azure-native:consumption:Budget": {
    path: "/{scope}/providers/Microsoft.Consumption/budgets/{budgetName}",
    autoname: { input: "budgetName", strategy: "random" },
    envelope: ["eTag"],
    replaceOnChanges: [],
    longRunning: neverLongRunning,
  },
};
