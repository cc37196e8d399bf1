import { getClientConfigOutput } from "@pulumi/azure-native/authorization";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import {
  AksCluster,
  type IstioEgressGatewayArgs,
  type NodePoolArgs,
  staticGatewayConfigurations,
} from "../../../../components/aks-cluster";
import { IstioMesh } from "../../../../components/istio-mesh";

const config = new pulumi.Config();
const revisions = config.requireObject<string[]>("revisions");
const egressGateways: IstioEgressGatewayArgs[] = config.requireBoolean("egress")
  ? [{ name: "out", gatewayConfigurationName: "addresses", configuration: { nodePool: "out" } }]
  : [];
const small = { vmSize: "Standard_D2ds_v5", encryptionAtHost: false, zones: [] };
const nodePools: NodePoolArgs[] = [
  { ...small, name: "system", mode: "System", minCount: 1 },
  { ...small, name: "user", mode: "User", minCount: 1 },
  { ...small, name: "out", mode: "Gateway" },
];

const name = "gateways";
const group = new ResourceGroup(name, { resourceGroupName: name, location: "westeurope" });
const cluster = new AksCluster(name, {
  name,
  resourceGroupName: group.name,
  mesh: "Istio",
  kubeconfigLogin: "ServicePrincipal",
  istio: { revisions, externalIngressGateway: true, egressGateways },
  network: { staticEgressGateway: true },
  access: { clusterAdmins: [{ objectId: getClientConfigOutput().objectId, type: "ServicePrincipal" }] },
  nodePools,
});
const provider = new Provider(name, { kubeconfig: cluster.kubeconfig });
new IstioMesh(
  name,
  {
    kubeconfig: cluster.kubeconfig,
    revisions,
    revisionTag: "prod",
    staticGatewayConfigurations: staticGatewayConfigurations(egressGateways, nodePools, cluster.nodePoolNames),
  },
  { provider, deletedWith: cluster, dependsOn: cluster },
);

export = { kubeconfig: cluster.kubeconfig };
