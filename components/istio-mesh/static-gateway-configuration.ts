import { type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import { type Input } from "@pulumi/pulumi";

/** The fixed addresses by which pods of a namespace may leave the cluster. */
export interface StaticGatewayConfiguration {
  readonly namespace: string;
  readonly name: string;
  /** Name in Azure of the node pool of the mode `Gateway` that has the addresses. */
  readonly nodePoolName: Input<string>;
  /** Resource id of a public IP prefix. Default: AKS makes one. */
  readonly publicIpPrefixId?: Input<string>;
  /** Ranges of addresses that are called as if there were no gateway. Default: none. */
  readonly excludeCidrs?: readonly string[];
}

/** Name of the definition of the kind, which AKS installs with Static Egress Gateway. */
export const staticGatewayConfigurationDefinition = "staticgatewayconfigurations.egressgateway.kubernetes.azure.com";

/** The object. It is there once it has its addresses: until then pods of its gateway do not start, for up to five minutes on AKS. */
export function staticGatewayConfigurationObject(settings: StaticGatewayConfiguration): CustomResourceArgs {
  const { namespace, name, nodePoolName, publicIpPrefixId, excludeCidrs } = settings;
  return {
    apiVersion: "egressgateway.kubernetes.azure.com/v1alpha1",
    kind: "StaticGatewayConfiguration",
    metadata: { name, namespace, annotations: { "pulumi.com/waitFor": "jsonpath={.status.egressIpPrefix}" } },
    spec: { gatewayNodepoolName: nodePoolName, provisionPublicIps: true, publicIpPrefixId, excludeCidrs },
  };
}
