import ipaddr from "ipaddr.js";

import { aksError } from "../errors";
import { type JsonObject, stringAt } from "../json";
import { type PlannedPool } from "./cluster-preconditions";

/** What AKS checks within a cluster's network. @throws ArmError 400. */
export function checkNetwork(network: JsonObject, pools: readonly PlannedPool[]): void {
  const plugin = stringAt(network, "networkPlugin");
  const overlay = stringAt(network, "networkPluginMode") === "overlay";
  if (overlay && plugin !== "azure") refuse("networkPluginMode", "overlay needs networkPlugin azure");
  const dataplane = stringAt(network, "networkDataplane");
  const policy = stringAt(network, "networkPolicy");
  const podSubnets =
    pools.length > 0 && pools.every(({ properties }) => stringAt(properties, "podSubnetID") !== undefined);
  if (dataplane === "cilium" && (plugin !== "azure" || (!overlay && !podSubnets))) {
    refuse(
      "networkDataplane",
      "cilium needs networkPlugin azure, and networkPluginMode overlay or a pod subnet in every agent pool",
    );
  }
  if (policy === "cilium" && dataplane !== "cilium") refuse("networkPolicy", "cilium needs networkDataplane cilium");
  if (dataplane === "cilium" && policy !== undefined && !["cilium", "none"].includes(policy)) {
    refuse("networkPolicy", `with networkDataplane cilium it has to be cilium, not ${policy}`);
  }
  if (policy === "azure" && plugin !== "azure") refuse("networkPolicy", "azure needs networkPlugin azure");
  if (stringAt(network, "loadBalancerSku") === "basic")
    refuse("loadBalancerSku", "the basic load balancer is retired: use standard");

  const services = range(network, "serviceCidr");
  const pods = range(network, "podCidr");
  const dns = stringAt(network, "dnsServiceIP");
  if (services !== undefined && dns !== undefined) {
    if (!ipaddr.isValid(dns) || !within(ipaddr.parse(dns), services))
      refuse("dnsServiceIP", `${dns} is not in serviceCidr`);
    const first = ipaddr.IPv4.networkAddressFromCIDR(stringAt(network, "serviceCidr") ?? "").toByteArray();
    const last = first.pop() ?? 0;
    if (dns === [...first, last + 1].join(".")) {
      refuse("dnsServiceIP", `${dns} is the first address of serviceCidr, which kubernetes.default takes`);
    }
  }
  if (services !== undefined && pods !== undefined && (within(services[0], pods) || within(pods[0], services))) {
    refuse("podCidr", "it overlaps serviceCidr");
  }
}

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

function range(network: JsonObject, property: string): Range | undefined {
  const value = stringAt(network, property);
  if (value === undefined) return undefined;
  if (!ipaddr.isValidCIDR(value)) refuse(property, `'${value}' is no address range, such as 10.0.0.0/16`);
  return ipaddr.parseCIDR(value);
}

function within(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function refuse(property: string, detail: string): never {
  const path = `properties.networkProfile.${property}`;
  throw aksError(400, "InvalidParameter", `The value of parameter ${path} is invalid. Error details: ${detail}.`, {
    target: path,
  });
}
