import { getClientConfigOutput } from "@pulumi/azure-native/authorization";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import { Provider } from "@pulumi/kubernetes/provider";
import { runtime } from "@pulumi/pulumi";
import { AksCluster, type AksClusterArgs, askAzure } from "../components/aks-cluster";
import { openReader } from "../components/arm/reader";
import { azureSettings } from "../components/arm/settings";
import { FeatureRegistration } from "../components/feature-registration";
import { OpenServiceMesh } from "../components/open-service-mesh";
import { type StackDefinition } from "./definition";
import { type MeshCluster } from "./mesh-cluster";
import { type Settings } from "./settings";

/** What the stack's cluster is made of. */
export interface OwnClusterArgs {
  /** Name of the resource group and of the cluster, and first part of the names of everything else. */
  readonly name: string;
  readonly definition: StackDefinition;
  readonly settings: Settings;
  /** On every Azure resource. */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * A cluster of the stack's own, with the mesh ready on it.
 *
 * @throws RunError before anything of it is made, where Azure would refuse it.
 */
export async function ownCluster({ name, definition, settings, tags }: OwnClusterArgs): Promise<MeshCluster> {
  const features = settings.registerFeature
    ? [
        { providerNamespace: "Microsoft.ContainerService", feature: "AKS-OpenServiceMesh" },
        { providerNamespace: "Microsoft.Compute", feature: "EncryptionAtHost" },
      ].map((feature) => new FeatureRegistration(feature.feature, feature))
    : [];

  const objectId = settings.deployerObjectId ?? getClientConfigOutput().objectId;
  const deployer = { objectId, type: settings.deployer };
  const groups = settings.administrators.map((objectId) => ({ objectId, type: "Group" as const }));
  const args: AksClusterArgs = {
    ...definition.cluster,
    name,
    resourceGroupName: name,
    location: settings.location,
    kubernetesVersion: settings.kubernetesVersion,
    mesh: "OpenServiceMesh",
    access: { clusterAdmins: [deployer, ...groups] },
    kubeconfigLogin: settings.kubeconfigLogin,
    tags: { ...tags },
  };
  const azure = azureSettings((key) => runtime.getConfig(key), process.env);
  await askAzure(args, (signal) => openReader(azure, signal));
  // Where a group is says only where Azure keeps its list of resources. It cannot move; a cluster that should is refused by itself.
  const group = new ResourceGroup(
    name,
    { resourceGroupName: name, location: settings.location, tags },
    { ignoreChanges: ["location"] },
  );
  const cluster = new AksCluster(name, { ...args, resourceGroupName: group.name }, { dependsOn: features });

  const inCluster = { provider: new Provider(name, { kubeconfig: cluster.kubeconfig }), deletedWith: cluster };
  const mesh = new OpenServiceMesh(name, { kubeconfig: cluster.kubeconfig, settings: definition.mesh }, inCluster);
  return {
    resourceGroupName: group.name,
    clusterName: cluster.clusterName,
    kubeconfig: cluster.kubeconfig,
    meshVersion: mesh.osmVersion,
    // Workloads wait for the node pools too: without the nodes meant for them they would only wait longer.
    options: { ...inCluster, dependsOn: [mesh, cluster] },
  };
}
