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

new ResourceGroup("bad", { resourceGroupName: "bad", location: "westeurope" });

/** Makes the component. The wrong value comes as data, as from a settings file, past the compiler. */
const make: Record<BadSetting["component"], (args: never, name: string) => unknown> = {
  cluster: (args, name) => new AksCluster(name, args),
  azure: (args) =>
    askAzure(args, (signal) =>
      openReader(
        azureSettings(() => undefined, process.env),
        signal,
      ),
    ),
  feature: (args, name) => new FeatureRegistration(name, args),
  mesh: (args, name) => new OpenServiceMesh(name, args),
  policies: (args, name) => new MeshPolicies(name, args),
  application: (args, name) => new Application(name, args),
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

async function build({ component, args }: BadSetting, name: string): Promise<void> {
  await make[component]({ ...right[component], ...args } as never, name);
}

/** Makes one after another, and says what each was refused with; of policies that say so themselves, each about its object. */
async function buildAll(): Promise<void> {
  for (const [index, bad] of badSettings.entries()) {
    try {
      await build(bad, `bad-${index}`);
    } catch (error) {
      if (!(error instanceof pulumi.RunError)) throw error;
      await pulumi.log.info(`case ${index}: ${error.message}`);
    }
  }
}

async function main(): Promise<Record<string, never>> {
  const chosen = new pulumi.Config().get("case");
  const bad = badSettings.find(({ title }) => title === chosen);
  if (bad !== undefined) await build(bad, "bad");
  else if (chosen === undefined) await buildAll();
  else throw new Error(`There is no case ${chosen}.`);
  return {};
}

// What the program exports is waited for, as in the product: a refusal that comes later is said like one that comes at once.
export = main();
