import { type Json } from "../../../../sandbox/arm/json";

/** A network whose subnets are made in a loop. */
export const networkTemplate: Json = {
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  parameters: {
    name: { type: "string", minLength: 2 },
    location: { type: "string", defaultValue: "[resourceGroup().location]" },
    subnets: { type: "array", defaultValue: ["nodes", "pods"] },
  },
  variables: { network: "[format('{0}-net', parameters('name'))]" },
  resources: [
    {
      type: "Microsoft.Network/virtualNetworks/subnets",
      apiVersion: "2023-04-01",
      name: "[concat(variables('network'), '/', parameters('subnets')[copyIndex()])]",
      copy: { name: "subnets", count: "[length(parameters('subnets'))]", mode: "Serial" },
      dependsOn: ["[resourceId('Microsoft.Network/virtualNetworks', variables('network'))]"],
      properties: { addressPrefix: "[concat('10.20.', copyIndex(), '.0/24')]" },
    },
    {
      type: "Microsoft.Network/virtualNetworks",
      apiVersion: "2023-04-01",
      name: "[variables('network')]",
      location: "[parameters('location')]",
      properties: { addressSpace: { addressPrefixes: ["10.20.0.0/16"] } },
    },
  ],
  outputs: {
    subnet: {
      type: "string",
      value: "[resourceId('Microsoft.Network/virtualNetworks/subnets', variables('network'), 'nodes')]",
    },
  },
};

/** It calls a function that there is not. */
export const brokenTemplate: Json = {
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  resources: [
    {
      type: "Microsoft.Network/publicIPAddresses",
      apiVersion: "2023-04-01",
      name: "[nowhere('x')]",
      location: "westeurope",
      properties: {},
    },
  ],
};

/** A group, made from the subscription. */
export const subscriptionTemplate: Json = {
  $schema: "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  resources: [
    {
      type: "Microsoft.Resources/resourceGroups",
      apiVersion: "2021-04-01",
      name: "from-template",
      location: "[deployment().location]",
    },
  ],
};

/** A cluster with a registry that its identity may pull from, as people write it. */
export const clusterTemplate: Json = {
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  parameters: {
    clusterName: { type: "string", defaultValue: "from-template" },
    agentCount: { type: "int", defaultValue: 1, minValue: 1, maxValue: 50 },
  },
  variables: {
    pull: "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')]",
  },
  resources: [
    {
      type: "Microsoft.ManagedIdentity/userAssignedIdentities",
      apiVersion: "2023-01-31",
      name: "puller",
      location: "[resourceGroup().location]",
    },
    {
      type: "Microsoft.ContainerRegistry/registries",
      apiVersion: "2023-07-01",
      name: "templateregistry",
      location: "[resourceGroup().location]",
      sku: { name: "Basic" },
    },
    {
      type: "Microsoft.Authorization/roleAssignments",
      apiVersion: "2022-04-01",
      scope: "[resourceId('Microsoft.ContainerRegistry/registries', 'templateregistry')]",
      name: "[guid(resourceGroup().id, 'pull')]",
      dependsOn: [
        "[resourceId('Microsoft.ContainerRegistry/registries', 'templateregistry')]",
        "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'puller')]",
      ],
      properties: {
        roleDefinitionId: "[variables('pull')]",
        principalId:
          "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'puller'), '2023-01-31').principalId]",
        principalType: "ServicePrincipal",
      },
    },
    {
      type: "Microsoft.ContainerService/managedClusters",
      apiVersion: "2024-02-01",
      name: "[parameters('clusterName')]",
      location: "[resourceGroup().location]",
      identity: { type: "SystemAssigned" },
      properties: {
        dnsPrefix: "[concat('d', uniqueString(resourceGroup().id))]",
        agentPoolProfiles: [
          {
            name: "agentpool",
            osDiskSizeGB: 0,
            count: "[parameters('agentCount')]",
            vmSize: "standard_d2s_v3",
            osType: "Linux",
            mode: "System",
          },
        ],
      },
    },
  ],
  outputs: { fqdn: { type: "string", value: "[reference(parameters('clusterName')).fqdn]" } },
};

/** A cluster that Azure refuses once it is asked for it. */
export const refusedTemplate: Json = {
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  resources: [
    {
      type: "Microsoft.ContainerService/managedClusters",
      apiVersion: "2024-02-01",
      name: "refused",
      location: "westeurope",
      identity: { type: "SystemAssigned" },
      properties: {
        dnsPrefix: "refused",
        agentPoolProfiles: [{ name: "agentpool", count: 1, vmSize: "Standard_None", osType: "Linux", mode: "System" }],
      },
    },
  ],
};
