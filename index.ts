import { getClientConfigOutput } from "@pulumi/azure-native/authorization";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { AksCluster } from "./components/aks-cluster";
import { Bookstore } from "./components/bookstore";
import { FeatureRegistration } from "./components/feature-registration";
import { OpenServiceMesh } from "./components/open-service-mesh";
import { stackDefinition } from "./stacks";
import { readSettings } from "./stacks/settings";

const stack = pulumi.getStack();
const settings = readSettings(new pulumi.Config(), process.env);
const definition = stackDefinition(stack, settings);

const name = `${pulumi.getProject()}-${stack}`;
const tags = { project: pulumi.getProject(), stack, owner: settings.owner };

const group = new ResourceGroup(name, { resourceGroupName: name, location: settings.location, tags });

const features = settings.registerFeature
  ? [
      { providerNamespace: "Microsoft.ContainerService", feature: "AKS-OpenServiceMesh" },
      { providerNamespace: "Microsoft.Compute", feature: "EncryptionAtHost" },
    ].map((feature) => new FeatureRegistration(feature.feature, feature))
  : [];

const deployer = { objectId: getClientConfigOutput().objectId, type: settings.deployer };
const groups = settings.administrators.map((objectId) => ({ objectId, type: "Group" as const }));
const cluster = new AksCluster(
  name,
  {
    ...definition.cluster,
    name,
    resourceGroupName: group.name,
    location: settings.location,
    kubernetesVersion: settings.kubernetesVersion,
    mesh: "OpenServiceMesh",
    access: { clusterAdmins: [deployer, ...groups] },
    kubeconfigLogin: settings.kubeconfigLogin,
    tags,
  },
  { dependsOn: features },
);

const inCluster = { provider: new Provider(name, { kubeconfig: cluster.kubeconfig }), deletedWith: cluster };
const mesh = new OpenServiceMesh(name, { kubeconfig: cluster.kubeconfig, settings: definition.mesh }, inCluster);
// Workloads wait for the node pools too: without the nodes meant for them they would only wait longer.
const bookstore = new Bookstore(name, definition.bookstore, { ...inCluster, dependsOn: [mesh, cluster] });

export const resourceGroupName = group.name;
export const clusterName = cluster.clusterName;
export const kubeconfig = cluster.kubeconfig;
export const meshVersion = mesh.osmVersion;
export const namespaces = bookstore.namespaces;
export const access = bookstore.access;
