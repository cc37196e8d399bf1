import { type Deployment, type Part } from "../../policy-pack/rules";

/** A value with another one at a path of keys; `undefined` takes out what is there. */
export function changed(part: Part, path: string, value: unknown): Part {
  const [key = "", ...rest] = path.split(".");
  const inner = part[key];
  const below = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
  return { ...part, [key]: rest.length === 0 ? value : changed(below, rest.join("."), value) };
}

/** A cluster for which every rule holds, as inputs of azure-native's ManagedCluster. */
export const secureCluster: Part = {
  resourceName: "shop",
  dnsPrefix: "shop",
  sku: { name: "Base", tier: "Standard" },
  kubernetesVersion: "1.35",
  diskEncryptionSetID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/d",
  identity: { type: "UserAssigned" },
  disableLocalAccounts: true,
  enableRBAC: true,
  aadProfile: { managed: true, enableAzureRBAC: true },
  apiServerAccessProfile: { enablePrivateCluster: true, disableRunCommand: true },
  networkProfile: { networkPlugin: "azure", networkPolicy: "cilium", loadBalancerSku: "standard" },
  addonProfiles: {
    azurepolicy: { enabled: true },
    azureKeyvaultSecretsProvider: { enabled: true, config: { enableSecretRotation: "true" } },
    httpApplicationRouting: { enabled: false },
    omsagent: { enabled: true },
  },
  autoUpgradeProfile: { upgradeChannel: "patch", nodeOSUpgradeChannel: "NodeImage" },
  securityProfile: {
    defender: { securityMonitoring: { enabled: true } },
    imageCleaner: { enabled: true },
    workloadIdentity: { enabled: true },
    azureKeyVaultKms: { enabled: true },
  },
  oidcIssuerProfile: { enabled: true },
};

/** A system pool for which every rule holds. */
export const securePool: Part = {
  agentPoolName: "system",
  mode: "System",
  type: "VirtualMachineScaleSets",
  osSKU: "AzureLinux",
  osDiskType: "Ephemeral",
  enableEncryptionAtHost: true,
  enableNodePublicIP: false,
  availabilityZones: ["1", "2", "3"],
  maxPods: 110,
  enableAutoScaling: true,
  minCount: 3,
  maxCount: 5,
  nodeTaints: ["CriticalAddonsOnly=true:NoSchedule"],
  securityProfile: { sshAccess: "Disabled" },
};

/** What is kept of its control plane. */
export const secureDiagnostics: Part = {
  logs: [
    "kube-audit-admin",
    "guard",
    "cluster-autoscaler",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
  ].map((category) => ({ category, enabled: true })),
  metrics: [{ category: "AllMetrics", enabled: true }],
};

/** A deployment for which every rule holds. */
export const secure: Deployment = {
  cluster: secureCluster,
  pools: [securePool, { ...securePool, agentPoolName: "work", mode: "User", nodeTaints: undefined }],
  diagnostics: [secureDiagnostics],
  windows: [{ configName: "aksManagedAutoUpgradeSchedule" }, { configName: "aksManagedNodeOSUpgradeSchedule" }],
  subnets: [{ subnetName: "nodes", addressPrefix: "10.1.0.0/23" }],
  foreignSubnets: [],
};
