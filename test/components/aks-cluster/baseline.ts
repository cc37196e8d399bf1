import { type Registered } from "./mocks";

/** A part of a request to Azure, as far as a rule looks at it. */
type Part = Readonly<Record<string, unknown>>;

/** Everything that a rule may look at. */
export interface Deployment {
  readonly cluster: Part;
  /** Pools of their own and inline ones. */
  readonly pools: readonly Part[];
  readonly diagnostics: readonly Part[];
  readonly windows: readonly Part[];
}

/** One rule of the baseline, by its number in docs/aks-baseline.md. */
export interface Rule {
  readonly number: number;
  holds(deployment: Deployment): boolean;
}

/** The oldest Kubernetes version that passes rule 36. */
const oldestVersion = 33;

/** What was registered, as the rules look at it. */
export function deploymentOf(registered: readonly Registered[]): Deployment {
  const every = (type: string): Part[] =>
    registered.filter((candidate) => candidate.type.endsWith(`:${type}`)).map(({ inputs }) => inputs);
  const [cluster = {}] = every("ManagedCluster");
  return {
    cluster,
    pools: [...every("AgentPool"), ...(list(cluster, "agentPoolProfiles") as Part[])],
    diagnostics: every("DiagnosticSetting"),
    windows: every("MaintenanceConfiguration"),
  };
}

/** The value at a path of keys. Keys are compared without regard to case, as Azure does with add-ons. */
function at(part: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    const entries = Object.entries((value ?? {}) as Part);
    return entries.find(([candidate]) => candidate.toLowerCase() === key.toLowerCase())?.[1];
  }, part);
}

function list(part: unknown, path: string): unknown[] {
  const value = at(part, path);
  return Array.isArray(value) ? value : [];
}

const cluster =
  (path: string, test: (value: unknown) => boolean): Rule["holds"] =>
  (deployment) =>
    test(at(deployment.cluster, path));
const pools =
  (path: string, test: (value: unknown) => boolean): Rule["holds"] =>
  (deployment) =>
    deployment.pools.length > 0 && deployment.pools.every((pool) => test(at(pool, path)));
const isTrue = (value: unknown): boolean => value === true;
const isNotTrue = (value: unknown): boolean => value !== true;
const oneOf =
  (...allowed: readonly unknown[]) =>
  (value: unknown): boolean =>
    allowed.includes(value);
const matches =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === "string" && pattern.test(value);

function keptLogs({ diagnostics }: Deployment): unknown[] {
  return diagnostics.flatMap((setting) =>
    list(setting, "logs").flatMap((log) => (at(log, "enabled") === true ? [at(log, "category")] : [])),
  );
}

function keptMetrics({ diagnostics }: Deployment): unknown[] {
  return diagnostics.flatMap((setting) => list(setting, "metrics").map((metric) => at(metric, "category")));
}

const privateCluster = cluster("apiServerAccessProfile.enablePrivateCluster", isTrue);

const tests: readonly Rule["holds"][] = [
  cluster("disableLocalAccounts", isTrue),
  cluster("aadProfile.managed", isTrue),
  cluster("aadProfile.enableAzureRBAC", isTrue),
  cluster("enableRBAC", isTrue),
  (deployment) =>
    privateCluster(deployment) || list(deployment.cluster, "apiServerAccessProfile.authorizedIPRanges").length > 0,
  privateCluster,
  cluster("apiServerAccessProfile.disableRunCommand", isTrue),
  (deployment) =>
    oneOf("SystemAssigned", "UserAssigned")(at(deployment.cluster, "identity.type")) &&
    at(deployment.cluster, "servicePrincipalProfile") === undefined,
  cluster("networkProfile.networkPolicy", oneOf("azure", "calico", "cilium")),
  cluster("networkProfile.networkPlugin", oneOf("azure")),
  cluster("networkProfile.loadBalancerSku", oneOf("standard")),
  cluster("addonProfiles.azurepolicy.enabled", isTrue),
  cluster("addonProfiles.azureKeyvaultSecretsProvider.enabled", isTrue),
  cluster("addonProfiles.azureKeyvaultSecretsProvider.config.enableSecretRotation", oneOf("true")),
  cluster("addonProfiles.httpApplicationRouting.enabled", isNotTrue),
  cluster("addonProfiles.omsagent.enabled", isTrue),
  cluster("autoUpgradeProfile.upgradeChannel", oneOf("patch", "stable", "rapid", "node-image")),
  cluster("autoUpgradeProfile.nodeOSUpgradeChannel", oneOf("SecurityPatch", "NodeImage")),
  cluster("securityProfile.defender.securityMonitoring.enabled", isTrue),
  cluster("securityProfile.imageCleaner.enabled", isTrue),
  cluster("securityProfile.workloadIdentity.enabled", isTrue),
  cluster("oidcIssuerProfile.enabled", isTrue),
  cluster("securityProfile.azureKeyVaultKms.enabled", isTrue),
  cluster("diskEncryptionSetID", matches(/./)),
  pools("enableEncryptionAtHost", isTrue),
  pools("osDiskType", oneOf("Ephemeral")),
  pools("availabilityZones", (zones) => Array.isArray(zones) && new Set(zones).size === 3),
  pools("type", oneOf("VirtualMachineScaleSets")),
  pools("maxPods", (most) => typeof most === "number" && most >= 50),
  pools("enableAutoScaling", isTrue),
  ({ pools: all }) =>
    all
      .filter((pool) => pool["mode"] === "System" && pool["name"] !== "bootstrap")
      .reduce((sum, pool) => sum + Number(pool["minCount"] ?? 0), 0) >= 3,
  ({ pools: all }) =>
    all
      .filter((pool) => pool["mode"] === "User" && pool["scaleSetPriority"] !== "Spot")
      .every((pool) => Number(pool["minCount"] ?? 0) >= 3),
  pools("enableNodePublicIP", isNotTrue),
  ({ pools: all }) =>
    all
      .filter((pool) => pool["mode"] === "System")
      .every((pool) => list(pool, "nodeTaints").includes("CriticalAddonsOnly=true:NoSchedule")),
  cluster("sku.tier", oneOf("Standard", "Premium")),
  (deployment) =>
    oneOf("rapid", "stable")(at(deployment.cluster, "autoUpgradeProfile.upgradeChannel")) ||
    Number(/^1\.(\d+)/.exec(String(at(deployment.cluster, "kubernetesVersion")))?.[1] ?? 0) >= oldestVersion,
  (deployment) =>
    pools("orchestratorVersion", oneOf(undefined, at(deployment.cluster, "kubernetesVersion")))(deployment),
  cluster("resourceName", matches(/^[a-z0-9]([-\w]{0,61}[a-z0-9])?$/i)),
  cluster("dnsPrefix", matches(/^[a-z0-9-]{1,54}$/i)),
  (deployment) => {
    const logs = keptLogs(deployment);
    return logs.includes("guard") && (logs.includes("kube-audit") || logs.includes("kube-audit-admin"));
  },
  (deployment) => keptLogs(deployment).includes("kube-audit-admin") && !keptLogs(deployment).includes("kube-audit"),
  (deployment) =>
    ["cluster-autoscaler", "kube-apiserver", "kube-controller-manager", "kube-scheduler"].every((log) =>
      keptLogs(deployment).includes(log),
    ) && keptMetrics(deployment).includes("AllMetrics"),
  ({ windows }) =>
    ["aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"].every((name) =>
      windows.some((window) => window["configName"] === name),
    ),
  // The size of a subnet is nothing that this deployment says: it names one, or none.
  () => false,
];

/** The 44 rules. */
export const rules: readonly Rule[] = tests.map((holds, index) => ({ number: index + 1, holds }));
