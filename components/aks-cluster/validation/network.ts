import { type IPv4, parse, parseCIDR } from "ipaddr.js";

import { IdentityKind, NetworkPlugin, NetworkPluginMode, NetworkPolicy, OutboundType } from "../enums";
import { type ClusterSettings } from "../settings";
import { isWhole, must, type Problem, quoted } from "./problem";

type Range = readonly [IPv4, number];

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

function rangeProblems({ network }: ClusterSettings): Problem[] {
  const pods = range(network.podCidr);
  const services = range(network.serviceCidr);
  const dns = address(network.dnsServiceIp);
  const unreadable = (path: string, value: string | undefined): Problem[] => [
    { path, message: `is ${quoted(value)}. Write an IPv4 range, such as 10.0.0.0/16.` },
  ];
  return [
    ...(network.podCidr !== undefined && !pods ? unreadable("network.podCidr", network.podCidr) : []),
    ...(services ? [] : unreadable("network.serviceCidr", network.serviceCidr)),
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

function range(text: string | undefined): Range | undefined {
  try {
    const [base, bits] = parseCIDR(text ?? "");
    return base.kind() === "ipv4" ? [base as IPv4, bits] : undefined;
  } catch {
    return undefined;
  }
}

function address(text: string): IPv4 | undefined {
  try {
    const parsed = parse(text);
    return parsed.kind() === "ipv4" ? (parsed as IPv4) : undefined;
  } catch {
    return undefined;
  }
}

function overlap(left: Range, right: Range): boolean {
  const bits = Math.min(left[1], right[1]);
  return left[0].match(right[0], bits);
}

function isFirst(candidate: IPv4, [base, bits]: Range): boolean {
  const value = (ip: IPv4): number => ip.octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const start = Math.floor(value(base) / 2 ** (32 - bits)) * 2 ** (32 - bits);
  return value(candidate) <= start + 1;
}
