// A program that knows nothing of aks-mesh.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { AgentPool, ManagedCluster } = require("@pulumi/azure-native/containerservice");
const { ResourceGroup } = require("@pulumi/azure-native/resources");
const { VirtualNetwork, Subnet } = require("@pulumi/azure-native/network");
const { Provider } = require("@pulumi/kubernetes");
const { CustomResource } = require("@pulumi/kubernetes/apiextensions");

const location = "westeurope";
const group = new ResourceGroup("shop", { location });
const network = new VirtualNetwork("shop", {
  resourceGroupName: group.name,
  location,
  addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
});
const subnet = new Subnet("nodes", {
  resourceGroupName: group.name,
  virtualNetworkName: network.name,
  subnetName: "nodes",
  addressPrefix: "10.0.1.0/24",
});
const cluster = new ManagedCluster("shop", {
  resourceName: "shop",
  resourceGroupName: group.name,
  location,
  dnsPrefix: "shop",
  identity: { type: "SystemAssigned" },
  enableRBAC: true,
  kubernetesVersion: "1.34",
  // Not known before the group is there.
  diskEncryptionSetID: group.id.apply((id) => `${id}/providers/Microsoft.Compute/diskEncryptionSets/d`),
  agentPoolProfiles: [
    { name: "system", mode: "System", count: 1, vmSize: "Standard_D2ds_v5", type: "VirtualMachineScaleSets" },
  ],
});
new AgentPool("work", {
  resourceGroupName: group.name,
  resourceName: cluster.name,
  agentPoolName: "work",
  mode: "User",
  count: 2,
  vmSize: "Standard_D2ds_v5",
  vnetSubnetID: subnet.id,
});

const provider = new Provider("shop", { kubeconfig: cluster.id });
const account = (name) => ({ kind: "ServiceAccount", name, namespace: "shop" });
new CustomResource(
  "web-to-api",
  {
    apiVersion: "access.smi-spec.io/v1alpha3",
    kind: "TrafficTarget",
    metadata: { name: "web-to-api", namespace: "shop" },
    spec: {
      destination: account("api"),
      sources: [account("web")],
      rules: [{ kind: "HTTPRouteGroup", name: "items", matches: ["read"] }],
    },
  },
  { provider },
);
