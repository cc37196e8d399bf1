/** Pricing tier of the control plane. `Free` has no uptime agreement, `Standard` has one, `Premium` adds long-term support. */
export const ClusterTier = { Free: "Free", Standard: "Standard", Premium: "Premium" } as const;
export type ClusterTier = (typeof ClusterTier)[keyof typeof ClusterTier];

/** Service mesh add-on of the cluster. AKS runs at most one. */
export const Mesh = { None: "None", OpenServiceMesh: "OpenServiceMesh", Istio: "Istio" } as const;
export type Mesh = (typeof Mesh)[keyof typeof Mesh];

/** Whose identity the control plane acts under. */
export const IdentityKind = { SystemAssigned: "SystemAssigned", UserAssigned: "UserAssigned" } as const;
export type IdentityKind = (typeof IdentityKind)[keyof typeof IdentityKind];

/** Kind of a principal in Microsoft Entra ID. */
export const PrincipalType = { User: "User", Group: "Group", ServicePrincipal: "ServicePrincipal" } as const;
export type PrincipalType = (typeof PrincipalType)[keyof typeof PrincipalType];

/** Container network interface. `None` leaves the installation of one to the user. */
export const NetworkPlugin = { Azure: "azure", Kubenet: "kubenet", None: "none" } as const;
export type NetworkPlugin = (typeof NetworkPlugin)[keyof typeof NetworkPlugin];

/** Where pods get their addresses: from a private range of the cluster, or from subnets. */
export const NetworkPluginMode = { Overlay: "overlay", Subnet: "subnet" } as const;
export type NetworkPluginMode = (typeof NetworkPluginMode)[keyof typeof NetworkPluginMode];

/** What enforces Kubernetes' network policies. */
export const NetworkPolicy = { Azure: "azure", Calico: "calico", Cilium: "cilium", None: "none" } as const;
export type NetworkPolicy = (typeof NetworkPolicy)[keyof typeof NetworkPolicy];

/** How traffic leaves the cluster. */
export const OutboundType = {
  LoadBalancer: "loadBalancer",
  ManagedNatGateway: "managedNATGateway",
  UserAssignedNatGateway: "userAssignedNATGateway",
  UserDefinedRouting: "userDefinedRouting",
} as const;
export type OutboundType = (typeof OutboundType)[keyof typeof OutboundType];

/** Which Kubernetes versions AKS moves the cluster to by itself. With `stable` and `rapid` it chooses minor versions too. */
export const UpgradeChannel = {
  None: "none",
  Patch: "patch",
  Stable: "stable",
  Rapid: "rapid",
  NodeImage: "node-image",
} as const;
export type UpgradeChannel = (typeof UpgradeChannel)[keyof typeof UpgradeChannel];

/** How the operating system of the nodes is kept up to date. */
export const NodeOsUpgradeChannel = {
  None: "None",
  Unmanaged: "Unmanaged",
  SecurityPatch: "SecurityPatch",
  NodeImage: "NodeImage",
} as const;
export type NodeOsUpgradeChannel = (typeof NodeOsUpgradeChannel)[keyof typeof NodeOsUpgradeChannel];

/** Day of the week, in the time zone that the window's `utcOffset` gives. */
export const WeekDay = {
  Monday: "Monday",
  Tuesday: "Tuesday",
  Wednesday: "Wednesday",
  Thursday: "Thursday",
  Friday: "Friday",
  Saturday: "Saturday",
  Sunday: "Sunday",
} as const;
export type WeekDay = (typeof WeekDay)[keyof typeof WeekDay];

/** `System` pools carry AKS's own pods, `User` pools the workloads, `Gateway` pools the calls that leave by fixed addresses. */
export const NodePoolMode = { System: "System", User: "User", Gateway: "Gateway" } as const;
export type NodePoolMode = (typeof NodePoolMode)[keyof typeof NodePoolMode];

/** Where a node keeps its operating system: on the VM's own disk or cache (`Ephemeral`) or on a remote one (`Managed`). */
export const OsDiskType = { Ephemeral: "Ephemeral", Managed: "Managed" } as const;
export type OsDiskType = (typeof OsDiskType)[keyof typeof OsDiskType];

/** Operating system image of the nodes. */
export const OsSku = {
  AzureLinux: "AzureLinux",
  Ubuntu: "Ubuntu",
  Windows2022: "Windows2022",
} as const;
export type OsSku = (typeof OsSku)[keyof typeof OsSku];

/** How the kubeconfig's `kubelogin` gets its token. None of them writes a secret into the kubeconfig. */
export const KubeconfigLogin = {
  /** The account that `az login` left on the machine. */
  AzureCli: "AzureCli",
  /** The service principal in `ARM_CLIENT_ID`, `ARM_CLIENT_SECRET` and `ARM_TENANT_ID`. */
  ServicePrincipal: "ServicePrincipal",
  /** A federated token, for workload identity and CI systems with OpenID Connect. */
  WorkloadIdentity: "WorkloadIdentity",
  /** The managed identity of the machine. */
  ManagedIdentity: "ManagedIdentity",
  /** A code typed into a browser on any device. */
  DeviceCode: "DeviceCode",
} as const;
export type KubeconfigLogin = (typeof KubeconfigLogin)[keyof typeof KubeconfigLogin];

/** Which network reaches the key vault that holds the etcd encryption key. */
export const KeyVaultNetworkAccess = { Public: "Public", Private: "Private" } as const;
export type KeyVaultNetworkAccess = (typeof KeyVaultNetworkAccess)[keyof typeof KeyVaultNetworkAccess];
