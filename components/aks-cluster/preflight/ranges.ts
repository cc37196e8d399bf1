import { NetworkPluginMode } from "../enums";
import { must, type Problem, quoted } from "../validation/problem";
import { overlap, range } from "../validation/ranges";
import { liveCluster } from "./live-cluster";
import { type Question } from "./question";
import { networkApi, networkOf } from "./references";

interface Subnet {
  readonly properties?: { readonly addressPrefix?: string; readonly addressPrefixes?: readonly string[] };
}

interface Network {
  readonly properties?: { readonly subnets?: readonly Subnet[] };
}

/** Addresses that Azure keeps of each subnet. */
const keptByAzure = 5;

/**
 * Whether the ranges of a new cluster lie apart from the subnets of the network that its nodes join, and the nodes that it begins
 * with fit into theirs.
 */
export const ranges: Question = {
  subject: "the ranges of the network",
  async ask(plan) {
    const { settings, azure } = plan;
    const { nodeSubnetId, podCidr, serviceCidr, mode } = settings.network;
    const networkId = typeof nodeSubnetId === "string" ? networkOf(nodeSubnetId) : undefined;
    if (typeof nodeSubnetId !== "string" || networkId === undefined) return { problems: [] };
    const [live, network, subnet] = await Promise.all([
      liveCluster(plan),
      azure.read("Reading the network of a subnet", networkId, networkApi) as Promise<Network | undefined>,
      azure.read("Reading the subnet of network.nodeSubnetId", nodeSubnetId, networkApi) as Promise<Subnet | undefined>,
    ]);
    if (live !== undefined) return { problems: [] };
    const taken = (network?.properties?.subnets ?? []).flatMap(prefixesOf);
    const [prefix = ""] = prefixesOf(subnet);
    const bits = range(prefix)?.[1];
    const needed = settings.nodePools
      .filter(({ subnetId }) => subnetId === nodeSubnetId)
      .reduce((sum, pool) => sum + pool.count * (mode === NetworkPluginMode.Overlay ? 1 : pool.maxPods + 1), 0);
    const free = bits === undefined ? needed : Math.max(2 ** (32 - bits) - keptByAzure, 0);
    return {
      problems: [
        ...apart("network.serviceCidr", serviceCidr, taken),
        ...apart("network.podCidr", podCidr, taken),
        ...must(
          needed <= free,
          "network.nodeSubnetId",
          `has ${free} addresses in ${prefix}, and the node pools need ${needed} to begin with. Write a larger subnet, or a lower ` +
            "minCount or count.",
        ),
      ],
    };
  },
};

function prefixesOf(subnet: Subnet | undefined): readonly string[] {
  const { addressPrefix, addressPrefixes = [] } = subnet?.properties ?? {};
  return addressPrefix === undefined ? addressPrefixes : [addressPrefix];
}

function apart(path: string, text: string | undefined, taken: readonly string[]): Problem[] {
  const own = range(text);
  const other = taken.find((prefix) => {
    const there = range(prefix);
    return own !== undefined && there !== undefined && overlap(own, there);
  });
  return must(
    other === undefined,
    path,
    `is ${quoted(text)}, and the network of network.nodeSubnetId has a subnet of ${other}. Write a range apart from its subnets.`,
  );
}
