/**
 * What azure-native 2.90.0 made of Azure's answers (API 2023-04-01), from the recordings of its own upgrade tests. Subscription and
 * group are shortened; the shapes are as recorded.
 */
import { type JsonObject } from "../../../../sandbox/providers/azure-native/json";

export const recordedVersion = "2.90.0";

const group = "/subscriptions/s/resourceGroups/rg6ce5913a";
const managedGroup = "/subscriptions/s/resourcegroups/MC_rg6ce5913a_cluster76f59499_westus2";
const cluster =
  "/subscriptions/s/resourcegroups/rg6ce5913a/providers/Microsoft.ContainerService/managedClusters/cluster76f59499";

/** One resource: what the program gave, what Check made of it, what ARM answered and what went to the state. */
export interface Recording {
  readonly type: string;
  readonly name: string;
  readonly news: JsonObject;
  readonly checked: JsonObject;
  /** Where the request went. */
  readonly path: string;
  readonly requestBody: JsonObject;
  readonly responseBody: JsonObject;
  readonly id: string;
  /** The outputs, without `__inputs` and `azureApiVersion`. */
  readonly outputs: JsonObject;
}

const poolDefaults = {
  currentOrchestratorVersion: "1.30.10",
  enableAutoScaling: false,
  enableFIPS: false,
  enableNodePublicIP: false,
  kubeletDiskType: "OS",
  maxPods: 250,
  nodeImageVersion: "AKSUbuntu-2204gen2containerd-202503.21.0",
  orchestratorVersion: "1.30",
  osDiskSizeGB: 128,
  osDiskType: "Managed",
  osSKU: "Ubuntu",
  osType: "Linux",
  powerState: { code: "Running" },
  provisioningState: "Succeeded",
  scaleDownMode: "Delete",
  vmSize: "standard_d2s_v3",
};

const clusterProperties = {
  agentPoolProfiles: [
    {
      ...poolDefaults,
      count: 2,
      mode: "System",
      name: "systempool",
      type: "VirtualMachineScaleSets",
      upgradeSettings: { maxSurge: "10%" },
    },
  ],
  autoUpgradeProfile: {},
  azurePortalFQDN: "pulumi-c5u48u53.portal.hcp.westus2.azmk8s.io",
  currentKubernetesVersion: "1.30.10",
  dnsPrefix: "pulumi",
  enableRBAC: true,
  fqdn: "pulumi-c5u48u53.hcp.westus2.azmk8s.io",
  identityProfile: {
    kubeletidentity: {
      clientId: "7cd64794-0000-4000-8000-000000000000",
      objectId: "603be70c-0000-4000-8000-000000000000",
      resourceId: `${managedGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cluster76f59499-agentpool`,
    },
  },
  kubernetesVersion: "1.30",
  maxAgentPools: 100,
  networkProfile: {
    dnsServiceIP: "10.0.0.10",
    ipFamilies: ["IPv4"],
    loadBalancerProfile: {
      effectiveOutboundIPs: [{ id: `${managedGroup}/providers/Microsoft.Network/publicIPAddresses/91ed6f99` }],
      managedOutboundIPs: { count: 1 },
    },
    loadBalancerSku: "standard",
    networkDataplane: "azure",
    networkPlugin: "azure",
    networkPluginMode: "overlay",
    outboundType: "loadBalancer",
    podCidr: "10.244.0.0/16",
    podCidrs: ["10.244.0.0/16"],
    serviceCidr: "10.0.0.0/16",
    serviceCidrs: ["10.0.0.0/16"],
  },
  nodeResourceGroup: "MC_rg6ce5913a_cluster76f59499_westus2",
  oidcIssuerProfile: { enabled: false },
  powerState: { code: "Running" },
  provisioningState: "Succeeded",
  securityProfile: {},
  servicePrincipalProfile: { clientId: "msi" },
  storageProfile: {
    diskCSIDriver: { enabled: true },
    fileCSIDriver: { enabled: true },
    snapshotController: { enabled: true },
  },
  supportPlan: "KubernetesOfficial",
  workloadAutoScalerProfile: {},
};

const clusterEnvelope = {
  id: cluster,
  identity: {
    principalId: "1c505fbd-0000-4000-8000-000000000000",
    tenantId: "706143bc-0000-4000-8000-000000000000",
    type: "SystemAssigned",
  },
  location: "westus2",
  name: "cluster76f59499",
  sku: { name: "Base", tier: "Free" },
  type: "Microsoft.ContainerService/ManagedClusters",
};

const clusterInputs = {
  agentPoolProfiles: [
    {
      count: 2,
      mode: "System",
      name: "systempool",
      osDiskSizeGB: 128,
      osType: "Linux",
      type: "VirtualMachineScaleSets",
      vmSize: "standard_d2s_v3",
    },
  ],
  dnsPrefix: "pulumi",
  identity: { type: "SystemAssigned" },
  location: "westus2",
  resourceGroupName: "rg6ce5913a",
};

const poolInputs = {
  agentPoolName: "userpool",
  count: 0,
  mode: "User",
  nodeLabels: { foo: "bar" },
  osDiskSizeGB: 128,
  osType: "Linux",
  resourceGroupName: "rg6ce5913a",
  resourceName: "cluster76f59499",
  type: "VirtualMachineScaleSets",
  vmSize: "standard_d2s_v3",
};

const poolProperties = { ...poolDefaults, count: 0, mode: "User", nodeLabels: { foo: "bar" }, upgradeSettings: {} };

const poolEnvelope = {
  id: `${cluster}/agentPools/userpool`,
  name: "userpool",
  type: "Microsoft.ContainerService/managedClusters/agentPools",
};

export const recordings: readonly Recording[] = [
  {
    type: "azure-native:resources:ResourceGroup",
    name: "rg",
    news: {},
    checked: { __createBeforeDelete: true, location: "westus2", resourceGroupName: "rg6ce5913a" },
    path: group,
    requestBody: { location: "westus2" },
    responseBody: {
      id: group,
      location: "westus2",
      name: "rg6ce5913a",
      properties: { provisioningState: "Succeeded" },
      type: "Microsoft.Resources/resourceGroups",
    },
    id: group,
    outputs: {
      id: group,
      location: "westus2",
      name: "rg6ce5913a",
      properties: { provisioningState: "Succeeded" },
      type: "Microsoft.Resources/resourceGroups",
    },
  },
  {
    type: "azure-native:containerservice:ManagedCluster",
    name: "cluster",
    news: clusterInputs,
    checked: { ...clusterInputs, __createBeforeDelete: true, resourceName: "cluster76f59499" },
    path: `${group}/providers/Microsoft.ContainerService/managedClusters/cluster76f59499`,
    requestBody: {
      identity: { type: "SystemAssigned" },
      location: "westus2",
      properties: { agentPoolProfiles: clusterInputs.agentPoolProfiles, dnsPrefix: "pulumi" },
    },
    responseBody: { ...clusterEnvelope, properties: clusterProperties },
    id: cluster,
    outputs: { ...clusterEnvelope, ...clusterProperties },
  },
  {
    type: "azure-native:containerservice:AgentPool",
    name: "userpool",
    news: poolInputs,
    checked: poolInputs,
    path: `${group}/providers/Microsoft.ContainerService/managedClusters/cluster76f59499/agentPools/userpool`,
    requestBody: {
      properties: {
        count: 0,
        mode: "User",
        nodeLabels: { foo: "bar" },
        osDiskSizeGB: 128,
        osType: "Linux",
        type: "VirtualMachineScaleSets",
        vmSize: "standard_d2s_v3",
      },
    },
    responseBody: { ...poolEnvelope, properties: { ...poolProperties, type: "VirtualMachineScaleSets" } },
    id: `${cluster}/agentPools/userpool`,
    outputs: { ...poolProperties, ...poolEnvelope },
  },
];
