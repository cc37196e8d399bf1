import {
  type AccessArgs,
  type AksClusterArgs,
  type ApiServerArgs,
  type ClusterIdentityArgs,
  type MaintenanceWindowArgs,
  type MonitoringArgs,
  type NetworkArgs,
  type NodePoolArgs,
  type ScalingArgs,
  type SecurityArgs,
  type UpgradeArgs,
} from "./args";
import {
  type ClusterTier,
  IdentityKind,
  type KubeconfigLogin,
  type Mesh,
  NetworkPlugin,
  NetworkPluginMode,
  NetworkPolicy,
  NodeOsUpgradeChannel,
  NodePoolMode,
  OsDiskType,
  OsSku,
  OutboundType,
  UpgradeChannel,
} from "./enums";

/** `Args` whose fields `Keys` are present, if only by their defaults. */
type WithDefaults<Args, Keys extends keyof Args> = Args & Required<Pick<Args, Keys>>;

/** A node pool with its defaults filled in. */
export type NodePoolSettings = WithDefaults<
  NodePoolArgs,
  | "autoscale"
  | "zones"
  | "osDiskType"
  | "osSku"
  | "maxPods"
  | "encryptionAtHost"
  | "fips"
  | "spot"
  | "labels"
  | "taints"
  | "maxSurge"
> & { osType: "Linux" | "Windows"; count: number };

/** {@link AksClusterArgs} with its defaults filled in. Everything that decides which resources exist is plain. */
export interface ClusterSettings extends Omit<AksClusterArgs, "nodePools"> {
  tier: ClusterTier;
  mesh: Mesh;
  dnsPrefix: string;
  kubeconfigLogin: KubeconfigLogin;
  costAnalysis: boolean;
  identity: WithDefaults<ClusterIdentityArgs, "kind">;
  access: WithDefaults<AccessArgs, "azureRbac" | "localAccounts" | "adminGroupObjectIds" | "clusterAdmins">;
  apiServer: WithDefaults<ApiServerArgs, "privateCluster" | "runCommand" | "publicFqdn">;
  network: WithDefaults<NetworkArgs, "plugin" | "mode" | "policy" | "serviceCidr" | "dnsServiceIp" | "outboundType">;
  security: WithDefaults<
    SecurityArgs,
    | "defender"
    | "azurePolicy"
    | "keyVaultSecrets"
    | "secretRotationInterval"
    | "imageCleaner"
    | "imageCleanerIntervalHours"
    | "workloadIdentity"
    | "oidcIssuer"
  >;
  monitoring: WithDefaults<MonitoringArgs, "containerInsights" | "diagnostics" | "metrics" | "retentionDays">;
  upgrades: WithDefaults<UpgradeArgs, "channel" | "nodeOsChannel" | "clusterWindow" | "nodeWindow">;
  scaling: Required<ScalingArgs>;
  nodePools: NodePoolSettings[];
}

/** Name of the Log Analytics workspace that is made for a cluster. */
export function workspaceName(cluster: string): string {
  return `${cluster}-logs`;
}

/** Taint that keeps workloads off system pools. */
export const systemPoolTaint = "CriticalAddonsOnly=true:NoSchedule";

/** Whether the version is Azure's to choose from now on: where none is asked for, or by a channel that chooses minor versions. */
export function azureChoosesVersion({ kubernetesVersion, upgrades }: ClusterSettings): boolean {
  return (
    kubernetesVersion === undefined ||
    upgrades.channel === UpgradeChannel.Stable ||
    upgrades.channel === UpgradeChannel.Rapid
  );
}

/** The fields of `args` that are not undefined: writing `undefined` is the same as leaving a field out. */
function given<Args extends object>(args: Args | undefined): Partial<Args> {
  const present = Object.entries(args ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as Partial<Args>;
}

const clusterWindow: MaintenanceWindowArgs = { dayOfWeek: "Sunday", startTime: "01:00", durationHours: 8 };
const nodeWindow: MaintenanceWindowArgs = { dayOfWeek: "Saturday", startTime: "01:00", durationHours: 8 };

/** Fills in the defaults, which are the secure ones. */
export function withDefaults(args: AksClusterArgs): ClusterSettings {
  return {
    ...args,
    tier: args.tier ?? "Standard",
    mesh: args.mesh ?? "None",
    dnsPrefix: args.dnsPrefix ?? dnsPrefixOf(args.name),
    kubeconfigLogin: args.kubeconfigLogin ?? "AzureCli",
    costAnalysis: args.costAnalysis ?? false,
    identity: { kind: defaultIdentity(args), ...given(args.identity) },
    access: {
      azureRbac: true,
      localAccounts: false,
      adminGroupObjectIds: [],
      clusterAdmins: [],
      ...given(args.access),
    },
    apiServer: { privateCluster: false, runCommand: false, publicFqdn: false, ...given(args.apiServer) },
    network: {
      plugin: NetworkPlugin.Azure,
      mode: NetworkPluginMode.Overlay,
      policy: NetworkPolicy.Calico,
      serviceCidr: "10.0.0.0/16",
      dnsServiceIp: "10.0.0.10",
      outboundType: OutboundType.LoadBalancer,
      ...given(args.network),
    },
    security: {
      defender: true,
      azurePolicy: true,
      keyVaultSecrets: true,
      secretRotationInterval: "2m",
      imageCleaner: true,
      imageCleanerIntervalHours: 120,
      workloadIdentity: true,
      oidcIssuer: true,
      ...given(args.security),
    },
    monitoring: {
      containerInsights: true,
      diagnostics: true,
      metrics: false,
      retentionDays: 30,
      ...given(args.monitoring),
    },
    upgrades: {
      channel: UpgradeChannel.Patch,
      nodeOsChannel: NodeOsUpgradeChannel.NodeImage,
      clusterWindow,
      nodeWindow,
      ...given(args.upgrades),
    },
    scaling: { keda: true, verticalPodAutoscaler: false, nodeAutoprovisioning: false, ...given(args.scaling) },
    nodePools: args.nodePools.map((pool) => poolWithDefaults(pool, args.network)),
  };
}

/** User-assigned where something needs an identity that exists before the cluster. */
function defaultIdentity(args: AksClusterArgs): IdentityKind {
  const { privateDnsZone, vnetIntegrationSubnetId } = args.apiServer ?? {};
  const needed =
    args.identity?.resourceId !== undefined ||
    args.kubeletIdentity !== undefined ||
    args.security?.kms !== undefined ||
    args.network?.nodeSubnetId !== undefined ||
    vnetIntegrationSubnetId !== undefined ||
    args.nodePools.some(({ subnetId, podSubnetId }) => subnetId !== undefined || podSubnetId !== undefined) ||
    (privateDnsZone !== undefined && privateDnsZone !== "system" && privateDnsZone !== "none");
  return needed ? IdentityKind.UserAssigned : IdentityKind.SystemAssigned;
}

/** A cluster's name may hold underscores and be longer than a DNS prefix. */
function dnsPrefixOf(name: string): string {
  return name.replaceAll("_", "-").slice(0, 54).replace(/-+$/, "");
}

function poolWithDefaults(pool: NodePoolArgs, network: NetworkArgs | undefined): NodePoolSettings {
  const gateway = pool.mode === NodePoolMode.Gateway;
  const autoscale = pool.autoscale ?? !gateway;
  const minCount = autoscale ? (pool.minCount ?? 3) : pool.minCount;
  const osSku = pool.osSku ?? OsSku.AzureLinux;
  return {
    zones: ["1", "2", "3"],
    osDiskType: OsDiskType.Ephemeral,
    maxPods: 110,
    encryptionAtHost: true,
    fips: false,
    spot: false,
    labels: {},
    taints: pool.mode === NodePoolMode.System ? [systemPoolTaint] : [],
    maxSurge: "33%",
    subnetId: network?.nodeSubnetId,
    ...given(pool),
    name: pool.name,
    mode: pool.mode,
    vmSize: pool.vmSize,
    autoscale,
    minCount,
    maxCount: autoscale ? (pool.maxCount ?? (minCount ?? 3) + 2) : pool.maxCount,
    count: pool.count ?? minCount ?? (gateway ? 2 : 3),
    gatewayPublicIpPrefixSize: pool.gatewayPublicIpPrefixSize ?? (gateway ? 31 : undefined),
    osSku,
    osType: osSku === OsSku.Windows2022 ? "Windows" : "Linux",
  };
}
