import { ResourceGroup } from "@pulumi/azure-native/resources";
import * as pulumi from "@pulumi/pulumi";
import { AksCluster } from "../../../../components/aks-cluster";

const config = new pulumi.Config();
const group = new ResourceGroup("pools", { resourceGroupName: "pools", location: "westeurope" });

new AksCluster("pools", {
  name: "pools",
  resourceGroupName: group.name,
  location: "westeurope",
  dnsPrefix: config.require("dnsPrefix"),
  tags: { state: config.require("tag") },
  nodePools: [
    { name: "system", mode: "System", vmSize: config.require("systemVmSize"), minCount: 1, encryptionAtHost: false },
    {
      name: "user",
      mode: "User",
      vmSize: "Standard_D2ds_v5",
      minCount: 1,
      maxCount: config.requireNumber("userMaxCount"),
      encryptionAtHost: false,
      zones: config.requireObject<string[]>("userZones"),
    },
  ],
});
