/**
 * Writes api-versions.json from the declarations of the installed @pulumi/azure-native, which say of each resource type which API
 * versions Azure has, and from the few that these leave out. Run it after the SDK's version or a table changed:
 * `npx tsx sandbox/arm/resource-manager/generate-api-versions.ts`. A test fails when api-versions.json is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const sdk = dirname(require.resolve("@pulumi/azure-native/package.json"));

/** Where the SDK declares a resource type of Azure. */
const declarations: Readonly<Record<string, string>> = {
  "Microsoft.AlertsManagement/prometheusRuleGroups": "alertsmanagement/prometheusRuleGroup",
  "Microsoft.Authorization/locks": "authorization/managementLockByScope",
  "Microsoft.Authorization/policyAssignments": "authorization/policyAssignment",
  "Microsoft.Authorization/policyDefinitions": "authorization/policyDefinition",
  "Microsoft.Authorization/roleAssignments": "authorization/roleAssignment",
  "Microsoft.Authorization/roleDefinitions": "authorization/roleDefinition",
  "Microsoft.Compute/diskEncryptionSets": "compute/diskEncryptionSet",
  "Microsoft.Compute/disks": "compute/disk",
  "Microsoft.Consumption/budgets": "consumption/budget",
  "Microsoft.ContainerRegistry/registries": "containerregistry/registry",
  "Microsoft.ContainerService/managedClusters": "containerservice/managedCluster",
  "Microsoft.ContainerService/managedClusters/agentPools": "containerservice/agentPool",
  "Microsoft.ContainerService/managedClusters/maintenanceConfigurations": "containerservice/maintenanceConfiguration",
  "Microsoft.Dashboard/dashboards": "dashboard/dashboard",
  "Microsoft.Dashboard/dashboards/dashboardDefinitions": "dashboard/dashboardDefinition",
  "Microsoft.Dashboard/grafana": "dashboard/grafana",
  "Microsoft.Insights/components": "applicationinsights/component",
  "Microsoft.Insights/dataCollectionEndpoints": "monitor/dataCollectionEndpoint",
  "Microsoft.Insights/dataCollectionRuleAssociations": "monitor/dataCollectionRuleAssociation",
  "Microsoft.Insights/dataCollectionRules": "monitor/dataCollectionRule",
  "Microsoft.Insights/diagnosticSettings": "monitor/diagnosticSetting",
  "Microsoft.KeyVault/vaults": "keyvault/vault",
  "Microsoft.KeyVault/vaults/secrets": "keyvault/secret",
  "Microsoft.KubernetesConfiguration/extensions": "kubernetesconfiguration/extension",
  "Microsoft.KubernetesConfiguration/fluxConfigurations": "kubernetesconfiguration/fluxConfiguration",
  "Microsoft.ManagedIdentity/userAssignedIdentities": "managedidentity/userAssignedIdentity",
  "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials":
    "managedidentity/federatedIdentityCredential",
  "Microsoft.Monitor/accounts": "monitor/azureMonitorWorkspace",
  "Microsoft.Network/natGateways": "network/natGateway",
  "Microsoft.Network/networkSecurityGroups": "network/networkSecurityGroup",
  "Microsoft.Network/privateDnsZones": "privatedns/privateZone",
  "Microsoft.Network/publicIPAddresses": "network/publicIPAddress",
  "Microsoft.Network/routeTables": "network/routeTable",
  "Microsoft.Network/virtualNetworks": "network/virtualNetwork",
  "Microsoft.Network/virtualNetworks/subnets": "network/subnet",
  "Microsoft.OperationalInsights/workspaces": "operationalinsights/workspace",
  "Microsoft.Resources/deployments": "resources/deployment",
  "Microsoft.Storage/storageAccounts": "storage/storageAccount",
};

/** Versions that Azure has although the declarations leave them out, and who says so. */
const leftOut: Readonly<Record<string, readonly string[]>> = {
  // Azure's own list, in a refusal quoted in https://github.com/Azure/azure-sdk-for-java/pull/28334.
  "Microsoft.Authorization/roleAssignments": ["2021-04-01-preview", "2022-01-01-preview"],
  // What azure-mgmt-monitor, Microsoft's SDK for Python that azure-cli 2.91 brings, and Terraform's azurerm send.
  "Microsoft.Insights/dataCollectionEndpoints": ["2023-03-11"],
  "Microsoft.Insights/dataCollectionRuleAssociations": ["2023-03-11"],
  "Microsoft.Insights/dataCollectionRules": ["2023-03-11"],
  // Public Bicep templates are written in it.
  "Microsoft.KeyVault/vaults": ["2023-08-01-preview"],
  // The first that changes the ranges of a peered network (https://github.com/Azure/azure-service-operator/issues/4224),
  // and, like the other two, that of public Bicep templates.
  ...Object.fromEntries(
    [
      "natGateways",
      "networkSecurityGroups",
      "publicIPAddresses",
      "routeTables",
      "virtualNetworks",
      "virtualNetworks/subnets",
    ].map((type) => [`Microsoft.Network/${type}`, ["2021-01-01", "2021-04-01", "2021-12-01"]]),
  ),
};

/** Each type's API versions, the newest first. */
export function generateApiVersions(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(declarations).map(([type, file]) => {
      const text = readFileSync(join(sdk, `${file}.d.ts`), "utf8");
      const used = /Uses Azure REST API version ([\w-]+)/.exec(text)?.[1];
      if (used === undefined) throw new Error(`${file}.d.ts names no API version.`);
      const others = /Other available API versions: ([\w, -]+)\./.exec(text)?.[1]?.split(", ") ?? [];
      return [type, [...new Set([used, ...others, ...(leftOut[type] ?? [])])].sort().reverse()];
    }),
  );
}

/** The text of api-versions.json: one type a line, so that a change of the SDK's version can be read. */
export function formatApiVersions(versions: Readonly<Record<string, readonly string[]>>): string {
  const lines = Object.entries(versions).map(([type, list]) => `  ${JSON.stringify(type)}: ${JSON.stringify(list)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

if (require.main === module) {
  writeFileSync(join(__dirname, "api-versions.json"), formatApiVersions(generateApiVersions()));
}
