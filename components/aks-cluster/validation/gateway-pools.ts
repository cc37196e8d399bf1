import { NodePoolMode } from "../enums";
import { type ClusterSettings, type NodePoolSettings } from "../settings";
import { isWhole, must, type Problem } from "./problem";

/** Lengths of public IP prefixes that AKS gives the addresses of a gateway pool: 16 addresses to 2. */
const prefixSizes = { shortest: 28, longest: 31 } as const;

/** Most nodes of a pool whose prefix has this length: one for each address. */
const nodesOf = (prefixSize: number): number => 2 ** (32 - prefixSize);

/** What holds of pools of the mode `Gateway` alone: "Configure Static Egress Gateway in Azure Kubernetes Service". */
export function gatewayPoolProblems(
  pool: NodePoolSettings,
  path: string,
  { network, nodePools }: ClusterSettings,
): Problem[] {
  const { gatewayPublicIpPrefixSize: prefixSize, count } = pool;
  if (pool.mode !== NodePoolMode.Gateway) {
    return must(
      prefixSize === undefined,
      `${path}.gatewayPublicIpPrefixSize`,
      'is for mode "Gateway", whose nodes have addresses of their own. Leave it out, or change mode.',
    );
  }
  const { shortest, longest } = prefixSizes;
  const size = prefixSize ?? longest;
  const sized = isWhole(size, shortest, longest);
  const larger = Array.from({ length: size - shortest }, (_, index) => size - 1 - index).find(
    (candidate) => nodesOf(candidate) >= count,
  );
  const podSubnet = nodePools.findIndex(({ podSubnetId }) => podSubnetId !== undefined);
  return [
    ...must(
      network.staticEgressGateway === true,
      `${path}.mode`,
      'is "Gateway", which needs network.staticEgressGateway. Write staticEgressGateway: true, or take the pool out.',
    ),
    ...must(
      podSubnet < 0,
      `${path}.mode`,
      `is "Gateway", which does not work where pods have a subnet, as those of nodePools[${podSubnet}]. Leave podSubnetId out, or take ` +
        "the pool out.",
    ),
    ...must(
      !pool.autoscale,
      `${path}.autoscale`,
      'is true, and AKS does not scale a pool of the mode "Gateway". Write count instead.',
    ),
    ...must(
      sized,
      `${path}.gatewayPublicIpPrefixSize`,
      `is ${size}. Write ${shortest} (${nodesOf(shortest)} addresses) to ${longest} (${nodesOf(longest)}).`,
    ),
    ...must(
      !sized || pool.autoscale || count <= nodesOf(size),
      `${path}.count`,
      `is ${count}, and a prefix of the length ${size} has ${nodesOf(size)} addresses, one for each node. ` +
        (larger === undefined
          ? `Write ${nodesOf(size)} or less.`
          : `Write gatewayPublicIpPrefixSize: ${larger}, or count: ${nodesOf(size)}.`),
    ),
  ];
}
