import type * as containerservice from "@pulumi/azure-native/containerservice";
import { type input as inputs } from "@pulumi/azure-native/types";
import { type Input } from "@pulumi/pulumi";

import { KeyVaultNetworkAccess, Mesh, NetworkPluginMode, NetworkPolicy, NodePoolMode } from "./enums";
import { oldestFirst } from "./istio-revisions";
import { type NodePoolSettings, type ClusterSettings } from "./settings";

/** What {@link managedClusterArgs} needs beside the settings: children that were made before the cluster. */
export interface ClusterSurroundings {
  /** Control plane identity, if user-assigned. */
  identityId?: Input<string>;
  /** Nodes' identity, if given. */
  kubeletIdentity?: inputs.containerservice.UserAssignedIdentityArgs;
  /** Log Analytics workspace, if anything writes to one. */
  workspaceId?: Input<string>;
}

/** Key of each add-on in a cluster's profile, spelt as Azure's own tools spell it. The map takes any key: a typo passes. */
export const addons = {
  azurePolicy: "azurepolicy",
  containerInsights: "omsagent",
  keyVaultSecrets: "azureKeyvaultSecretsProvider",
  httpApplicationRouting: "httpApplicationRouting",
  openServiceMesh: "openServiceMesh",
} as const;

/** The cluster as azure-native takes it, without node pools. */
export function managedClusterArgs(
  settings: ClusterSettings,
  surroundings: ClusterSurroundings,
): containerservice.ManagedClusterArgs {
  const { access, apiServer, scaling, upgrades } = settings;
  return {
    resourceName: settings.name,
    resourceGroupName: settings.resourceGroupName,
    location: settings.location,
    tags: settings.tags,
    sku: { name: "Base", tier: settings.tier },
    supportPlan: "KubernetesOfficial",
    kubernetesVersion: settings.kubernetesVersion,
    dnsPrefix: settings.dnsPrefix,
    nodeResourceGroup: settings.nodeResourceGroup,
    diskEncryptionSetID: settings.diskEncryptionSetId,
    identity: surroundings.identityId
      ? { type: "UserAssigned", userAssignedIdentities: [surroundings.identityId] }
      : { type: "SystemAssigned" },
    identityProfile: surroundings.kubeletIdentity && { kubeletidentity: surroundings.kubeletIdentity },
    disableLocalAccounts: !access.localAccounts,
    enableRBAC: true,
    aadProfile: {
      managed: true,
      enableAzureRBAC: access.azureRbac,
      tenantID: access.tenantId,
      adminGroupObjectIDs: access.adminGroupObjectIds,
    },
    apiServerAccessProfile: {
      authorizedIPRanges: apiServer.authorizedIpRanges,
      enablePrivateCluster: apiServer.privateCluster,
      privateDNSZone: apiServer.privateDnsZone,
      enablePrivateClusterPublicFQDN: apiServer.privateCluster ? apiServer.publicFqdn : undefined,
      enableVnetIntegration: apiServer.vnetIntegrationSubnetId === undefined ? undefined : true,
      subnetId: apiServer.vnetIntegrationSubnetId,
      disableRunCommand: !apiServer.runCommand,
    },
    networkProfile: networkProfile(settings),
    addonProfiles: addonProfiles(settings, surroundings),
    serviceMeshProfile: serviceMeshProfile(settings),
    securityProfile: securityProfile(settings, surroundings),
    oidcIssuerProfile: { enabled: settings.security.oidcIssuer },
    autoUpgradeProfile: { upgradeChannel: upgrades.channel, nodeOSUpgradeChannel: upgrades.nodeOsChannel },
    workloadAutoScalerProfile: {
      keda: { enabled: scaling.keda },
      verticalPodAutoscaler: { enabled: scaling.verticalPodAutoscaler },
    },
    nodeProvisioningProfile: { mode: scaling.nodeAutoprovisioning ? "Auto" : "Manual" },
    azureMonitorProfile: { metrics: { enabled: settings.monitoring.metrics } },
    metricsProfile: { costAnalysis: { enabled: settings.costAnalysis } },
  };
}

function networkProfile({ network }: ClusterSettings): inputs.containerservice.ContainerServiceNetworkProfileArgs {
  const overlay = network.mode === NetworkPluginMode.Overlay;
  return {
    networkPlugin: network.plugin,
    networkPluginMode: overlay ? "overlay" : undefined,
    networkPolicy: network.policy,
    networkDataplane: network.policy === NetworkPolicy.Cilium ? "cilium" : "azure",
    podCidr: network.podCidr ?? (overlay ? "10.244.0.0/16" : undefined),
    serviceCidr: network.serviceCidr,
    dnsServiceIP: network.dnsServiceIp,
    outboundType: network.outboundType,
    loadBalancerSku: "standard",
    staticEgressGatewayProfile:
      network.staticEgressGateway === undefined ? undefined : { enabled: network.staticEgressGateway },
    loadBalancerProfile:
      network.outboundIpCount === undefined ? undefined : { managedOutboundIPs: { count: network.outboundIpCount } },
  };
}

/** All add-ons, those that are off with `enabled: false`: leaving one out is drift to Azure, not an instruction. */
function addonProfiles(
  { security, monitoring, mesh }: ClusterSettings,
  { workspaceId }: ClusterSurroundings,
): Record<string, inputs.containerservice.ManagedClusterAddonProfileArgs> {
  return {
    [addons.azurePolicy]: { enabled: security.azurePolicy },
    [addons.keyVaultSecrets]: security.keyVaultSecrets
      ? {
          enabled: true,
          config: { enableSecretRotation: "true", rotationPollInterval: security.secretRotationInterval },
        }
      : { enabled: false },
    [addons.httpApplicationRouting]: { enabled: false },
    [addons.containerInsights]:
      monitoring.containerInsights && workspaceId !== undefined
        ? { enabled: true, config: { logAnalyticsWorkspaceResourceID: workspaceId, useAADAuth: "true" } }
        : { enabled: false },
    [addons.openServiceMesh]: mesh === Mesh.OpenServiceMesh ? { enabled: true, config: {} } : { enabled: false },
  };
}

function serviceMeshProfile({
  mesh,
  istio,
}: ClusterSettings): inputs.containerservice.ServiceMeshProfileArgs | undefined {
  if (mesh !== Mesh.Istio) {
    return { mode: "Disabled" };
  }
  const authority = istio?.certificateAuthority;
  return {
    mode: "Istio",
    istio: {
      // In one order: which revision new pods get is no matter of the cluster.
      revisions: istio?.revisions && oldestFirst(istio.revisions),
      certificateAuthority: authority && {
        plugin: {
          keyVaultId: authority.keyVaultId,
          rootCertObjectName: authority.rootCertificate,
          certObjectName: authority.certificate,
          keyObjectName: authority.key,
          certChainObjectName: authority.certificateChain,
        },
      },
      components: {
        ingressGateways: [
          { mode: "External", enabled: istio?.externalIngressGateway ?? false },
          { mode: "Internal", enabled: istio?.internalIngressGateway ?? false },
        ],
        egressGateways: istio?.egressGateways?.map(({ name, namespace, gatewayConfigurationName }) => ({
          ...{ name, namespace, gatewayConfigurationName },
          enabled: true,
        })),
      },
    },
  };
}

function securityProfile(
  { security }: ClusterSettings,
  { workspaceId }: ClusterSurroundings,
): inputs.containerservice.ManagedClusterSecurityProfileArgs {
  return {
    defender: security.defender
      ? { logAnalyticsWorkspaceResourceId: workspaceId, securityMonitoring: { enabled: true } }
      : { securityMonitoring: { enabled: false } },
    imageCleaner: { enabled: security.imageCleaner, intervalHours: security.imageCleanerIntervalHours },
    workloadIdentity: { enabled: security.workloadIdentity },
    azureKeyVaultKms: security.kms
      ? {
          enabled: true,
          keyId: security.kms.keyId,
          keyVaultNetworkAccess: security.kms.keyVaultNetworkAccess ?? "Public",
          keyVaultResourceId:
            security.kms.keyVaultNetworkAccess === KeyVaultNetworkAccess.Private
              ? security.kms.keyVaultResourceId
              : undefined,
        }
      : undefined,
  };
}

/** What AKS itself gives spot nodes. Named here too: a pool as Azure has it would differ from what was asked for. */
const spotMark = { label: "kubernetes.azure.com/scalesetpriority", value: "spot" } as const;

/** The taint of AKS's own that keeps all pods but its own from the nodes of a gateway pool. Named here for the same reason. */
const gatewayTaint = "kubernetes.azure.com/mode=gateway:NoSchedule";

/** The fields that an inline pool and a pool of its own have in common. */
export function poolProfile(
  pool: NodePoolSettings,
): Omit<containerservice.AgentPoolArgs, "resourceGroupName" | "resourceName"> {
  const labels = pool.spot ? { ...pool.labels, [spotMark.label]: spotMark.value } : pool.labels;
  const taints = [
    ...pool.taints,
    ...(pool.spot ? [`${spotMark.label}=${spotMark.value}:NoSchedule`] : []),
    ...(pool.mode === NodePoolMode.Gateway ? [gatewayTaint] : []),
  ];
  return {
    type: "VirtualMachineScaleSets",
    mode: pool.mode,
    vmSize: pool.vmSize,
    count: pool.count,
    enableAutoScaling: pool.autoscale,
    minCount: pool.autoscale ? pool.minCount : undefined,
    maxCount: pool.autoscale ? pool.maxCount : undefined,
    availabilityZones: pool.zones.length > 0 ? pool.zones : undefined,
    osType: pool.osType,
    osSKU: pool.osSku,
    osDiskType: pool.osDiskType,
    osDiskSizeGB: pool.osDiskSizeGb,
    maxPods: pool.maxPods,
    enableEncryptionAtHost: pool.encryptionAtHost,
    enableNodePublicIP: false,
    enableFIPS: pool.fips,
    gatewayProfile:
      pool.gatewayPublicIpPrefixSize === undefined ? undefined : { publicIPPrefixSize: pool.gatewayPublicIpPrefixSize },
    scaleSetPriority: pool.spot ? "Spot" : undefined,
    scaleSetEvictionPolicy: pool.spot ? "Delete" : undefined,
    vnetSubnetID: pool.subnetId,
    podSubnetID: pool.podSubnetId,
    nodeLabels: Object.keys(labels).length > 0 ? labels : undefined,
    nodeTaints: taints.length > 0 ? taints : undefined,
    // AKS refuses it for spot nodes.
    upgradeSettings: pool.spot ? undefined : { maxSurge: pool.maxSurge },
  };
}
