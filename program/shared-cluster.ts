import { listManagedClusterUserCredentials } from "@pulumi/azure-native/containerservice/listManagedClusterUserCredentials";
import { Provider } from "@pulumi/kubernetes/provider";
import { output, secret } from "@pulumi/pulumi";
import { type KubeconfigLogin } from "../components/aks-cluster/enums";
import { userKubeconfig } from "../components/aks-cluster/kubeconfig";
import { type MeshCluster } from "./mesh-cluster";
import { type HostCluster } from "./previews/settings";

/**
 * The cluster that another stack of this project made. Nothing of it belongs to this stack: neither the cluster nor the mesh
 * and its settings. This stack gets in with what Azure gives to whoever deploys it, and needs nothing of the other's state.
 */
export function sharedCluster(
  name: string,
  { resourceGroupName, clusterName, meshVersion, meshRevision, meshRevisionTag }: HostCluster,
  login: KubeconfigLogin,
): MeshCluster {
  const where = { resourceGroupName, resourceName: clusterName, format: "exec" };
  const kubeconfig = listManagedClusterUserCredentials(where).then(({ kubeconfigs }) =>
    userKubeconfig(clusterName, kubeconfigs, login),
  );
  return {
    clusterName: output(clusterName),
    meshVersion: output(meshVersion),
    meshRevision,
    meshRevisionTag,
    options: { provider: new Provider(name, { kubeconfig: secret(kubeconfig) }) },
  };
}
