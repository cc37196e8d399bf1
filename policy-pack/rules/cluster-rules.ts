import { at, listAt, textAt } from "./inputs";
import { isNotTrue, isTrue, matches, oneOf, property, type Rule, shown, textSetting } from "./rule";

const privateCluster = property("apiServerAccessProfile.enablePrivateCluster", isTrue);

/** Who may reach and use the cluster. */
export const accessRules: readonly Rule[] = [
  {
    name: "aks-local-accounts-off",
    title: "Local accounts are off",
    ids: ["AZR-000031", "CKV_AZURE_141", "993c2fcd"],
    level: "mandatory",
    about: "cluster",
    problems: property("disableLocalAccounts", isTrue),
    remedy: "Write `disableLocalAccounts: true`; everybody then comes in by Entra ID.",
  },
  {
    name: "aks-entra-id",
    title: "Entra ID, managed by AKS",
    ids: ["AZR-000029", "450d2877"],
    level: "mandatory",
    about: "cluster",
    problems: property("aadProfile.managed", isTrue),
    remedy: "Write `aadProfile: { managed: true }`.",
  },
  {
    name: "aks-azure-rbac",
    title: "Azure roles decide on requests",
    ids: ["AZR-000032"],
    level: "advisory",
    about: "cluster",
    problems: property("aadProfile.enableAzureRBAC", isTrue),
    remedy: "Write `aadProfile: { enableAzureRBAC: true }`, and give people roles on the cluster.",
  },
  {
    name: "aks-kubernetes-rbac",
    title: "Kubernetes RBAC is on",
    ids: ["AZR-000038", "CKV_AZURE_5", "ac4a19c2"],
    level: "mandatory",
    about: "cluster",
    problems: property("enableRBAC", isTrue),
    remedy: "Write `enableRBAC: true`. It cannot be changed later: a cluster without it has to be made anew.",
  },
  {
    name: "aks-api-server-restricted",
    title: "API server has authorised ranges, or is private",
    ids: ["AZR-000030", "CKV_AZURE_6", "0e246bcf"],
    level: "advisory",
    about: "cluster",
    problems: (cluster, settings) =>
      privateCluster(cluster, settings).length === 0 ||
      listAt(cluster, "apiServerAccessProfile.authorizedIPRanges").length > 0
        ? []
        : ["neither `apiServerAccessProfile.authorizedIPRanges` nor `enablePrivateCluster` is set"],
    remedy:
      "Write the ranges that may reach it in `apiServerAccessProfile.authorizedIPRanges`, or `enablePrivateCluster: true`.",
  },
  {
    name: "aks-private-cluster",
    title: "Private cluster",
    ids: ["CKV_AZURE_115", "040732e8"],
    level: "advisory",
    about: "cluster",
    problems: privateCluster,
    remedy: "Write `apiServerAccessProfile: { enablePrivateCluster: true }`, and run Pulumi inside the network.",
  },
  {
    name: "aks-run-command-off",
    title: "Run-command is off",
    ids: ["89f2d532"],
    level: "advisory",
    about: "cluster",
    problems: property("apiServerAccessProfile.disableRunCommand", isTrue),
    remedy: "Write `apiServerAccessProfile: { disableRunCommand: true }`.",
  },
  {
    name: "aks-managed-identity",
    title: "Managed identity",
    ids: ["AZR-000025", "da6e2401"],
    level: "mandatory",
    about: "cluster",
    problems: (cluster, settings) => [
      ...property("identity.type", oneOf("SystemAssigned", "UserAssigned"))(cluster, settings),
      ...property("servicePrincipalProfile.clientId", oneOf(undefined, "msi"))(cluster, settings),
    ],
    remedy:
      'Write `identity: { type: "SystemAssigned" }`, or `UserAssigned` with an identity, and no `servicePrincipalProfile`.',
  },
];

/** How pods and nodes talk. */
export const networkRules: readonly Rule[] = [
  {
    name: "aks-network-policy",
    title: "Network policies are enforced",
    ids: ["AZR-000027", "CKV_AZURE_7"],
    level: "mandatory",
    about: "cluster",
    problems: property("networkProfile.networkPolicy", oneOf("azure", "calico", "cilium")),
    remedy: 'Write `networkProfile: { networkPolicy: "cilium" }`, `calico` or `azure`.',
  },
  {
    name: "aks-azure-cni",
    title: "Azure's network plugin",
    ids: ["CKV2_AZURE_29", "46238e2f"],
    level: "advisory",
    about: "cluster",
    problems: property("networkProfile.networkPlugin", oneOf("azure")),
    remedy: 'Write `networkProfile: { networkPlugin: "azure", networkPluginMode: "overlay" }`.',
  },
  {
    name: "aks-standard-load-balancer",
    title: "Standard load balancer",
    ids: ["AZR-000026"],
    level: "advisory",
    about: "cluster",
    problems: property("networkProfile.loadBalancerSku", oneOf("standard")),
    remedy: 'Write `networkProfile: { loadBalancerSku: "standard" }`.',
  },
];

/** Add-ons, and what watches the cluster. */
export const addonRules: readonly Rule[] = [
  {
    name: "aks-azure-policy",
    title: "Azure Policy add-on",
    ids: ["AZR-000028", "CKV_AZURE_116", "0a15ec92"],
    level: "advisory",
    about: "cluster",
    problems: property("addonProfiles.azurepolicy.enabled", isTrue),
    remedy: "Write `addonProfiles: { azurepolicy: { enabled: true } }`.",
  },
  {
    name: "aks-key-vault-secrets",
    title: "Key Vault secrets provider",
    ids: ["AZR-000033"],
    level: "advisory",
    about: "cluster",
    problems: property("addonProfiles.azureKeyvaultSecretsProvider.enabled", isTrue),
    remedy: "Write `addonProfiles: { azureKeyvaultSecretsProvider: { enabled: true } }`.",
  },
  {
    name: "aks-secret-rotation",
    title: "Secrets are rotated",
    ids: ["AZR-000034", "CKV_AZURE_172"],
    level: "advisory",
    about: "cluster",
    problems: property("addonProfiles.azureKeyvaultSecretsProvider.config.enableSecretRotation", oneOf("true")),
    remedy:
      'Write `config: { enableSecretRotation: "true" }` in the add-on `azureKeyvaultSecretsProvider`: a text, not a boolean.',
  },
  {
    name: "aks-http-application-routing-off",
    title: "HTTP application routing is off",
    ids: ["AZR-000035", "CKV_AZURE_246"],
    level: "mandatory",
    about: "cluster",
    problems: property("addonProfiles.httpApplicationRouting.enabled", isNotTrue),
    remedy:
      "Write `addonProfiles: { httpApplicationRouting: { enabled: false } }`: it is not meant for production, and retired.",
  },
  {
    name: "aks-container-insights",
    title: "Container insights",
    ids: ["AZR-000041", "CKV_AZURE_4"],
    level: "advisory",
    about: "cluster",
    problems: property("addonProfiles.omsagent.enabled", isTrue),
    remedy: "Write `addonProfiles: { omsagent: { enabled: true, config: { logAnalyticsWorkspaceResourceID: … } } }`.",
  },
];

/** Upgrades that come by themselves. */
export const upgradeRules: readonly Rule[] = [
  {
    name: "aks-auto-upgrade",
    title: "Kubernetes is upgraded by itself",
    ids: ["AZR-000036", "CKV_AZURE_171", "5c345cdf"],
    level: "advisory",
    about: "cluster",
    problems: property("autoUpgradeProfile.upgradeChannel", oneOf("patch", "stable", "rapid", "node-image")),
    remedy: 'Write `autoUpgradeProfile: { upgradeChannel: "patch" }`, or `stable`, `rapid`, `node-image`.',
  },
  {
    name: "aks-node-os-upgrade",
    title: "Nodes' operating systems are upgraded by themselves",
    ids: ["AZR-000435", "04408ca5", "40f1aee2"],
    level: "advisory",
    about: "cluster",
    problems: property("autoUpgradeProfile.nodeOSUpgradeChannel", oneOf("SecurityPatch", "NodeImage")),
    remedy: 'Write `autoUpgradeProfile: { nodeOSUpgradeChannel: "NodeImage" }`, or `SecurityPatch`.',
  },
];

/** Protection of what runs, and of what is stored. */
export const securityRules: readonly Rule[] = [
  {
    name: "aks-defender",
    title: "Microsoft Defender",
    ids: ["AZR-000370", "a1840de2", "64def556"],
    level: "advisory",
    about: "cluster",
    problems: property("securityProfile.defender.securityMonitoring.enabled", isTrue),
    remedy:
      "Write `securityProfile: { defender: { securityMonitoring: { enabled: true }, logAnalyticsWorkspaceResourceId: … } }`.",
  },
  {
    name: "aks-image-cleaner",
    title: "Image cleaner",
    ids: ["af3c26b2", "7e49285c"],
    level: "advisory",
    about: "cluster",
    problems: property("securityProfile.imageCleaner.enabled", isTrue),
    remedy: "Write `securityProfile: { imageCleaner: { enabled: true, intervalHours: 120 } }`.",
  },
  {
    name: "aks-workload-identity",
    title: "Workload identity",
    ids: ["2cc2e023"],
    level: "advisory",
    about: "cluster",
    problems: property("securityProfile.workloadIdentity.enabled", isTrue),
    remedy: "Write `securityProfile: { workloadIdentity: { enabled: true } }`.",
  },
  {
    name: "aks-oidc-issuer",
    title: "OpenID Connect issuer",
    ids: [],
    level: "advisory",
    about: "cluster",
    problems: property("oidcIssuerProfile.enabled", isTrue),
    remedy: "Write `oidcIssuerProfile: { enabled: true }`: workload identity needs it.",
  },
  {
    name: "aks-etcd-encryption",
    title: "etcd is encrypted with a key of your own",
    ids: ["dbbdc317"],
    level: "advisory",
    about: "cluster",
    problems: property("securityProfile.azureKeyVaultKms.enabled", isTrue),
    remedy:
      "Write `securityProfile: { azureKeyVaultKms: { enabled: true, keyId: … } }`, with a user-assigned identity.",
  },
  {
    name: "aks-disk-encryption-set",
    title: "Disks are encrypted with a key of your own",
    ids: ["CKV_AZURE_117", "7d7be79c"],
    level: "advisory",
    about: "cluster",
    problems: property("diskEncryptionSetID", matches(/./)),
    remedy: "Write the id of a disk encryption set in `diskEncryptionSetID`. Changing it later replaces the cluster.",
  },
];

/** What Azure's names allow. */
export const nameRules: readonly Rule[] = [
  {
    name: "aks-cluster-name",
    title: "Name of the cluster",
    ids: ["AZR-000039"],
    level: "mandatory",
    about: "cluster",
    problems: property("resourceName", matches(/^[a-z0-9]([-\w]{0,61}[a-z0-9])?$/i)),
    remedy:
      "Write 1 to 63 letters, digits, hyphens and underscores in `resourceName`, a letter or digit first and last.",
  },
  {
    name: "aks-dns-prefix",
    title: "DNS prefix",
    ids: ["AZR-000040"],
    level: "mandatory",
    about: "cluster",
    problems: property("dnsPrefix", matches(/^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$/i)),
    remedy: "Write 1 to 54 letters, digits and hyphens in `dnsPrefix`, a letter or digit first and last.",
  },
];

/** The version, and the agreement about uptime. */
export const versionRules: readonly Rule[] = [
  {
    name: "aks-uptime-agreement",
    title: "Tier with an uptime agreement",
    ids: ["AZR-000285", "CKV_AZURE_170"],
    level: "advisory",
    about: "cluster",
    problems: property("sku.tier", oneOf("Standard", "Premium")),
    remedy: 'Write `sku: { name: "Base", tier: "Standard" }`.',
  },
  {
    name: "aks-kubernetes-version",
    title: "Kubernetes version is recent",
    ids: ["AZR-000015", "fb893a29"],
    level: "advisory",
    about: "cluster",
    settings: {
      minimum: { type: "string", description: "The oldest version that passes, such as 1.33.", default: "1.33" },
    },
    problems: (cluster, settings) => {
      if (oneOf("rapid", "stable")(at(cluster, "autoUpgradeProfile.upgradeChannel"))) return [];
      const version = at(cluster, "kubernetesVersion");
      const oldest = textSetting(settings, "minimum") ?? "1.33";
      if (minorOf(version) >= minorOf(oldest)) return [];
      return [`${shown("kubernetesVersion", version)}, and the oldest that passes is ${oldest}`];
    },
    remedy: "Write a newer version in `kubernetesVersion`, or `autoUpgradeProfile.upgradeChannel` stable or rapid.",
  },
];

/** The second number of a version of Kubernetes; 0 where there is none. */
function minorOf(version: unknown): number {
  return Number(/^1\.(\d+)/.exec(String(version))?.[1] ?? 0);
}

/** What 2026's lists have beside. */
export const laterClusterRules: readonly Rule[] = [
  {
    name: "aks-dashboard-off",
    title: "Kubernetes dashboard add-on is off",
    ids: ["CKV_AZURE_8"],
    level: "mandatory",
    about: "cluster",
    problems: property("addonProfiles.kubeDashboard.enabled", isNotTrue),
    remedy: "Take `addonProfiles.kubeDashboard` out, or write `enabled: false`: AKS has removed this add-on.",
  },
  {
    name: "aks-csi-drivers",
    title: "Storage drivers and snapshots are not turned off",
    ids: ["c5110b6e"],
    level: "advisory",
    about: "cluster",
    problems: (cluster) =>
      ["diskCSIDriver", "fileCSIDriver", "snapshotController"].flatMap((driver) => {
        const path = `storageProfile.${driver}.enabled`;
        const value = at(cluster, path);
        return value === false ? [shown(path, value)] : [];
      }),
    remedy: "Take the driver out of `storageProfile`, or write `enabled: true`: AKS has no other storage drivers.",
  },
  {
    name: "aks-pod-identity-off",
    title: "Pod identity, which workload identity has replaced, is off",
    // PSRule's AZR-000037 asked for the opposite, and was taken out when the add-on was deprecated.
    ids: [],
    level: "mandatory",
    about: "cluster",
    problems: property("podIdentityProfile.enabled", isNotTrue),
    remedy: "Take `podIdentityProfile` out, and use workload identity: the add-on gets no more fixes.",
  },
  {
    name: "aks-cluster-naming",
    title: "Name of the cluster follows your convention",
    ids: ["AZR-000498"],
    level: "advisory",
    about: "cluster",
    settings: {
      format: {
        type: "string",
        description: "A regular expression, such as ^aks-. Empty: every name passes.",
        default: "",
      },
    },
    problems: (cluster, settings) => outsideConvention("resourceName", textAt(cluster, "resourceName"), settings),
    remedy: "Write a name in `resourceName` that the convention allows. Changing it later replaces the cluster.",
  },
];

/** What a name lacks of a convention. */
export function outsideConvention(
  path: string,
  name: string | undefined,
  settings: Readonly<Record<string, unknown>>,
): readonly string[] {
  const format = textSetting(settings, "format");
  if (format === undefined || matches(new RegExp(format, "u"))(name)) return [];
  return [`${shown(path, name)}, which does not match ${format}`];
}
