import { type ArmClient, unexpected } from "../arm/client";

/**
 * The bootstrap pool. Azure wants a node pool inside the request that creates a cluster, and refuses every later request for
 * the cluster that names a pool which has gone. So the cluster starts with a pool that only exists until the first pool of
 * its own is ready, and later requests name no pool at all, which touches none.
 */
export const bootstrapPoolName = "bootstrap";

/** Version of the API of node pools. */
export const poolsApi = "2025-09-01";

/** Which cluster; `subscriptionId` only where it is not the configured one. */
export interface ClusterReference {
  readonly subscriptionId?: string;
  readonly resourceGroupName: string;
  readonly clusterName: string;
}

/** A node pool, as far as it is read here. */
export interface Pool {
  readonly name: string;
  readonly properties: { readonly mode?: string; readonly provisioningState?: string };
}

/** The cluster's path in Azure Resource Manager. */
export function clusterPath(arm: ArmClient, cluster: ClusterReference): string {
  return (
    `/subscriptions/${cluster.subscriptionId ?? arm.subscriptionId}/resourceGroups/${cluster.resourceGroupName}` +
    `/providers/Microsoft.ContainerService/managedClusters/${cluster.clusterName}`
  );
}

/** The cluster's pools; undefined where there is no cluster. */
export async function livePools(arm: ArmClient, cluster: ClusterReference): Promise<Pool[] | undefined> {
  const response = await arm.request("GET", `${clusterPath(arm, cluster)}/agentPools`, poolsApi);
  if (response.status === 404) {
    return undefined;
  }
  if (response.status !== 200) {
    throw unexpected(`Reading the node pools of the cluster ${cluster.clusterName}`, response);
  }
  const { value } = response.body as { readonly value?: unknown };
  // A list that is missing must not pass for a cluster that is not there: the next request would name pools anew.
  if (!Array.isArray(value)) {
    throw unexpected(
      `Reading the node pools of the cluster ${cluster.clusterName}: an answer without a list`,
      response,
    );
  }
  return value as Pool[];
}
