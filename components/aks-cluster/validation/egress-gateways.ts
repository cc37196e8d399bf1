import { type IstioEgressGatewayArgs, type IstioEgressAddressesArgs } from "../args";
import { defaultEgressNamespace } from "../egress-gateways";
import { NodePoolMode } from "../enums";
import { type ClusterSettings } from "../settings";
import { must, type Problem, quoted } from "./problem";
import { range } from "./ranges";

/** What AKS takes: "Deploy egress gateways for Istio service mesh add-on", Limitations and requirements. */
const mostEgressGateways = 500;
const longestEgressName = 53;

/** A DNS name, as AKS takes it for an egress gateway and Kubernetes for any object. */
const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const path = "istio.egressGateways";

/** The egress gateways of Istio, and what they need of the cluster. */
export function egressGatewayProblems(
  { nodePools, network }: ClusterSettings,
  gateways: readonly IstioEgressGatewayArgs[],
): Problem[] {
  if (gateways.length === 0) return [];
  const podSubnet = nodePools.findIndex(({ podSubnetId }) => podSubnetId !== undefined);
  return [
    ...must(
      gateways.length <= mostEgressGateways,
      path,
      `has ${gateways.length} gateways. AKS takes ${mostEgressGateways} in a cluster.`,
    ),
    ...must(
      network.staticEgressGateway === true,
      path,
      "needs network.staticEgressGateway, which gives the gateways their addresses. Write staticEgressGateway: true, or leave " +
        "egressGateways out.",
    ),
    ...must(
      nodePools.some(({ mode }) => mode === NodePoolMode.Gateway),
      path,
      'needs a node pool that has the addresses. Add one with mode: "Gateway", or leave egressGateways out.',
    ),
    ...must(
      podSubnet < 0,
      path,
      `does not work where pods have a subnet, as those of nodePools[${podSubnet}]. Leave podSubnetId or egressGateways out.`,
    ),
    ...gateways.flatMap((gateway, index) => gatewayProblems(gateway, `${path}[${index}]`, gateways.slice(0, index))),
    ...gateways.flatMap(({ configuration }, index) =>
      configuration === undefined
        ? []
        : configurationProblems(configuration, `${path}[${index}].configuration`, nodePools),
    ),
  ];
}

function gatewayProblems(
  gateway: IstioEgressGatewayArgs,
  at: string,
  before: readonly IstioEgressGatewayArgs[],
): Problem[] {
  const { name, gatewayConfigurationName, configuration } = gateway;
  const namespace = namespaceOf(gateway);
  const inNamespace = before.filter((other) => namespaceOf(other) === namespace);
  return [
    ...must(
      name.length <= longestEgressName && dnsName.test(name),
      `${at}.name`,
      `is ${quoted(name)}. Write a DNS name of 1 to ${longestEgressName} lower-case letters, digits, hyphens and dots.`,
    ),
    ...must(
      inNamespace.every((other) => other.name !== name),
      `${at}.name`,
      `is ${quoted(name)}, which stands twice for the namespace ${namespace}. Write another name or namespace.`,
    ),
    ...must(
      /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace),
      `${at}.namespace`,
      `is ${quoted(namespace)}. Write up to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.`,
    ),
    ...must(
      gatewayConfigurationName.length <= 253 && dnsName.test(gatewayConfigurationName),
      `${at}.gatewayConfigurationName`,
      `is ${quoted(gatewayConfigurationName)}. Write the name of a StaticGatewayConfiguration: lower-case letters, digits, hyphens and dots.`,
    ),
    ...must(
      configuration === undefined ||
        inNamespace.every(
          (other) => other.configuration === undefined || other.gatewayConfigurationName !== gatewayConfigurationName,
        ),
      `${at}.configuration`,
      `makes ${quoted(gatewayConfigurationName)} in ${namespace} a second time. Leave it out here, and the gateways share the first; or write ` +
        "another gatewayConfigurationName.",
    ),
  ];
}

const namespaceOf = ({ namespace }: IstioEgressGatewayArgs): string => namespace ?? defaultEgressNamespace;

function configurationProblems(
  { nodePool, excludeCidrs = [] }: IstioEgressAddressesArgs,
  at: string,
  nodePools: ClusterSettings["nodePools"],
): Problem[] {
  const pool = nodePools.find(({ name }) => name === nodePool);
  const gatewayPools = nodePools.filter(({ mode }) => mode === NodePoolMode.Gateway).map(({ name }) => quoted(name));
  const remedy =
    gatewayPools.length > 0 ? `Write ${gatewayPools.join(" or ")}.` : 'Add a node pool with mode: "Gateway".';
  return [
    ...must(pool !== undefined, `${at}.nodePool`, `is ${quoted(nodePool)}, which names no node pool. ${remedy}`),
    ...must(
      pool === undefined || pool.mode === NodePoolMode.Gateway,
      `${at}.nodePool`,
      `is ${quoted(nodePool)}, a node pool of the mode ${pool?.mode}, which has no addresses to leave by. ${remedy}`,
    ),
    ...excludeCidrs.flatMap((cidr, index) =>
      must(
        range(cidr) !== undefined,
        `${at}.excludeCidrs[${index}]`,
        `is ${quoted(cidr)}. Write an IPv4 range, such as 10.0.0.0/8.`,
      ),
    ),
  ];
}
