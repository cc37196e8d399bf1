import { ResourceGroup } from "@pulumi/azure-native/resources";
import * as pulumi from "@pulumi/pulumi";
import { AksCluster, type AksClusterArgs, askAzure } from "../../../../components/aks-cluster";
import { Application } from "../../../../components/application";
import { openReader } from "../../../../components/arm/reader";
import { azureSettings } from "../../../../components/arm/settings";
import { FeatureRegistration } from "../../../../components/feature-registration";
import { MeshPolicies } from "../../../../components/mesh-policies";
import { OpenServiceMesh } from "../../../../components/open-service-mesh";
import { type BadSetting, badSettings } from "./cases";

const bad = badSettings[new pulumi.Config().requireNumber("case")];
if (bad === undefined) throw new Error("There is no such case.");

new ResourceGroup("bad", { resourceGroupName: "bad", location: "westeurope" });

/** Makes the component. The wrong value comes as data, as from a settings file, past the compiler. */
const make: Record<BadSetting["component"], (args: never) => unknown> = {
  cluster: (args) => new AksCluster("bad", args),
  azure: (args) =>
    askAzure(args, (signal) =>
      openReader(
        azureSettings(() => undefined, process.env),
        signal,
      ),
    ),
  feature: (args) => new FeatureRegistration("bad", args),
  mesh: (args) => new OpenServiceMesh("bad", args),
  policies: (args) => new MeshPolicies("bad", args),
  application: (args) => new Application("bad", args),
};

const clusterArgs: AksClusterArgs = {
  name: "shop",
  resourceGroupName: "bad",
  location: "westeurope",
  nodePools: [
    { name: "system", mode: "System", vmSize: "Standard_D4ds_v5" },
    { name: "user", mode: "User", vmSize: "Standard_D4ds_v5" },
  ],
};

const right: Record<BadSetting["component"], object> = {
  cluster: clusterArgs,
  azure: clusterArgs,
  feature: { providerNamespace: "Microsoft.ContainerService", feature: "AKS-OpenServiceMesh" },
  mesh: { kubeconfig: "{}" },
  policies: { namespaces: [{ name: "shop" }] },
  application: {},
};

const { component, args } = bad;

/** What the program exports is waited for, as in the product: a refusal that comes later is said like one that comes at once. */
async function build(): Promise<Record<string, never>> {
  await make[component]({ ...right[component], ...args } as never);
  return {};
}

export = build();
