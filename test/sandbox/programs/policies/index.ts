import { getClientConfigOutput } from "@pulumi/azure-native/authorization";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import { Namespace } from "@pulumi/kubernetes/core/v1";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { AksCluster } from "../../../../components/aks-cluster";
import { FeatureRegistration } from "../../../../components/feature-registration";
import { MeshPolicies } from "../../../../components/mesh-policies";
import { OpenServiceMesh } from "../../../../components/open-service-mesh";
import { scenarios } from "./scenarios";

const group = new ResourceGroup("shop", { resourceGroupName: "shop", location: "westeurope" });
const feature = new FeatureRegistration("feature", {
  providerNamespace: "Microsoft.ContainerService",
  feature: "AKS-OpenServiceMesh",
});
const cluster = new AksCluster(
  "shop",
  {
    name: "shop",
    resourceGroupName: group.name,
    location: "westeurope",
    mesh: "OpenServiceMesh",
    nodePools: [
      { name: "system", mode: "System", vmSize: "Standard_D2ds_v5", minCount: 1, maxCount: 1, encryptionAtHost: false },
      { name: "user", mode: "User", vmSize: "Standard_D2ds_v5", minCount: 1, maxCount: 1, encryptionAtHost: false },
    ],
    access: { clusterAdmins: [{ objectId: getClientConfigOutput().objectId, type: "ServicePrincipal" }] },
    kubeconfigLogin: "ServicePrincipal",
  },
  { dependsOn: feature },
);
const inCluster = { provider: new Provider("shop", { kubeconfig: cluster.kubeconfig }), deletedWith: cluster };
const mesh = new OpenServiceMesh("shop", { kubeconfig: cluster.kubeconfig }, inCluster);

const scenario = new pulumi.Config().require("scenario");
const late =
  scenario === "late"
    ? new Namespace("late", { metadata: { name: "late" } }, inCluster).metadata.uid.apply(() => "stranger")
    : "";
const args = scenarios(late)[scenario];
const namespaces = [{ name: "shop", isolation: { quota: { pods: "10" } } }];

/** Who may call whom. */
export const access =
  args === undefined ? {} : new MeshPolicies("shop", { namespaces, ...args }, { ...inCluster, dependsOn: mesh }).access;
