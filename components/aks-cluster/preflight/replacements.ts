import { bootstrapPoolName } from "../bootstrap-pool";
import { poolName } from "../pool-name";
import { type NodePoolSettings } from "../settings";
import { type LiveCluster, liveCluster } from "./live-cluster";
import { listed, type Question } from "./question";

/** What a change of a field that Azure fixes in a node pool is going to do. Nothing of it is refused. */
export const replacements: Question = {
  subject: "node pools that are replaced",
  async ask(plan) {
    const live = await liveCluster(plan);
    const { nodePools } = plan.settings;
    return { problems: [], notes: live === undefined ? [] : nodePools.flatMap((pool) => note(pool, nodePools, live)) };
  },
};

function note(pool: NodePoolSettings, all: readonly NodePoolSettings[], { pools }: LiveCluster): string[] {
  const name = poolName(pool);
  if (pools.has(name)) return [];
  const wanted = new Set(all.map(poolName));
  const hashLength = name.length - pool.name.length;
  const old = [...pools.keys()].filter(
    (other) =>
      other.startsWith(pool.name) &&
      other.length === pool.name.length + hashLength &&
      other !== bootstrapPoolName &&
      !wanted.has(other),
  );
  if (old.length === 0) return [];
  return [
    `The node pool ${pool.name} is replaced, because Azure cannot change in it what is to change. First ${name} is made with ` +
      `${pool.vmSize}; when all new pools are ready, Azure drains ${listed(old, "and")}, so that the pods move, and removes it. ` +
      "Pods without a second replica are away for a moment, and until then the nodes of both count against the quota.",
  ];
}
