import { type IPv4, parse } from "ipaddr.js";

import { IdentityKind, NetworkPlugin, NetworkPluginMode, NetworkPolicy, OutboundType } from "../enums";
import { type ClusterSettings } from "../settings";
import { isWhole, must, type Problem, quoted } from "./problem";
import { firstOf, overlap, type Range, range } from "./ranges";

/** Networking: what goes with what, and whether the ranges fit each other. */
export function networkProblems(settings: ClusterSettings): Problem[] {
  const { network, identity, nodePools } = settings;
  const overlay = network.mode === NetworkPluginMode.Overlay;
  const azure = network.plugin === NetworkPlugin.Azure;
  const cilium = network.policy === NetworkPolicy.Cilium;
  const ownRoute =
    network.outboundType === OutboundType.UserDefinedRouting ||
    network.outboundType === OutboundType.UserAssignedNatGateway;
  const ownSubnet =
    network.nodeSubnetId !== undefined ||
    settings.apiServer.vnetIntegrationSubnetId !== undefined ||
    nodePools.some(({ subnetId, podSubnetId }) => subnetId !== undefined || podSubnetId !== undefined);
  return [
    ...must(
      !overlay || azure,
      "network.mode",
      `"overlay" needs plugin "azure", and plugin is ${quoted(network.plugin)}. Write plugin: "azure", or mode: "subnet".`,
    ),
    ...must(
      !cilium || azure,
      "network.policy",
      `"cilium" needs plugin "azure", and plugin is ${quoted(network.plugin)}. Write plugin: "azure", or another policy.`,
    ),
    ...must(
      !cilium || overlay || nodePools.every(({ podSubnetId }) => podSubnetId !== undefined),
      "network.policy",
      '"cilium" needs mode "overlay", or a podSubnetId in every node pool.',
    ),
    ...must(
      !cilium || nodePools.every(({ osType }) => osType === "Linux"),
      "network.policy",
      '"cilium" does not run on Windows nodes. Write policy: "calico", or take the Windows pools out.',
    ),
    ...must(
      network.policy !== NetworkPolicy.Azure || azure,
      "network.policy",
      '"azure" needs plugin "azure". Write policy: "calico", or plugin: "azure".',
    ),
    ...must(
      network.plugin !== NetworkPlugin.None || network.policy === NetworkPolicy.None,
      "network.policy",
      'has to be "none" with plugin "none": the network plugin that you install brings its own.',
    ),
    ...must(
      !ownRoute || network.nodeSubnetId !== undefined,
      "network.outboundType",
      `${quoted(network.outboundType)} needs a network of your own. Write network.nodeSubnetId.`,
    ),
    ...must(
      network.outboundIpCount === undefined || network.outboundType === OutboundType.LoadBalancer,
      "network.outboundIpCount",
      `is for outboundType "loadBalancer", and outboundType is ${quoted(network.outboundType)}. Leave it out.`,
    ),
    ...must(
      network.outboundIpCount === undefined || isWhole(network.outboundIpCount, 1, 100),
      "network.outboundIpCount",
      `is ${network.outboundIpCount}. Write 1 to 100.`,
    ),
    ...must(
      !ownSubnet || identity.kind === IdentityKind.UserAssigned,
      "identity.kind",
      'is "SystemAssigned", but the cluster joins subnets of your own, which needs an identity that exists beforehand. Write ' +
        'kind: "UserAssigned".',
    ),
    ...rangeProblems(settings),
  ];
}

/** Ranges that AKS uses itself. https://learn.microsoft.com/azure/aks/configure-azure-cni#deployment-parameters */
const takenByAks = ["169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"];

function rangeProblems({ network, nodePools }: ClusterSettings): Problem[] {
  const pods = range(network.podCidr);
  const services = range(network.serviceCidr);
  const dns = address(network.dnsServiceIp);
  const nodes = nodePools.reduce((sum, pool) => sum + (pool.maxCount ?? pool.count), 0);
  const unreadable = (path: string, value: string | undefined): Problem[] => [
    { path, message: `is ${quoted(value)}. Write an IPv4 range, such as 10.0.0.0/16.` },
  ];
  return [
    ...(network.podCidr !== undefined && !pods ? unreadable("network.podCidr", network.podCidr) : []),
    ...(services ? [] : unreadable("network.serviceCidr", network.serviceCidr)),
    ...placeProblems("network.podCidr", network.podCidr),
    ...placeProblems("network.serviceCidr", network.serviceCidr),
    ...must(
      !pods || network.mode !== NetworkPluginMode.Overlay || nodes <= 2 ** (24 - pods[1]),
      "network.podCidr",
      `is ${network.podCidr}, and the node pools may grow to ${nodes} nodes. Each node takes a /24 of it: write a larger range, ` +
        "such as 10.244.0.0/16, or lower maxCount.",
    ),
    ...must(
      network.podCidr === undefined ||
        network.mode === NetworkPluginMode.Overlay ||
        network.plugin === NetworkPlugin.Kubenet,
      "network.podCidr",
      'is for mode "overlay": in mode "subnet" pods get addresses of their subnet. Leave it out.',
    ),
    ...must(
      !services || services[1] >= 12,
      "network.serviceCidr",
      `is ${network.serviceCidr}. AKS takes /12 or smaller.`,
    ),
    ...must(
      !pods || !services || !overlap(pods, services),
      "network.serviceCidr",
      `${network.serviceCidr} overlaps network.podCidr ${network.podCidr}. Choose ranges apart from each other.`,
    ),
    ...must(
      !services || (dns !== undefined && dns.match(services[0], services[1])),
      "network.dnsServiceIp",
      `is ${quoted(network.dnsServiceIp)}. Write an address inside network.serviceCidr ${network.serviceCidr}.`,
    ),
    ...must(
      !services || !dns || !isFirst(dns, services),
      "network.dnsServiceIp",
      `is ${quoted(network.dnsServiceIp)}. The first addresses of network.serviceCidr are taken by the range itself and by ` +
        "Kubernetes: write a later one, such as the tenth.",
    ),
  ];
}

/** Whether a range begins where its length says, and lies where AKS has nothing of its own. */
function placeProblems(path: string, text: string | undefined): Problem[] {
  const here = range(text);
  if (here === undefined) return [];
  const first = firstOf(here);
  const taken = takenByAks.find((other) => overlap(here, range(other) ?? here));
  return [
    ...must(
      here[0].toString() === first,
      path,
      `is ${quoted(text)}, an address within a range. Write ${first}/${here[1]}.`,
    ),
    ...must(
      taken === undefined,
      path,
      `is ${quoted(text)}, and AKS uses ${taken} itself. Write another private range, such as 10.0.0.0/16.`,
    ),
  ];
}

function address(text: string): IPv4 | undefined {
  try {
    const parsed = parse(text);
    return parsed.kind() === "ipv4" ? (parsed as IPv4) : undefined;
  } catch {
    return undefined;
  }
}

function isFirst(candidate: IPv4, [base, bits]: Range): boolean {
  const value = (ip: IPv4): number => ip.octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const start = Math.floor(value(base) / 2 ** (32 - bits)) * 2 ** (32 - bits);
  return value(candidate) <= start + 1;
}
