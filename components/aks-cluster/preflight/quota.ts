import { NodePoolMode } from "../enums";
import { type NodePoolSettings } from "../settings";
import { must } from "../validation/problem";
import { liveCluster, livePoolVersion } from "./live-cluster";
import { type Question } from "./question";
import { type VmSize, vmSizesOf } from "./vm-sizes";

interface Usage {
  readonly name: { readonly value: string };
  readonly currentValue: number;
  readonly limit: number;
}

/** Azure's names of the quotas for all machines of a region together. */
const allMachines = "cores";
const spotMachines = "lowPriorityCores";

/** Whether the nodes that the plan begins with fit into what is left of the quota. */
export const quota: Question = {
  subject: "the quota",
  async ask(plan) {
    const { azure, location, settings } = plan;
    const path = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Compute/locations/${location}/usages`;
    const [live, sizes, usages] = await Promise.all([
      liveCluster(plan),
      vmSizesOf(plan),
      azure.list(`Reading the quota of ${location}`, path, "2024-07-01"),
    ]);
    const added = settings.nodePools.filter((pool) => livePoolVersion(live, pool) === undefined);
    const needed = vcpusNeeded(added, live === undefined, sizes);
    return {
      problems: (usages as Usage[]).flatMap(({ name: { value }, currentValue, limit }) => {
        const needs = needed.get(value) ?? 0;
        const free = Math.max(limit - currentValue, 0);
        return must(
          needs <= free,
          "nodePools",
          `need ${needs} vCPUs of the quota ${value} in ${location} to begin with, and ${free} of ${limit} are left. Write a ` +
            "lower minCount or count, another vmSize or location, or ask for more: Azure portal, Quotas.",
        );
      }),
    };
  },
};

/**
 * The most vCPUs in use at a time while pools are added, by quota. A new cluster has its bootstrap pool, as large as the first
 * system pool, until the system pools are there.
 */
export function vcpusNeeded(
  added: readonly NodePoolSettings[],
  newCluster: boolean,
  sizes: ReadonlyMap<string, VmSize>,
): ReadonlyMap<string, number> {
  const system = added.filter(({ mode }) => mode === NodePoolMode.System);
  const bootstrap = newCluster ? system.slice(0, 1) : [];
  const needed = new Map<string, number>();
  for (const together of [[...bootstrap, ...system], added]) {
    for (const [name, vcpus] of vcpusOf(together, sizes)) needed.set(name, Math.max(needed.get(name) ?? 0, vcpus));
  }
  return needed;
}

function vcpusOf(pools: readonly NodePoolSettings[], sizes: ReadonlyMap<string, VmSize>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const pool of pools) {
    const size = sizes.get(pool.vmSize.toLowerCase());
    if (size === undefined) continue;
    for (const name of pool.spot ? [spotMachines] : [allMachines, size.family]) {
      sums.set(name, (sums.get(name) ?? 0) + pool.count * size.vcpus);
    }
  }
  return sums;
}
