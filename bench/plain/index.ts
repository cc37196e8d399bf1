// The AKS program that people usually begin with: everything in one file, root imports, type-checked on every run.
import * as azure from "@pulumi/azure-native";
import * as pulumi from "@pulumi/pulumi";

const location = new pulumi.Config().require("location");
const group = new azure.resources.ResourceGroup("plain", { location, resourceGroupName: "plain" });

const identity = new azure.managedidentity.UserAssignedIdentity("identity", {
  location,
  resourceGroupName: group.name,
  resourceName: "plain",
});

const cluster = new azure.containerservice.ManagedCluster("cluster", {
  location,
  resourceGroupName: group.name,
  resourceName: "plain",
  dnsPrefix: "plain",
  enableRBAC: true,
  identity: { type: azure.containerservice.ResourceIdentityType.UserAssigned, userAssignedIdentities: [identity.id] },
  agentPoolProfiles: [{ name: "agentpool", mode: "System", count: 2, vmSize: "Standard_D2s_v5", osType: "Linux" }],
});

new azure.authorization.RoleAssignment("network", {
  scope: group.id,
  principalId: identity.principalId,
  principalType: "ServicePrincipal",
  roleDefinitionId: "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7",
  roleAssignmentName: "5f0f3f0e-3a55-4f0e-8c1d-0d6f3c7e9a01",
});

const credentials = azure.containerservice.listManagedClusterUserCredentialsOutput({
  resourceGroupName: group.name,
  resourceName: cluster.name,
});

export const kubeconfig = pulumi.secret(credentials.kubeconfigs.apply((configs) => configs?.[0]?.value));
