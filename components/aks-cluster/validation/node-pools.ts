import { bootstrapPoolName } from "../bootstrap-pool";
import { NetworkPlugin, NetworkPluginMode, NodePoolMode } from "../enums";
import { poolName, poolPrefixLimits } from "../pool-name";
import { type ClusterSettings, type NodePoolSettings } from "../settings";
import { gatewayPoolProblems } from "./gateway-pools";
import { isWhole, must, type Problem, quoted } from "./problem";

const mostNodesInPool = 1000;
const mostNodes = 5000;
const mostPools = 100;

/** The node pools, each by itself and all together. */
export function nodePoolProblems(settings: ClusterSettings): Problem[] {
  const { nodePools } = settings;
  const nodes = nodePools.reduce((sum, pool) => sum + (pool.maxCount ?? pool.count), 0);
  return [
    ...must(
      nodePools.some(({ mode }) => mode === NodePoolMode.System),
      "nodePools",
      'has no pool with mode "System", which carries AKS\'s own pods. Add one.',
    ),
    ...must(
      nodePools.length < mostPools,
      "nodePools",
      `has ${nodePools.length} pools. AKS takes ${mostPools}, one in reserve.`,
    ),
    ...must(
      nodes <= mostNodes,
      "nodePools",
      `may grow to ${nodes} nodes. AKS takes ${mostNodes} in a cluster: lower maxCount.`,
    ),
    ...nodePools.flatMap((pool, index) => [
      ...must(
        nodePools.findIndex(({ name }) => name === pool.name) === index,
        `nodePools[${index}].name`,
        `is ${quoted(pool.name)}, as another pool's. Give every pool a name of its own.`,
      ),
      ...poolProblems(pool, `nodePools[${index}]`, settings),
    ]),
  ];
}

function poolProblems(pool: NodePoolSettings, path: string, settings: ClusterSettings): Problem[] {
  const windows = pool.osType === "Windows";
  const longest = windows ? poolPrefixLimits.windows : poolPrefixLimits.linux;
  return [
    ...must(
      /^[a-z][a-z0-9]*$/.test(pool.name) && pool.name.length <= longest,
      `${path}.name`,
      `is ${quoted(pool.name)}. Write a lower-case letter, then lower-case letters and digits, ${longest} in all` +
        `${windows ? " for Windows" : ""}.`,
    ),
    ...must(
      poolName(pool) !== bootstrapPoolName,
      `${path}.name`,
      "happens to give the name of the pool that a new cluster starts with. Write another revision.",
    ),
    ...must(
      /^Standard_[A-Z][A-Za-z0-9_-]*$/.test(pool.vmSize),
      `${path}.vmSize`,
      `is ${quoted(pool.vmSize)}. Write a size such as Standard_D4ds_v5.`,
    ),
    ...must(isWhole(pool.maxPods, 10, 250), `${path}.maxPods`, `is ${pool.maxPods}. Write 10 to 250 pods.`),
    ...must(
      pool.osDiskSizeGb === undefined || isWhole(pool.osDiskSizeGb, 30, 2048),
      `${path}.osDiskSizeGb`,
      `is ${pool.osDiskSizeGb}. Write 30 to 2048, or leave it out.`,
    ),
    ...must(
      pool.zones.every((zone) => ["1", "2", "3"].includes(zone)) && new Set(pool.zones).size === pool.zones.length,
      `${path}.zones`,
      `is ${quoted(pool.zones)}. Write some of "1", "2" and "3", or [] in a region without zones.`,
    ),
    ...must(
      !pool.spot || pool.mode === NodePoolMode.User,
      `${path}.spot`,
      'is for mode "User": Azure may take spot nodes away, and AKS\'s own pods with them.',
    ),
    ...must(
      !windows || pool.mode === NodePoolMode.User,
      `${path}.osSku`,
      `is Windows, which is for mode "User", and mode is ${quoted(pool.mode)}. Make the pool a Linux one.`,
    ),
    ...must(
      /^([1-9]\d*|([1-9]\d?|100)%)$/.test(pool.maxSurge),
      `${path}.maxSurge`,
      `is ${quoted(pool.maxSurge)}. Write a number of nodes, or 1% to 100%.`,
    ),
    ...must(
      pool.podSubnetId === undefined ||
        (settings.network.plugin === NetworkPlugin.Azure && settings.network.mode === NetworkPluginMode.Subnet),
      `${path}.podSubnetId`,
      'is for network.plugin "azure" with network.mode "subnet". Change those, or leave it out.',
    ),
    ...must(
      pool.podSubnetId === undefined || pool.subnetId !== undefined,
      `${path}.podSubnetId`,
      "needs a subnet for the nodes too. Write subnetId, or network.nodeSubnetId.",
    ),
    ...gatewayPoolProblems(pool, path, settings),
    ...countProblems(pool, path, settings),
    ...Object.entries(pool.labels).flatMap(([label, value]) =>
      must(
        /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/.test(value),
        `${path}.labels`,
        `has ${quoted(value)} under ${quoted(label)}. Write up to 63 letters, digits, hyphens, underscores and dots, with a letter or ` +
          "digit at both ends.",
      ),
    ),
    ...pool.taints.flatMap((taint, index) =>
      must(
        /^[A-Za-z0-9][-\w./]*(=[-\w.]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$/.test(taint),
        `${path}.taints[${index}]`,
        `is ${quoted(taint)}. Write key=value:NoSchedule, or the effect PreferNoSchedule or NoExecute.`,
      ),
    ),
    ...Object.keys(pool.labels).flatMap((label) =>
      must(
        !/(^|\.)kubernetes\.azure\.com\//.test(label) &&
          /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(label),
        `${path}.labels`,
        `has the key ${quoted(label)}. Write a Kubernetes label; those of kubernetes.azure.com are AKS's own.`,
      ),
    ),
  ];
}

function countProblems(pool: NodePoolSettings, path: string, { scaling }: ClusterSettings): Problem[] {
  if (scaling.nodeAutoprovisioning && pool.autoscale) {
    return must(
      false,
      `${path}.autoscale`,
      "is on, and so is scaling.nodeAutoprovisioning, which adds nodes by itself. Write autoscale: false with a count.",
    );
  }
  const least = pool.mode === NodePoolMode.User ? 0 : 1;
  const bounds = `Write ${least} to ${mostNodesInPool}.`;
  if (!pool.autoscale) {
    return [
      ...must(isWhole(pool.count, least, mostNodesInPool), `${path}.count`, `is ${pool.count}. ${bounds}`),
      ...must(
        pool.minCount === undefined && pool.maxCount === undefined,
        `${path}.${pool.minCount === undefined ? "maxCount" : "minCount"}`,
        "is for autoscaling, and autoscale is false. Write count instead.",
      ),
    ];
  }
  const { minCount = 0, maxCount = 0 } = pool;
  return [
    ...must(isWhole(minCount, least, mostNodesInPool), `${path}.minCount`, `is ${minCount}. ${bounds}`),
    ...must(
      isWhole(maxCount, 1, mostNodesInPool),
      `${path}.maxCount`,
      `is ${maxCount}. Write 1 to ${mostNodesInPool}.`,
    ),
    ...must(
      maxCount >= minCount,
      `${path}.maxCount`,
      `is ${maxCount}, less than minCount ${minCount}. Write ${minCount} or more.`,
    ),
    ...must(
      maxCount < minCount || (pool.count >= minCount && pool.count <= maxCount),
      `${path}.count`,
      `is ${pool.count}, where the pool starts. Write ${minCount} to ${maxCount}, or leave it out.`,
    ),
  ];
}
