import type * as authorization from "@pulumi/azure-native/authorization";
import type * as containerservice from "@pulumi/azure-native/containerservice";
import type * as managedidentity from "@pulumi/azure-native/managedidentity";
import type * as monitor from "@pulumi/azure-native/monitor";
import type * as operationalinsights from "@pulumi/azure-native/operationalinsights";
import { type Input } from "@pulumi/pulumi";

import { type Transform } from "../transform";
import {
  type ClusterTier,
  type IdentityKind,
  type KeyVaultNetworkAccess,
  type KubeconfigLogin,
  type Mesh,
  type NetworkPlugin,
  type NetworkPluginMode,
  type NetworkPolicy,
  type NodeOsUpgradeChannel,
  type NodePoolMode,
  type OsDiskType,
  type OsSku,
  type OutboundType,
  type PrincipalType,
  type UpgradeChannel,
  type WeekDay,
} from "./enums";

/** An AKS cluster, its node pools, and what belongs to them. Left out, every setting takes its secure value. */
export interface AksClusterArgs {
  /** Name of the cluster in Azure: 1 to 63 letters, digits, hyphens and underscores. Children are named after it. */
  name: string;
  /** Resource group that holds the cluster. */
  resourceGroupName: Input<string>;
  /** Subscription of the resource group. Default: the one that azure-native is configured with. */
  subscriptionId?: Input<string>;
  /** Azure region. Default: the resource group's. */
  location?: Input<string>;
  /**
   * Kubernetes version, `1.35` or `1.35.4`; with the upgrade channel `patch`, major and minor only. A newer one upgrades the
   * control plane and then each node pool. With the channels `stable` and `rapid`, where the cluster starts: they choose what
   * comes after. Default: AKS chooses.
   */
  kubernetesVersion?: string;
  /** Pricing tier. Default `Standard`, which carries an uptime agreement. */
  tier?: ClusterTier;
  /** First part of the API server's host name. Default: the cluster's name. Changing it replaces the cluster. */
  dnsPrefix?: string;
  /** Resource group that AKS makes for nodes and disks. Default: AKS chooses. Changing it replaces the cluster. */
  nodeResourceGroup?: string;
  /** Disk encryption set with a key of your own for all disks. Changing it replaces the cluster. */
  diskEncryptionSetId?: Input<string>;
  /** Per-namespace cost figures. Needs tier `Standard` or `Premium`. Default false. */
  costAnalysis?: boolean;
  /** Identity of the control plane. Default: system-assigned, or user-assigned where another setting needs that. */
  identity?: ClusterIdentityArgs;
  /** Identity that nodes pull images with. Default: AKS makes one. Needs a user-assigned identity. */
  kubeletIdentity?: KubeletIdentityArgs;
  /** Who may do what with the cluster. */
  access?: AccessArgs;
  /** The API server's reach. */
  apiServer?: ApiServerArgs;
  /** Pod, service and outbound networking. */
  network?: NetworkArgs;
  /** Protection of workloads, images, keys and nodes. */
  security?: SecurityArgs;
  /** Logs and metrics. */
  monitoring?: MonitoringArgs;
  /** Automatic upgrades and their windows. */
  upgrades?: UpgradeArgs;
  /** Scaling beyond the node pools' own. */
  scaling?: ScalingArgs;
  /** Service mesh add-on. Default `None`. */
  mesh?: Mesh;
  /** Settings of the Istio add-on. Needs `mesh: "Istio"`. */
  istio?: IstioArgs;
  /** The node pools. At least one has the mode `System`. */
  nodePools: NodePoolArgs[];
  /** How users of the kubeconfig log in. Default `AzureCli`. */
  kubeconfigLogin?: KubeconfigLogin;
  /** Tags on everything that can carry them. */
  tags?: Input<Record<string, Input<string>>>;
  /** Last-moment changes to what the component is about to register. */
  transform?: AksClusterTransforms;
}

/** Identity of the control plane. */
export interface ClusterIdentityArgs {
  /**
   * Default `SystemAssigned`; `UserAssigned` with a subnet, a private DNS zone, `security.kms` or `kubeletIdentity`, which
   * need an identity that exists before the cluster.
   */
  kind?: IdentityKind;
  /** An existing user-assigned identity. Left out with `UserAssigned`, the component makes one. */
  resourceId?: Input<string>;
  /** Object id of that identity. Where it is given, the identity gets the roles that the cluster's settings ask for. */
  principalId?: Input<string>;
}

/** Identity of the nodes. With nothing set, the component makes one and lets the control plane assign it. */
export interface KubeletIdentityArgs {
  /** Resource id of an existing identity. The control plane's identity needs `Managed Identity Operator` on it. */
  resourceId?: Input<string>;
  /** Its client id. */
  clientId?: Input<string>;
  /** Its object (principal) id. */
  objectId?: Input<string>;
}

/** A principal that gets the role `Azure Kubernetes Service RBAC Cluster Admin`. */
export interface PrincipalArgs {
  /** Object id in Microsoft Entra ID. */
  objectId: Input<string>;
  /**
   * Its kind. Default: Azure looks it up, which fails for a principal that was made a moment ago; a wrong one is refused.
   */
  type?: PrincipalType;
}

/** Microsoft Entra ID and Kubernetes RBAC. */
export interface AccessArgs {
  /** Tenant of the users. Default: the subscription's. */
  tenantId?: Input<string>;
  /** Groups whose members are administrators without any role assignment. */
  adminGroupObjectIds?: Input<string>[];
  /** Principals that become administrators by role assignment on the cluster. Needs `azureRbac`. */
  clusterAdmins?: PrincipalArgs[];
  /** Azure roles decide on Kubernetes requests. Default true. */
  azureRbac?: boolean;
  /** Client certificates that bypass Entra ID. Default false. */
  localAccounts?: boolean;
}

/** The API server's reach. */
export interface ApiServerArgs {
  /** CIDRs that may reach a public API server, at most 200. Not for private clusters. */
  authorizedIpRanges?: Input<string>[];
  /** No public address. Default false. */
  privateCluster?: boolean;
  /** Private DNS zone of a private cluster: `system`, `none`, or a zone's resource id (then a user-assigned identity). */
  privateDnsZone?: Input<string>;
  /** A public name for the private address. Default false. Needs `privateCluster`. */
  publicFqdn?: boolean;
  /** Subnet that the API server is placed in (API server VNet integration). */
  vnetIntegrationSubnetId?: Input<string>;
  /** `az aks command invoke`, which reaches a private cluster from outside. Default false. */
  runCommand?: boolean;
}

/** Networking. Everything here except addresses of the load balancer is fixed when the cluster is made. */
export interface NetworkArgs {
  /** Default `azure`. */
  plugin?: NetworkPlugin;
  /** Default `overlay`. */
  mode?: NetworkPluginMode;
  /**
   * Default `calico`. `cilium` comes with Cilium's data plane, which may balance connections to services inside the pod:
   * before a mesh's sidecar sees them, which then no longer encrypts and checks them.
   */
  policy?: NetworkPolicy;
  /** Range of pod addresses in overlay mode. Default `10.244.0.0/16`. */
  podCidr?: string;
  /** Range of service addresses. Default `10.0.0.0/16`. */
  serviceCidr?: string;
  /** Address of the cluster's DNS, inside `serviceCidr`. Default `10.0.0.10`. */
  dnsServiceIp?: string;
  /** Default `loadBalancer`. */
  outboundType?: OutboundType;
  /** Public addresses of the managed load balancer, 1 to 100. Default 1. */
  outboundIpCount?: number;
  /** Subnet of the nodes, /23 or larger, for pools that name none. Default: AKS makes a network. */
  nodeSubnetId?: Input<string>;
  /** Static Egress Gateway: fixed addresses for calls of chosen pods. Can be changed later. Default: what there is. */
  staticEgressGateway?: boolean;
}

/** Protection of workloads, images, keys and nodes. */
export interface SecurityArgs {
  /** Microsoft Defender for Containers. Default true; costs extra. */
  defender?: boolean;
  /** Azure Policy add-on. Default true. */
  azurePolicy?: boolean;
  /** Azure Key Vault provider for the Secrets Store CSI driver. Default true. */
  keyVaultSecrets?: boolean;
  /** How often mounted secrets are read again, as a Go duration. Default `2m`. */
  secretRotationInterval?: string;
  /** Removal of unused vulnerable images. Default true. */
  imageCleaner?: boolean;
  /** Hours between two runs of the image cleaner, 24 to 2160. Default 120. */
  imageCleanerIntervalHours?: number;
  /** Tokens for pods in Entra ID. Default true. Needs `oidcIssuer`. */
  workloadIdentity?: boolean;
  /** OpenID Connect issuer. Default true. Cannot be turned off again. */
  oidcIssuer?: boolean;
  /** Encryption of etcd with a key of your own. Needs a user-assigned identity. */
  kms?: KmsArgs;
}

/** Encryption of etcd with a key in Azure Key Vault. */
export interface KmsArgs {
  /** Identifier of the key, with its version. */
  keyId: Input<string>;
  /** Default `Public`. */
  keyVaultNetworkAccess?: KeyVaultNetworkAccess;
  /** Resource id of the vault. Needed with `Private`. Where it is given, the control plane's identity gets a role on it. */
  keyVaultResourceId?: Input<string>;
}

/** Logs and metrics. */
export interface MonitoringArgs {
  /** Container insights (pod logs and metrics). Default true. */
  containerInsights?: boolean;
  /** The control plane's own logs and metrics. Default true. */
  diagnostics?: boolean;
  /** The agent that collects metrics for managed Prometheus; where they go is a matter of `Observability`. Default false. */
  metrics?: boolean;
  /** Log Analytics workspace. Left out where one is needed, the component makes one. */
  workspaceId?: Input<string>;
  /** Days that a workspace made here keeps its data, 30 to 730. Default 30. */
  retentionDays?: number;
}

/** Automatic upgrades. */
export interface UpgradeArgs {
  /** Default `patch`. */
  channel?: UpgradeChannel;
  /** Default `NodeImage`. */
  nodeOsChannel?: NodeOsUpgradeChannel;
  /** When Kubernetes is upgraded. Default: Sunday 01:00 UTC, 8 hours, every week. */
  clusterWindow?: MaintenanceWindowArgs;
  /** When nodes are upgraded. Default: Saturday 01:00 UTC, 8 hours, every week. */
  nodeWindow?: MaintenanceWindowArgs;
}

/** A weekly window. */
export interface MaintenanceWindowArgs {
  /** Day on which it opens. */
  dayOfWeek: WeekDay;
  /** `HH:MM`, 24 hours. */
  startTime: string;
  /** Hours that it stays open, 4 to 24. */
  durationHours: number;
  /** `+HH:MM` or `-HH:MM`. Default `+00:00`. */
  utcOffset?: string;
  /** Weeks between two windows, 1 to 4. Default 1. */
  intervalWeeks?: number;
}

/** Scaling beyond the node pools' own. */
export interface ScalingArgs {
  /** KEDA, scaling of workloads on events. Default true. */
  keda?: boolean;
  /** Vertical pod autoscaler. Default false. */
  verticalPodAutoscaler?: boolean;
  /** AKS adds nodes of whatever size pods need. Default false. Needs every pool's `autoscale` off. */
  nodeAutoprovisioning?: boolean;
}

/** The Istio add-on. */
export interface IstioArgs {
  /**
   * One revision, for example `asm-1-30`, or two during an upgrade, in any order. Default: AKS installs the newest but one, and
   * keeps what runs.
   */
  revisions?: string[];
  /** An ingress gateway with a public address. Default false. */
  externalIngressGateway?: boolean;
  /** An ingress gateway inside the network. Default false. */
  internalIngressGateway?: boolean;
  /** Gateways that calls to the outside may go through. Need `network.staticEgressGateway`. Default: what there is. */
  egressGateways?: IstioEgressGatewayArgs[];
  /**
   * The certificate authority that signs the workloads' certificates, from Key Vault. A mesh that runs keeps the kind that it has.
   * Default: Istio makes one of its own. Needs `security.keyVaultSecrets`.
   */
  certificateAuthority?: IstioCertificateAuthorityArgs;
}

/** An egress gateway of the Istio add-on. */
export interface IstioEgressGatewayArgs {
  /** Name of its Deployment and Service: a DNS name of up to 53 characters, once in its namespace. */
  name: string;
  /** Namespace of the gateway. Default `aks-istio-egress`. */
  namespace?: string;
  /** A `StaticGatewayConfiguration` in that namespace, which gives it its addresses by a node pool of the mode `Gateway`. */
  gatewayConfigurationName: string;
  /** What to make that `StaticGatewayConfiguration` of. Default: somebody else makes it. */
  configuration?: IstioEgressAddressesArgs;
}

/** The fixed addresses by which pods leave the cluster. The cluster's definition names them; `IstioMesh` makes the object. */
export interface IstioEgressAddressesArgs {
  /** The node pool of the mode `Gateway` that has the addresses, as `nodePools` names it. */
  nodePool: string;
  /**
   * Resource id of a public IP prefix of your own, as long as the pool's `gatewayPublicIpPrefixSize`; the cluster's identity needs
   * `Network Contributor` on it. Default: AKS makes one.
   */
  publicIpPrefixId?: Input<string>;
  /** Ranges of addresses that are called as if there were no gateway. Default: none. */
  excludeCidrs?: string[];
}

/** Secrets in Key Vault with certificates and key in PEM. The add-on's identity gets the role to read them. */
export interface IstioCertificateAuthorityArgs {
  /** Resource id of the vault, which decides by Azure roles. */
  keyVaultId: Input<string>;
  /** Name of the secret with the root's certificate. */
  rootCertificate: string;
  /** Name of the secret with the intermediate certificate that signs. */
  certificate: string;
  /** Name of the secret with its private key. */
  key: string;
  /** Name of the secret with the chain from the intermediate certificate to the root. */
  certificateChain: string;
  /**
   * Has cert-manager in the cluster issue the intermediate certificate and renew it, and a job write it into the vault, once `MeshAuthority` makes both. Needs
   * `security.oidcIssuer`. Default: the secrets come from elsewhere.
   */
  issuedBy?: IstioAuthorityIssuanceArgs;
}

/** How cert-manager issues the intermediate certificate of the mesh. */
export interface IstioAuthorityIssuanceArgs {
  /** An issuer that somebody else makes. It has to sign certificates of authorities: one of the kind ca, vault, or what else does. Either this or `vault`. */
  issuer?: CertificateIssuerArgs;
  /** Vault, or what speaks its API as OpenBao does, which signs: `MeshAuthority` makes the issuer. Either this or `issuer`. */
  vault?: VaultIssuerArgs;
  /** How long a certificate holds: hours, minutes, seconds, such as `2160h`, which is the default; an hour or more. */
  duration?: string;
  /**
   * How long before its end the next one is issued. Longer than a sidecar's certificate holds, and than the carrying may fail; shorter than `duration`.
   * Default: half of `duration`.
   */
  renewBefore?: string;
  /** `chart` installs cert-manager from charts.jetstack.io; `present` waits for one that somebody else installs. Default `chart`. */
  certManager?: "chart" | "present";
  /** Id of a role that the job gets on the vault: to read and to set secrets. Default: _Key Vault Secrets Officer_, which may delete them too. */
  roleDefinitionId?: string;
  /** In place of the job's image, by tag or digest: one with bash and azure-cli. Default: `mcr.microsoft.com/azure-cli:2.91.0`. */
  image?: string;
}

/** An issuer of cert-manager's. */
export interface CertificateIssuerArgs {
  /** Its name. */
  name: string;
  /** `Issuer`, in the namespace `mesh-authority`, or `ClusterIssuer`; of another group, a kind of that. Default `ClusterIssuer`. */
  kind?: string;
  /** API group of its kind. Default `cert-manager.io`. */
  group?: string;
}

/**
 * Vault or OpenBao as what signs the intermediate certificate. cert-manager logs in by a token of the account `vault-issuer` in the namespace `mesh-authority`, made for each login and
 * good for ten minutes; there is no secret to keep. Its audiences are `server` as written, and `vault://mesh-authority/vault`.
 */
export interface VaultIssuerArgs {
  /** Its address, as cert-manager's pods reach it: `https://bao.example:8200`. Plain http is taken on loopback alone. */
  server: string;
  /** What signs an intermediate certificate: `MOUNT/root/sign-intermediate`, or `MOUNT/issuer/NAME/sign-intermediate` of an engine `pki`. */
  path: string;
  /** Role of the login, bound to the account, with a policy that gives `update` on `path`. */
  role: string;
  /** Where the login is: an auth method of the kind kubernetes or jwt. Default `kubernetes`. */
  authPath?: string;
  /** Certificates, in PEM, of who signed the server's. Default: the public authorities that cert-manager's image knows. */
  caBundle?: Input<string>;
  /** Namespace of Vault's or OpenBao's, in which `path` and `authPath` are. Default: the one at the root. */
  namespace?: string;
}

/** A node pool. Changing a field marked *create-only* makes a new pool, waits until it is ready, and removes the old one. */
export interface NodePoolArgs {
  /**
   * First part of the pool's name in Azure, which ends with a hash of the create-only fields: a lower-case letter, then
   * up to 6 lower-case letters and digits (Windows: up to 2).
   */
  name: string;
  /** `System` pools are tainted `CriticalAddonsOnly` unless `taints` says otherwise. */
  mode: NodePoolMode;
  /** Size of the virtual machines, for example `Standard_D4ds_v5`. Create-only. */
  vmSize: string;
  /** Default true; of `Gateway` pools false, which AKS does not scale. */
  autoscale?: boolean;
  /** Fewest nodes. Default 3. Only with `autoscale`. */
  minCount?: number;
  /** Most nodes. Default: the fewest plus 2. Only with `autoscale`. */
  maxCount?: number;
  /** Number of nodes; with `autoscale`, at the start. Default: `minCount`, or 3 without `autoscale`; of `Gateway` pools 2. */
  count?: number;
  /**
   * Length of the public IP prefix that each `StaticGatewayConfiguration` of the pool gets, with an address for each node: 31 for at most 2
   * nodes, 30 for 4, 29 for 8, 28 for 16. Only for `Gateway` pools. Default 31. Create-only.
   */
  gatewayPublicIpPrefixSize?: number;
  /** Availability zones. Default 1, 2 and 3; empty where the region has none. Create-only. */
  zones?: string[];
  /** Default `Ephemeral`. Create-only. */
  osDiskType?: OsDiskType;
  /** Default: AKS chooses by the size. Create-only. */
  osDiskSizeGb?: number;
  /** Default `AzureLinux`. Create-only. */
  osSku?: OsSku;
  /** Pods a node may run, 10 to 250. Default 110. Create-only. */
  maxPods?: number;
  /** Encryption of temporary disks and caches on the host. Default true. Create-only. */
  encryptionAtHost?: boolean;
  /** FIPS-certified cryptography. Default false. Create-only. */
  fips?: boolean;
  /**
   * Cheap nodes that Azure may take away at any time. Only for `User` pools. They have AKS's own taint
   * `kubernetes.azure.com/scalesetpriority=spot:NoSchedule`, which pods have to tolerate, and the label of that name. Default
   * false. Create-only.
   */
  spot?: boolean;
  /** Subnet of the nodes. Default: `network.nodeSubnetId`. Create-only; an Output here cannot start a rotation by itself. */
  subnetId?: Input<string>;
  /** Subnet of the pods, for `network.mode: "subnet"`. Create-only, as `subnetId`. */
  podSubnetId?: Input<string>;
  /** Any text. Changing it replaces the nodes by a new pool, as changing a create-only field does. */
  revision?: string;
  /** Labels of the nodes. */
  labels?: Record<string, string>;
  /**
   * Taints, `key=value:Effect`. Default for `System`: `CriticalAddonsOnly=true:NoSchedule`. `Gateway` pools have AKS's own besides,
   * `kubernetes.azure.com/mode=gateway:NoSchedule`.
   */
  taints?: string[];
  /** Nodes added at a time during an upgrade, a number or a percentage. Default `33%`. Not for `spot`. */
  maxSurge?: string;
}

/** One hook for each kind of child. */
export interface AksClusterTransforms {
  cluster?: Transform<containerservice.ManagedClusterArgs>;
  /** Called once for each pool. */
  nodePool?: Transform<containerservice.AgentPoolArgs>;
  identity?: Transform<managedidentity.UserAssignedIdentityArgs>;
  kubeletIdentity?: Transform<managedidentity.UserAssignedIdentityArgs>;
  workspace?: Transform<operationalinsights.WorkspaceArgs>;
  diagnosticSetting?: Transform<monitor.DiagnosticSettingArgs>;
  dataCollectionRule?: Transform<monitor.DataCollectionRuleArgs>;
  /** Called once for each of the two windows. */
  maintenanceConfiguration?: Transform<containerservice.MaintenanceConfigurationArgs>;
  /** Called once for each assignment. */
  roleAssignment?: Transform<authorization.RoleAssignmentArgs>;
}
