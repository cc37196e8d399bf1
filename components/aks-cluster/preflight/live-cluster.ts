import { poolName } from "../pool-name";
import { type ClusterSettings, type NodePoolSettings } from "../settings";
import { type Plan, regionName } from "./question";

/** The cluster as it runs now. */
export interface LiveCluster {
  /** Version of the control plane, `1.35.4`. */
  readonly version: string;
  /** Version of each pool, by its name in Azure. */
  readonly pools: ReadonlyMap<string, string>;
}

interface Body {
  readonly location: string;
  readonly properties: {
    readonly currentKubernetesVersion?: string;
    readonly kubernetesVersion?: string;
    readonly agentPoolProfiles?: readonly {
      readonly name: string;
      readonly currentOrchestratorVersion?: string;
      readonly orchestratorVersion?: string;
    }[];
  };
}

/** The cluster that the plan would change; undefined where it would make one, in another region for instance. */
export async function liveCluster({ settings, location, azure }: Plan): Promise<LiveCluster | undefined> {
  const path = clusterPath(settings, azure.subscriptionId);
  if (path === undefined) return undefined;
  const body = (await azure.read(`Reading the cluster ${settings.name}`, path, "2025-09-01")) as Body | undefined;
  if (body === undefined || regionName(body.location) !== location) return undefined;
  const { currentKubernetesVersion, kubernetesVersion = "", agentPoolProfiles = [] } = body.properties;
  return {
    version: currentKubernetesVersion ?? kubernetesVersion,
    pools: new Map(
      agentPoolProfiles.map((pool) => [pool.name, pool.currentOrchestratorVersion ?? pool.orchestratorVersion ?? ""]),
    ),
  };
}

/** The version of a pool of the arguments; undefined where it would be made. */
export function livePoolVersion(live: LiveCluster | undefined, pool: NodePoolSettings): string | undefined {
  return live?.pools.get(poolName(pool));
}

function clusterPath({ resourceGroupName, subscriptionId, name }: ClusterSettings, own: string): string | undefined {
  if (typeof resourceGroupName !== "string") return undefined;
  if (subscriptionId !== undefined && typeof subscriptionId !== "string") return undefined;
  return (
    `/subscriptions/${subscriptionId ?? own}/resourceGroups/${resourceGroupName}` +
    `/providers/Microsoft.ContainerService/managedClusters/${name}`
  );
}
