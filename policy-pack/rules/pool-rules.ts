import { outsideConvention } from "./cluster-rules";
import { at, listAt, type Part } from "./inputs";
import { isNotTrue, isTrue, numberSetting, oneOf, poolName, property, type Rule, shown } from "./rule";

const autoscales = property("enableAutoScaling", isTrue);

/** Each node pool by itself. */
export const poolRules: readonly Rule[] = [
  {
    name: "aks-encryption-at-host",
    title: "Encryption at host",
    ids: ["CKV_AZURE_227", "41425d9f"],
    level: "advisory",
    about: "pool",
    problems: property("enableEncryptionAtHost", isTrue),
    remedy:
      "Write `enableEncryptionAtHost: true`; the subscription needs the feature Microsoft.Compute/EncryptionAtHost.",
  },
  {
    name: "aks-ephemeral-disks",
    title: "Ephemeral operating system disks",
    ids: ["AZR-000287", "CKV_AZURE_226"],
    level: "advisory",
    about: "pool",
    problems: property("osDiskType", oneOf("Ephemeral")),
    remedy: 'Write `osDiskType: "Ephemeral"`, and a VM size with a local disk that is large enough.',
  },
  {
    name: "aks-three-zones",
    title: "Three zones",
    ids: ["AZR-000021", "2dec5f47"],
    level: "advisory",
    about: "pool",
    problems: (pool) => {
      const zones = at(pool, "availabilityZones");
      return Array.isArray(zones) && new Set(zones).size >= 3 ? [] : [shown("availabilityZones", zones)];
    },
    remedy:
      'Write `availabilityZones: ["1", "2", "3"]`, in a region that has them. Changing it later replaces the pool.',
  },
  {
    name: "aks-scale-sets",
    title: "Virtual machine scale sets",
    ids: ["AZR-000017", "CKV_AZURE_169"],
    level: "advisory",
    about: "pool",
    problems: property("type", oneOf("VirtualMachineScaleSets")),
    remedy: 'Write `type: "VirtualMachineScaleSets"`.',
  },
  {
    name: "aks-pods-per-node",
    title: "At least 50 pods a node",
    ids: ["AZR-000018", "CKV_AZURE_168"],
    level: "advisory",
    about: "pool",
    settings: { minimum: { type: "integer", description: "The smallest `maxPods` that passes.", default: 50 } },
    problems: property(
      "maxPods",
      (most, _, settings) => typeof most === "number" && most >= numberSetting(settings, "minimum", 50),
    ),
    remedy: "Write `maxPods: 110`. Changing it later replaces the pool.",
  },
  {
    name: "aks-autoscaling",
    title: "Autoscaling",
    ids: ["AZR-000019"],
    level: "advisory",
    about: "pool",
    problems: (pool, settings) => (at(pool, "mode") === "Gateway" ? [] : autoscales(pool, settings)),
    remedy: "Write `enableAutoScaling: true` with `minCount` and `maxCount`. Pools of the mode `Gateway` cannot.",
  },
];

/** How many nodes there always are. */
export const countRules: readonly Rule[] = [
  {
    name: "aks-system-nodes",
    title: "System pools keep at least 3 nodes",
    ids: ["AZR-000024"],
    level: "advisory",
    about: "deployment",
    settings: { minimum: { type: "integer", description: "Nodes of all system pools together.", default: 3 } },
    problems: ({ pools }, settings) => {
      const least = numberSetting(settings, "minimum", 3);
      const nodes = pools.filter(isSystem).reduce((sum, pool) => sum + nodesOf(pool), 0);
      return nodes >= least
        ? []
        : [`the system pools keep ${nodeCount(nodes)}, and ${String(least)} are the fewest that pass`];
    },
    remedy: "Write a larger `minCount` for a system pool, or `count` where it does not scale by itself.",
  },
  {
    name: "aks-user-nodes",
    title: "User pools keep at least 3 nodes",
    ids: ["AZR-000412"],
    level: "advisory",
    about: "pool",
    settings: { minimum: { type: "integer", description: "Nodes of each user pool.", default: 3 } },
    problems: (pool, settings) => {
      const least = numberSetting(settings, "minimum", 3);
      if (at(pool, "mode") !== "User" || at(pool, "scaleSetPriority") === "Spot" || nodesOf(pool) >= least) return [];
      return [`it keeps ${nodeCount(nodesOf(pool))}, and ${String(least)} are the fewest that pass`];
    },
    remedy: "Write a larger `minCount`, or `count` where the pool does not scale by itself. Spot pools need not.",
  },
];

/** Nodes by themselves, and what may run on them. */
export const nodeRules: readonly Rule[] = [
  {
    name: "aks-node-public-ip-off",
    title: "Nodes have no public addresses",
    ids: ["CKV_AZURE_143"],
    level: "mandatory",
    about: "pool",
    problems: property("enableNodePublicIP", isNotTrue),
    remedy: "Write `enableNodePublicIP: false`, and use a load balancer or a NAT gateway.",
  },
  {
    name: "aks-system-pool-taint",
    title: "System pools are tainted",
    ids: ["CKV_AZURE_232"],
    level: "advisory",
    about: "pool",
    problems: (pool) =>
      !isSystem(pool) || listAt(pool, "nodeTaints").includes("CriticalAddonsOnly=true:NoSchedule")
        ? []
        : [shown("nodeTaints", at(pool, "nodeTaints"))],
    remedy: 'Write `nodeTaints: ["CriticalAddonsOnly=true:NoSchedule"]`, with another pool for what else runs.',
  },
];

/** What 2026's lists have beside. */
export const laterPoolRules: readonly Rule[] = [
  {
    name: "aks-node-ssh-off",
    title: "Nobody reaches nodes by SSH with a key",
    ids: ["28257686"],
    level: "advisory",
    about: "pool",
    problems: property("securityProfile.sshAccess", oneOf("Disabled", "EntraId")),
    remedy: 'Write `securityProfile: { sshAccess: "Disabled" }`; `kubectl debug node/…` still reaches them.',
  },
  {
    name: "aks-node-os-supported",
    title: "Nodes' operating system gets new images",
    ids: [],
    level: "advisory",
    about: "pool",
    // AKS builds no more images for these: https://aka.ms/aks/node-images.
    problems: property("osSKU", (sku) => !oneOf("CBLMariner", "Mariner", "Windows2019")(sku)),
    remedy: 'Write `osSKU: "AzureLinux"`, `Ubuntu` or `Windows2022`. Changing it replaces the nodes.',
  },
  {
    name: "aks-system-pool-naming",
    title: "Names of system pools follow your convention",
    ids: ["AZR-000499"],
    level: "advisory",
    about: "pool",
    settings: {
      format: {
        type: "string",
        description: "A regular expression, such as ^npsystem. Empty: every name passes.",
        default: "",
      },
    },
    problems: (pool, settings) => (isSystem(pool) ? outsideConvention("name", poolName(pool), settings) : []),
    remedy: "Give the pool a name that the convention allows. Changing it later replaces the pool.",
  },
  {
    name: "aks-user-pool-naming",
    title: "Names of user pools follow your convention",
    ids: ["AZR-000500"],
    level: "advisory",
    about: "pool",
    settings: {
      format: {
        type: "string",
        description: "A regular expression, such as ^np. Empty: every name passes.",
        default: "",
      },
    },
    problems: (pool, settings) =>
      at(pool, "mode") === "User" ? outsideConvention("name", poolName(pool), settings) : [],
    remedy: "Give the pool a name that the convention allows. Changing it later replaces the pool.",
  },
];

function isSystem(pool: Part): boolean {
  return at(pool, "mode") === "System";
}

/** Nodes that a pool always has. */
function nodesOf(pool: Part): number {
  const least = at(pool, "enableAutoScaling") === true ? at(pool, "minCount") : at(pool, "count");
  return typeof least === "number" ? least : 0;
}

function nodeCount(nodes: number): string {
  return nodes === 1 ? "1 node" : `${String(nodes)} nodes`;
}
