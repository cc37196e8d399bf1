import { ResourceGroup } from "@pulumi/azure-native/resources";
import * as pulumi from "@pulumi/pulumi";
import { AksCluster, type AksClusterArgs, askAzure } from "../../../../components/aks-cluster";
import { openReader } from "../../../../components/arm/reader";
import { azureSettings } from "../../../../components/arm/settings";

const config = new pulumi.Config();
const fixedCount = config.requireNumber("userFixedCount");
const args: AksClusterArgs = {
  name: "pools",
  resourceGroupName: "pools",
  kubernetesVersion: config.require("kubernetesVersion"),
  location: "westeurope",
  dnsPrefix: config.require("dnsPrefix"),
  tags: { state: config.require("tag") },
  nodePools: [
    { name: "system", mode: "System", vmSize: config.require("systemVmSize"), minCount: 1, encryptionAtHost: false },
    {
      name: "user",
      mode: "User",
      vmSize: "Standard_D2ds_v5",
      ...(fixedCount > 0
        ? { autoscale: false, count: fixedCount }
        : { minCount: 1, maxCount: config.requireNumber("userMaxCount") }),
      spot: config.requireBoolean("spot"),
      encryptionAtHost: false,
      zones: config.requireObject<string[]>("userZones"),
    },
  ],
};

const azure = azureSettings(() => undefined, process.env);

async function deploy(): Promise<void> {
  await askAzure(args, (signal) => openReader(azure, signal));
  const group = new ResourceGroup("pools", { resourceGroupName: "pools", location: "westeurope" });
  new AksCluster("pools", { ...args, resourceGroupName: group.name });
}

export = deploy();
