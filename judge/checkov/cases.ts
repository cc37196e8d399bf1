import { managedClusterArgs, poolProfile } from "../../components/aks-cluster/managed-cluster";
import { withDefaults } from "../../components/aks-cluster/settings";
import { type Part } from "../../policy-pack/rules";
import { stacks } from "../../stacks";
import { changed, secureCluster, securePool } from "./secure";

/** A cluster that checkov and the rules are asked about, as inputs of azure-native. */
export interface CheckovCase {
  readonly name: string;
  readonly cluster: Part;
  /** Pools of their own. */
  readonly pools: readonly Part[];
}

/** The cluster whose properties are tried: what checkov wants said, though it holds without, is said. */
const base = changed(
  changed(secureCluster, "apiServerAccessProfile.authorizedIPRanges", ["192.0.2.0/24"]),
  "addonProfiles.kubeDashboard",
  { enabled: false },
);

/** Values of the cluster's properties, each tried by itself. */
const clusterValues: Readonly<Record<string, readonly unknown[]>> = {
  disableLocalAccounts: [true, false, undefined],
  enableRBAC: [true, false, undefined],
  apiServerAccessProfile: [
    { authorizedIPRanges: ["192.0.2.0/24"] },
    { authorizedIPRanges: [] },
    { enablePrivateCluster: true },
    undefined,
  ],
  "networkProfile.networkPolicy": ["azure", "calico", "cilium", "none", undefined],
  "networkProfile.networkPlugin": ["azure", "kubenet", "none", undefined],
  "addonProfiles.omsagent": [{ enabled: true }, { enabled: false }, undefined],
  "addonProfiles.azurepolicy": [{ enabled: true }, { enabled: false }, undefined],
  "addonProfiles.httpApplicationRouting": [{ enabled: true }, { enabled: false }, undefined],
  "addonProfiles.kubeDashboard": [{ enabled: true }, { enabled: false }, undefined],
  "addonProfiles.azureKeyvaultSecretsProvider.config.enableSecretRotation": ["true", "false", undefined],
  "autoUpgradeProfile.upgradeChannel": ["patch", "stable", "rapid", "node-image", "none", undefined],
  diskEncryptionSetID: ["/subscriptions/s/diskEncryptionSets/d", undefined],
  "sku.tier": ["Free", "Standard", "Premium", undefined],
};

/** Values of the first pool's properties, inline and as a resource of its own. */
const poolValues: Readonly<Record<string, readonly unknown[]>> = {
  maxPods: [110, 50, 49, undefined],
  type: ["VirtualMachineScaleSets", "AvailabilitySet", undefined],
  osDiskType: ["Ephemeral", "Managed", undefined],
  enableEncryptionAtHost: [true, false, undefined],
  enableNodePublicIP: [true, false, undefined],
  nodeTaints: [["CriticalAddonsOnly=true:NoSchedule"], ["other=true:NoSchedule"], undefined],
};

/** All clusters, in an order that never changes by itself. */
export function checkovCases(): readonly CheckovCase[] {
  return [
    ...Object.keys(stacks).map(stackCase),
    plain("secure", inline(secureCluster, securePool)),
    ...Object.entries(clusterValues).flatMap(([path, values]) =>
      values.map((value) => plain(`${path} ${text(value)}`, inline(changed(base, path, value), securePool))),
    ),
    ...Object.entries(poolValues).flatMap(([path, values]) =>
      values.flatMap((value) => {
        const pool = changed(securePool, path, value);
        const second = inline(base, securePool, { ...pool, agentPoolName: "second" });
        return [
          plain(`first pool ${path} ${text(value)}`, inline(base, pool)),
          plain(`second pool ${path} ${text(value)}`, second),
          { name: `own pool ${path} ${text(value)}`, cluster: inline(base, securePool), pools: [json(pool)] },
        ];
      }),
    ),
  ];
}

/** The body that a stack sends first, with its first pool inline, as the component does. */
function stackCase(name: string): CheckovCase {
  const definition = stacks[name];
  if (definition === undefined) throw new Error(`There is no stack ${name}.`);
  const settings = withDefaults({
    ...definition.cluster,
    name: `aks-mesh-${name}`,
    resourceGroupName: `aks-mesh-${name}`,
    location: "westeurope",
    kubernetesVersion: "1.35",
  });
  const [first] = settings.nodePools;
  if (first === undefined) throw new Error(`Stack ${name} has no pool.`);
  const body = managedClusterArgs(settings, { workspaceId: "/subscriptions/s/workspaces/w" });
  return plain(`stack ${name}`, { ...body, agentPoolProfiles: [{ ...poolProfile(first), name: "bootstrap" }] });
}

function plain(name: string, cluster: object): CheckovCase {
  return { name, cluster: json(cluster), pools: [] };
}

function inline(cluster: Part, ...pools: readonly Part[]): Part {
  return {
    ...cluster,
    agentPoolProfiles: pools.map(({ agentPoolName, ...pool }) => ({ name: agentPoolName, ...pool })),
  };
}

/** As it is sent: without what is undefined. */
function json(value: object): Part {
  return JSON.parse(JSON.stringify(value)) as Part;
}

function text(value: unknown): string {
  return value === undefined ? "not set" : JSON.stringify(value);
}
