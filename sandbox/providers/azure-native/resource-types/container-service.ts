import { alwaysLongRunning, inResourceGroup, type ResourceTypes } from "../resource-type";

const managedClusters = inResourceGroup("Microsoft.ContainerService/managedClusters/{resourceName}");

/** Microsoft.ContainerService. What replaces a cluster is docs/aks-baseline.md's list; inline agent pools are not in it. */
export const containerService: ResourceTypes = {
  "azure-native:containerservice:ManagedCluster": {
    path: managedClusters,
    autoname: { input: "resourceName", strategy: "random" },
    envelope: ["extendedLocation", "identity", "kind", "location", "sku", "tags"],
    locationRequired: true,
    replaceOnChanges: [
      "location",
      "dnsPrefix",
      "fqdnSubdomain",
      "nodeResourceGroup",
      "diskEncryptionSetID",
      "linuxProfile",
      "windowsProfile",
      "networkProfile.serviceCidr",
      "networkProfile.serviceCidrs",
      "networkProfile.dnsServiceIP",
      "networkProfile.networkMode",
      "networkProfile.networkPlugin",
      "networkProfile.networkPluginMode",
      "networkProfile.podCidr",
      "networkProfile.networkDataplane",
      "networkProfile.networkPolicy",
      "networkProfile.outboundType",
    ],
    longRunning: alwaysLongRunning,
  },
  "azure-native:containerservice:AgentPool": {
    path: `${managedClusters}/agentPools/{agentPoolName}`,
    autoname: { input: "agentPoolName", strategy: "copy" },
    envelope: [],
    replaceOnChanges: ["vmSize", "gpuInstanceProfile", "networkProfile.nodePublicIPTags"],
    longRunning: alwaysLongRunning,
  },
  "azure-native:containerservice:MaintenanceConfiguration": {
    path: `${managedClusters}/maintenanceConfigurations/{configName}`,
    autoname: { input: "configName", strategy: "copy" },
    envelope: [],
    replaceOnChanges: [],
    longRunning: { put: false, delete: false },
  },
};
