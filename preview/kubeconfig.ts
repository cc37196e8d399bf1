import { loginLike, userKubeconfig } from "../components/aks-cluster/kubeconfig";
import { isJsonObject } from "../mesh/manifests";
import { type HostCluster } from "../program/previews/settings";
import { armOf } from "./arm";
import { type Surroundings } from "./engine";
import { PreviewProblem } from "./problem";

const apiVersion = "2025-09-01";

/**
 * Asks Azure how whoever runs this command gets into a cluster.
 *
 * @returns undefined where there is no such cluster.
 * @throws {PreviewProblem} where Azure refuses.
 */
export async function kubeconfigFromAzure(
  surroundings: Pick<Surroundings, "environment" | "signal">,
  { resourceGroupName, clusterName }: Pick<HostCluster, "resourceGroupName" | "clusterName">,
): Promise<string | undefined> {
  const arm = await armOf(surroundings);
  const group = `/subscriptions/${arm.subscriptionId}/resourceGroups/${resourceGroupName}`;
  const cluster = `${group}/providers/Microsoft.ContainerService/managedClusters/${clusterName}`;
  const { status, body } = await arm.request("POST", `${cluster}/listClusterUserCredential?format=exec`, apiVersion);
  if (status === 404) return undefined;
  const kubeconfigs: unknown = isJsonObject(body) ? body["kubeconfigs"] : undefined;
  if (status !== 200 || !Array.isArray(kubeconfigs)) {
    throw new PreviewProblem(
      `Azure does not say how to get into the cluster ${clusterName} (${status}): whoever runs this needs the role Azure Kubernetes Service Cluster User on it.`,
    );
  }
  const values = kubeconfigs.flatMap((one: unknown) =>
    isJsonObject(one) && typeof one["value"] === "string" ? [{ value: one["value"] }] : [],
  );
  return userKubeconfig(clusterName, values, loginLike(surroundings.environment));
}
