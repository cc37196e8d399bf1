import { getClientConfigOutput } from "@pulumi/azure-native/authorization";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import { Provider } from "@pulumi/kubernetes/provider";
import { type Resource, runtime } from "@pulumi/pulumi";
import {
  AksCluster,
  type AksClusterArgs,
  askAzure,
  type IstioPlan,
  staticGatewayConfigurations,
} from "../components/aks-cluster";
import { openReader } from "../components/arm/reader";
import { azureSettings } from "../components/arm/settings";
import { FeatureRegistration } from "../components/feature-registration";
import { IstioMesh } from "../components/istio-mesh";
import { OpenServiceMesh } from "../components/open-service-mesh";
import { type StackDefinition } from "./definition";
import { assertAuthority, meshAuthority } from "./mesh-authority";
import { type MeshCluster } from "./mesh-cluster";
import { stageOf } from "./mesh-migration";
import { chosenRevisions } from "./mesh-revisions";
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
  assertAuthority(settings, definition);
  const stage = stageOf(settings.meshMigration);
  const addOn = stage?.cluster ?? (settings.mesh === "istio" ? "Istio" : "OpenServiceMesh");
  const features = settings.registerFeature
    ? flagsOf(settings).map((feature) => new FeatureRegistration(feature.feature, feature))
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
    mesh: addOn,
    istio: istioArgs(definition, addOn, settings.meshRevisions),
    access: { clusterAdmins: [deployer, ...groups] },
    kubeconfigLogin: settings.kubeconfigLogin,
    tags: { ...tags },
  };
  const azure = azureSettings((key) => runtime.getConfig(key), process.env);
  const plan = await askAzure(args, (signal) => openReader(azure, signal));
  const joinsIstio = addOn === "Istio" || stage?.policies === "istio";
  const chosen = joinsIstio ? chosenRevisions(plan, settings.meshRevisions) : undefined;
  // Where a group is says only where Azure keeps its list of resources. It cannot move; a cluster that should is refused by itself.
  const group = new ResourceGroup(
    name,
    { resourceGroupName: name, location: settings.location, tags },
    { ignoreChanges: ["location"] },
  );
  const cluster = new AksCluster(
    name,
    {
      ...args,
      resourceGroupName: group.name,
      istio: istioArgs(definition, addOn, chosen?.revisions ?? []),
    },
    { dependsOn: features },
  );

  const inCluster = { provider: new Provider(name, { kubeconfig: cluster.kubeconfig }), deletedWith: cluster };
  const authority =
    addOn === "Istio"
      ? meshAuthority(
          { name, definition, settings, tags, resourceGroupName: group.name, cluster },
          // Its pods need the node pools too.
          { ...inCluster, dependsOn: cluster },
        )
      : undefined;
  const mesh =
    addOn === "None" && chosen === undefined
      ? undefined
      : meshOn(
          name,
          cluster,
          withMtls(definition, stage?.mtls),
          chosen && { ...chosen, tag: settings.meshRevisionTag },
          // istiod does not start before it has its authority.
          { ...inCluster, ...(authority && { dependsOn: authority }) },
        );
  const policies = stage?.policies ?? settings.mesh;
  return {
    resourceGroupName: group.name,
    clusterName: cluster.clusterName,
    clusterId: cluster.clusterId,
    workspaceId: cluster.workspaceId,
    kubeconfig: cluster.kubeconfig,
    meshVersion: mesh?.version,
    meshRevision: policies === "istio" ? chosen?.revisions[0] : undefined,
    meshRevisionTag: settings.meshRevisionTag,
    migration: stage?.restarts && {
      revision: chosen?.revisions[0],
      revisionTag: chosen && settings.meshRevisionTag,
      withheld: stage.withheld,
    },
    // Workloads wait for the node pools too: without the nodes meant for them they would only wait longer.
    options: { ...inCluster, dependsOn: mesh === undefined ? [cluster] : [mesh, cluster] },
  };
}

/** The subscription's flags that the cluster needs. */
function flagsOf({ mesh }: Settings) {
  return [
    ...(mesh === "osm" ? [{ providerNamespace: "Microsoft.ContainerService", feature: "AKS-OpenServiceMesh" }] : []),
    { providerNamespace: "Microsoft.Compute", feature: "EncryptionAtHost" },
  ];
}

/** A definition with what sidecars of Istio take on the way to it. */
function withMtls(definition: StackDefinition, mtls: "PERMISSIVE" | "STRICT" | undefined): StackDefinition {
  if (mtls === undefined) return definition;
  const { istio } = definition;
  return { ...definition, istio: { ...istio, settings: { ...istio?.settings, mtls } } };
}

/** The Istio add-on; undefined for another mesh. */
function istioArgs(
  { istio }: StackDefinition,
  addOn: AksClusterArgs["mesh"],
  revisions: readonly string[],
): AksClusterArgs["istio"] {
  if (addOn !== "Istio") return undefined;
  return { ...istio?.addOn, revisions: revisions.length > 0 ? [...revisions] : undefined };
}

/** The mesh of the cluster, ready when what depends on it begins. */
function meshOn(
  name: string,
  cluster: AksCluster,
  definition: StackDefinition,
  chosen: (IstioPlan & { readonly tag?: string }) | undefined,
  options: { readonly provider: Provider; readonly deletedWith: AksCluster; readonly dependsOn?: Resource },
): OpenServiceMesh | IstioMesh {
  const { kubeconfig } = cluster;
  if (chosen === undefined) return new OpenServiceMesh(name, { kubeconfig, settings: definition.mesh }, options);
  return new IstioMesh(
    name,
    {
      kubeconfig,
      revisions: chosen.revisions,
      startingRevisions: chosen.starting,
      nextRevisions: chosen.next,
      revisionTag: chosen.tag,
      settings: definition.istio?.settings,
      staticGatewayConfigurations: staticGatewayConfigurations(
        definition.istio?.addOn?.egressGateways ?? [],
        definition.cluster.nodePools,
        cluster.nodePoolNames,
      ),
    },
    options,
  );
}
