import { describe, expect, it } from "vitest";
import { type Deployment, problemsOf, rules, type Settings, Undecidable } from "../../policy-pack/rules";
import { changed, secure } from "../../judge/checkov/secure";

/** A change by which a rule no longer holds, and what it says of it. */
interface Fault {
  readonly change: (whole: Deployment) => Deployment;
  readonly says: string;
  readonly settings?: Settings;
}

const cluster = (path: string, value: unknown, says: string, settings?: Settings): Fault => ({
  change: (whole) => ({ ...whole, cluster: changed(whole.cluster, path, value) }),
  says,
  ...(settings && { settings }),
});
const pools = (path: string, value: unknown, says: string, settings?: Settings): Fault => ({
  change: (whole) => ({ ...whole, pools: whole.pools.map((pool) => changed(pool, path, value)) }),
  says,
  ...(settings && { settings }),
});
const whole = (change: Partial<Deployment>, says: string): Fault => ({
  change: (all) => ({ ...all, ...change }),
  says,
});
const logs = (...entries: readonly object[]) => ({ diagnostics: [{ logs: entries }] });

/** For each rule, by name, what it must find. */
const faults: Readonly<Record<string, readonly Fault[]>> = {
  "aks-local-accounts-off": [cluster("disableLocalAccounts", undefined, "`disableLocalAccounts` is not set")],
  "aks-entra-id": [cluster("aadProfile", undefined, "`aadProfile.managed` is not set")],
  "aks-azure-rbac": [cluster("aadProfile.enableAzureRBAC", false, "is false")],
  "aks-kubernetes-rbac": [cluster("enableRBAC", false, "is false")],
  "aks-api-server-restricted": [
    cluster(
      "apiServerAccessProfile",
      { authorizedIPRanges: [] },
      "neither `apiServerAccessProfile.authorizedIPRanges`",
    ),
  ],
  "aks-private-cluster": [cluster("apiServerAccessProfile.enablePrivateCluster", undefined, "is not set")],
  "aks-run-command-off": [cluster("apiServerAccessProfile.disableRunCommand", false, "is false")],
  "aks-managed-identity": [
    cluster("identity", undefined, "`identity.type` is not set"),
    cluster("servicePrincipalProfile.clientId", "app", '`servicePrincipalProfile.clientId` is "app"'),
  ],
  "aks-network-policy": [cluster("networkProfile.networkPolicy", "none", 'is "none"')],
  "aks-azure-cni": [cluster("networkProfile.networkPlugin", "kubenet", 'is "kubenet"')],
  "aks-standard-load-balancer": [cluster("networkProfile.loadBalancerSku", "basic", 'is "basic"')],
  "aks-azure-policy": [cluster("addonProfiles.azurepolicy.enabled", false, "is false")],
  "aks-key-vault-secrets": [cluster("addonProfiles.azureKeyvaultSecretsProvider", undefined, "is not set")],
  "aks-secret-rotation": [
    cluster("addonProfiles.azureKeyvaultSecretsProvider.config.enableSecretRotation", true, "is true"),
  ],
  "aks-http-application-routing-off": [cluster("addonProfiles.httpApplicationRouting.enabled", true, "is true")],
  "aks-container-insights": [cluster("addonProfiles.omsagent.enabled", false, "is false")],
  "aks-auto-upgrade": [
    cluster("autoUpgradeProfile.upgradeChannel", "none", 'is "none"'),
    cluster("autoUpgradeProfile", undefined, "is not set"),
  ],
  "aks-node-os-upgrade": [cluster("autoUpgradeProfile.nodeOSUpgradeChannel", "Unmanaged", 'is "Unmanaged"')],
  "aks-defender": [cluster("securityProfile.defender", undefined, "is not set")],
  "aks-image-cleaner": [cluster("securityProfile.imageCleaner.enabled", false, "is false")],
  "aks-workload-identity": [cluster("securityProfile.workloadIdentity", undefined, "is not set")],
  "aks-oidc-issuer": [cluster("oidcIssuerProfile.enabled", false, "is false")],
  "aks-etcd-encryption": [cluster("securityProfile.azureKeyVaultKms.enabled", false, "is false")],
  "aks-disk-encryption-set": [cluster("diskEncryptionSetID", "", 'is ""')],
  "aks-encryption-at-host": [pools("enableEncryptionAtHost", undefined, "pool work: `enableEncryptionAtHost`")],
  "aks-ephemeral-disks": [pools("osDiskType", "Managed", 'pool system: `osDiskType` is "Managed"')],
  "aks-three-zones": [pools("availabilityZones", ["1", "1", "2"], 'is ["1","1","2"]')],
  "aks-scale-sets": [pools("type", "AvailabilitySet", 'is "AvailabilitySet"')],
  "aks-pods-per-node": [pools("maxPods", 49, "is 49"), pools("maxPods", 110, "is 110", { minimum: 111 })],
  "aks-autoscaling": [pools("enableAutoScaling", false, "is false")],
  "aks-system-nodes": [pools("minCount", 2, "the system pools keep 2 nodes, and 3 are the fewest that pass")],
  "aks-user-nodes": [
    pools("minCount", 2, "pool work: it keeps 2 nodes"),
    pools("minCount", 3, "it keeps 3 nodes, and 4 are", { minimum: 4 }),
  ],
  "aks-node-public-ip-off": [pools("enableNodePublicIP", true, "is true")],
  "aks-system-pool-taint": [pools("nodeTaints", undefined, "pool system: `nodeTaints` is not set")],
  "aks-uptime-agreement": [cluster("sku.tier", "Free", 'is "Free"')],
  "aks-kubernetes-version": [
    cluster("kubernetesVersion", undefined, "`kubernetesVersion` is not set, and the oldest that passes is 1.33"),
    cluster("kubernetesVersion", "1.35.4", "the oldest that passes is 1.36", { minimum: "1.36" }),
  ],
  "aks-pool-version": [pools("orchestratorVersion", "1.34", 'is "1.34"')],
  "aks-cluster-name": [cluster("resourceName", "shop_", 'is "shop_"'), cluster("resourceName", "s".repeat(64), "is")],
  "aks-dns-prefix": [cluster("dnsPrefix", "my_shop", 'is "my_shop"'), cluster("dnsPrefix", "s".repeat(55), "is")],
  "aks-audit-logs": [
    whole({ diagnostics: [] }, "no diagnostic setting keeps `guard`"),
    whole(logs({ category: "kube-audit", enabled: true }, { category: "guard", enabled: false }), "keeps `guard`"),
  ],
  "aks-audit-admin": [
    whole(logs({ category: "kube-audit", enabled: true }), "a diagnostic setting keeps `kube-audit`"),
    whole(logs({ categoryGroup: "allLogs", enabled: true }), "a diagnostic setting keeps `kube-audit`"),
  ],
  "aks-platform-logs": [
    whole({ diagnostics: [] }, "`AllMetrics`"),
    whole(logs({ categoryGroup: "audit", enabled: true }), "`kube-scheduler`"),
  ],
  "aks-maintenance-windows": [
    whole({ windows: [{ configName: "default" }] }, "there is no window `aksManagedNodeOSUpgradeSchedule`"),
  ],
  "aks-node-subnet-size": [
    whole({ subnets: [{ subnetName: "nodes", addressPrefix: "10.0.0.0/24" }] }, "the subnet nodes is 10.0.0.0/24"),
  ],
  "aks-dashboard-off": [cluster("addonProfiles.KubeDashboard.enabled", true, "is true")],
  "aks-csi-drivers": [
    cluster("storageProfile.snapshotController.enabled", false, "snapshotController.enabled` is false"),
  ],
  "aks-pod-identity-off": [cluster("podIdentityProfile.enabled", true, "is true")],
  "aks-cluster-naming": [
    cluster("resourceName", "shop", '`resourceName` is "shop", which does not match ^aks-', { format: "^aks-" }),
  ],
  "aks-node-ssh-off": [
    pools("securityProfile", undefined, "is not set"),
    pools("securityProfile.sshAccess", "LocalUser", "is"),
  ],
  "aks-node-os-supported": [pools("osSKU", "CBLMariner", 'is "CBLMariner"')],
  "aks-system-pool-naming": [pools("agentPoolName", "first", "does not match ^npsystem", { format: "^npsystem" })],
  "aks-user-pool-naming": [pools("agentPoolName", "first", "does not match ^np", { format: "^np" })],
};

describe("the rules of the policy pack", () => {
  it("hold, each of them, where everything is as they want it", () => {
    expect(rules.flatMap((rule) => problemsOf(rule, secure))).toEqual([]);
  });

  it("have names of their own, and a fault each below", () => {
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    expect(rules.map(({ name }) => name).sort()).toEqual(Object.keys(faults).sort());
  });

  it.each(rules.map((rule) => [rule.name, rule] as const))("%s finds what breaks it", (name, rule) => {
    for (const { change, says, settings } of faults[name] ?? []) {
      const problems = problemsOf(rule, change(secure), settings);
      expect(problems.length).toBeGreaterThan(0);
      expect(
        problems.some((problem) => problem.includes(says)),
        problems.join("\n"),
      ).toBe(true);
    }
  });

  it("take add-ons in any spelling of their keys, as Azure does", () => {
    const rule = rules.find(({ name }) => name === "aks-azure-policy");
    if (rule === undefined) throw new Error("There is no such rule.");
    const cluster = changed(secure.cluster, "addonProfiles", { azurePolicy: { enabled: true } });
    expect(problemsOf(rule, { ...secure, cluster })).toEqual([]);
  });

  it("do not ask spot pools for nodes that stay", () => {
    const spot = {
      agentPoolName: "spot",
      mode: "User",
      scaleSetPriority: "Spot",
      enableAutoScaling: true,
      minCount: 0,
    };
    const rule = rules.find(({ name }) => name === "aks-user-nodes");
    expect(rule && problemsOf(rule, { ...secure, pools: [spot] })).toEqual([]);
  });

  it("say that a subnet from elsewhere cannot be judged, rather than that it passes", () => {
    const rule = rules.find(({ name }) => name === "aks-node-subnet-size");
    expect(() => rule && problemsOf(rule, { ...secure, foreignSubnets: ["work"] })).toThrow(Undecidable);
    expect(() => rule && problemsOf(rule, { ...secure, foreignSubnets: ["work"] })).toThrow("the subnet of work");
  });

  it("have a remedy that names what to write", () => {
    expect(rules.filter(({ remedy }) => !/`|Give the pool a name/.test(remedy) && !/\/23/.test(remedy))).toEqual([]);
  });
});
