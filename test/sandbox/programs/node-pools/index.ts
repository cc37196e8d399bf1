import { ResourceGroup } from "@pulumi/azure-native/resources";
import * as pulumi from "@pulumi/pulumi";
import { AksCluster } from "../../../../components/aks-cluster";

const config = new pulumi.Config();
const group = new ResourceGroup("pools", { resourceGroupName: "pools", location: "westeurope" });

new AksCluster("pools", {
  name: "pools",
  resourceGroupName: group.name,
  nodePools: [
    { name: "system", mode: "System", vmSize: config.require("systemVmSize"), minCount: 1 },
    {
      name: "user",
      mode: "User",
      vmSize: "Standard_D2ds_v5",
      minCount: 1,
      maxCount: config.requireNumber("userMaxCount"),
      zones: config.requireObject<string[]>("userZones"),
    },
  ],
});
