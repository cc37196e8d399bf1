import { type Output } from "@pulumi/pulumi";

import { type StaticGatewayConfiguration } from "../istio-mesh/static-gateway-configuration";
import { type IstioEgressGatewayArgs, type NodePoolArgs } from "./args";

/** Namespace of an egress gateway that names none. */
export const defaultEgressNamespace = "aks-istio-egress";

/**
 * The StaticGatewayConfigurations that egress gateways ask for.
 *
 * @param nodePoolNames names in Azure of `nodePools`, in that order, known once the pools are ready.
 */
export function staticGatewayConfigurations(
  egressGateways: readonly IstioEgressGatewayArgs[],
  nodePools: readonly NodePoolArgs[],
  nodePoolNames: Output<string[]>,
): StaticGatewayConfiguration[] {
  return egressGateways.flatMap(({ namespace, gatewayConfigurationName, configuration }) => {
    if (configuration === undefined) return [];
    const { nodePool, publicIpPrefixId, excludeCidrs } = configuration;
    const index = nodePools.findIndex(({ name }) => name === nodePool);
    return {
      namespace: namespace ?? defaultEgressNamespace,
      name: gatewayConfigurationName,
      nodePoolName: nodePoolNames.apply((names) => names[index] ?? ""),
      publicIpPrefixId,
      excludeCidrs,
    };
  });
}
