import { getClientConfigOutput, RoleAssignment } from "@pulumi/azure-native/authorization";
import {
  AgentPool,
  listManagedClusterUserCredentialsOutput,
  MaintenanceConfiguration,
  ManagedCluster,
} from "@pulumi/azure-native/containerservice";
import { DataCollectionRule, DataCollectionRuleAssociation, DiagnosticSetting } from "@pulumi/azure-native/monitor";
import { Workspace } from "@pulumi/azure-native/operationalinsights";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import { Config, getProject, getStack, type Output, type Resource, secret } from "@pulumi/pulumi";

const logs = [
  "kube-audit-admin",
  "guard",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "cluster-autoscaler",
  "cloud-controller-manager",
];
const streams = ["Microsoft-ContainerInsights-Group-Default"];

/** The cluster with all that belongs to it in Azure, and what has to be there before anything is deployed to it. */
export function cluster(name: string): { kubeconfig: Output<string>; ready: Resource[] } {
  const location = new Config().require("location");
  const tags = { project: getProject(), stack: getStack(), owner: "unassigned" };
  const group = new ResourceGroup(name, { resourceGroupName: name, location, tags });
  const common = { resourceGroupName: group.name, location, tags };
  const workspace = new Workspace(`${name}-logs`, {
    ...common,
    workspaceName: `${name}-logs`,
    sku: { name: "PerGB2018" },
    retentionInDays: 30,
  });
  const pool = {
    type: "VirtualMachineScaleSets",
    vmSize: "Standard_D2ds_v5",
    count: 1,
    enableAutoScaling: true,
    minCount: 1,
    availabilityZones: ["1"],
    osType: "Linux",
    osSKU: "AzureLinux",
    osDiskType: "Ephemeral",
    maxPods: 110,
    enableEncryptionAtHost: true,
    enableNodePublicIP: false,
    enableFIPS: false,
    upgradeSettings: { maxSurge: "33%" },
  };
  const system = { ...pool, mode: "System", maxCount: 2, nodeTaints: ["CriticalAddonsOnly=true:NoSchedule"] };
  const made = new ManagedCluster(
    name,
    {
      ...common,
      resourceName: name,
      dnsPrefix: name,
      kubernetesVersion: "1.36",
      sku: { name: "Base", tier: "Free" },
      supportPlan: "KubernetesOfficial",
      identity: { type: "SystemAssigned" },
      enableRBAC: true,
      disableLocalAccounts: true,
      aadProfile: { managed: true, enableAzureRBAC: true, adminGroupObjectIDs: [] },
      agentPoolProfiles: [{ ...system, name: "bootstrap" }],
      addonProfiles: {
        openServiceMesh: { enabled: true, config: {} },
        azurepolicy: { enabled: true },
        azureKeyvaultSecretsProvider: {
          enabled: true,
          config: { enableSecretRotation: "true", rotationPollInterval: "2m" },
        },
        omsagent: {
          enabled: true,
          config: { logAnalyticsWorkspaceResourceID: workspace.id, useAADAuth: "true" },
        },
        httpApplicationRouting: { enabled: false },
      },
      apiServerAccessProfile: { authorizedIPRanges: [], enablePrivateCluster: false, disableRunCommand: true },
      autoUpgradeProfile: { upgradeChannel: "patch", nodeOSUpgradeChannel: "NodeImage" },
      metricsProfile: { costAnalysis: { enabled: false } },
      azureMonitorProfile: { metrics: { enabled: false } },
      networkProfile: {
        networkPlugin: "azure",
        networkPluginMode: "overlay",
        networkPolicy: "calico",
        networkDataplane: "azure",
        podCidr: "10.244.0.0/16",
        serviceCidr: "10.0.0.0/16",
        dnsServiceIP: "10.0.0.10",
        outboundType: "loadBalancer",
        loadBalancerSku: "standard",
      },
      nodeProvisioningProfile: { mode: "Manual", defaultNodePools: "Auto" },
      oidcIssuerProfile: { enabled: true },
      securityProfile: {
        workloadIdentity: { enabled: true },
        imageCleaner: { enabled: true, intervalHours: 120 },
        defender: { securityMonitoring: { enabled: false } },
      },
      serviceMeshProfile: { mode: "Disabled" },
      workloadAutoScalerProfile: { keda: { enabled: true }, verticalPodAutoscaler: { enabled: false } },
    },
    { ignoreChanges: ["agentPoolProfiles"] },
  );
  const ofCluster = { resourceGroupName: group.name, resourceName: made.name };
  const inPool = { ...ofCluster, tags, orchestratorVersion: "1.36" };
  const systemPool = new AgentPool(`${name}-system`, { ...inPool, ...system, agentPoolName: "system" });
  const userPool = new AgentPool(
    `${name}-user`,
    { ...inPool, ...pool, mode: "User", maxCount: 3, agentPoolName: "user" },
    { dependsOn: systemPool },
  );

  const window = (configName: string, dayOfWeek: string) =>
    new MaintenanceConfiguration(`${name}-${configName}`, {
      ...ofCluster,
      configName,
      maintenanceWindow: {
        schedule: { weekly: { intervalWeeks: 1, dayOfWeek } },
        durationHours: 8,
        startTime: "01:00",
        utcOffset: "+00:00",
      },
    });
  window("aksManagedAutoUpgradeSchedule", "Sunday");
  window("aksManagedNodeOSUpgradeSchedule", "Saturday");

  new DiagnosticSetting(`${name}-control-plane`, {
    name: `${name}-control-plane`,
    resourceUri: made.id,
    workspaceId: workspace.id,
    logAnalyticsDestinationType: "Dedicated",
    logs: logs.map((category) => ({ category, enabled: true })),
    metrics: [{ category: "AllMetrics", enabled: true }],
  });
  const rule = new DataCollectionRule(`${name}-container-insights`, {
    ...common,
    dataCollectionRuleName: `${name}-container-insights`,
    kind: "Linux",
    dataSources: {
      extensions: [
        {
          name: "ContainerInsightsExtension",
          extensionName: "ContainerInsights",
          streams,
          extensionSettings: {
            dataCollectionSettings: { interval: "1m", namespaceFilteringMode: "Off", enableContainerLogV2: true },
          },
        },
      ],
    },
    destinations: { logAnalytics: [{ name: "workspace", workspaceResourceId: workspace.id }] },
    dataFlows: [{ streams, destinations: ["workspace"] }],
  });
  new DataCollectionRuleAssociation(`${name}-container-insights`, {
    associationName: "ContainerInsightsExtension",
    resourceUri: made.id,
    dataCollectionRuleId: rule.id,
  });
  const administrator = new RoleAssignment(`${name}-admin`, {
    scope: made.id,
    principalId: getClientConfigOutput().objectId,
    principalType: "ServicePrincipal",
    roleDefinitionId: made.id.apply(
      (id) =>
        `${/^\/subscriptions\/[^/]+/.exec(id)?.[0] ?? ""}/providers/Microsoft.Authorization/roleDefinitions/b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b`,
    ),
    roleAssignmentName: "0e1b6b0c-9d55-4c6e-9a53-7d1a4b1f6a02",
  });

  const credentials = listManagedClusterUserCredentialsOutput({ ...ofCluster, format: "exec" });
  const kubeconfig = credentials.kubeconfigs.apply(([first]) =>
    Buffer.from(first?.value ?? "", "base64")
      .toString("utf8")
      .replace(/^( *)- devicecode$/m, "$1- spn\n$1- --use-azurerm-env-vars"),
  );
  return { kubeconfig: secret(kubeconfig), ready: [userPool, administrator] };
}
