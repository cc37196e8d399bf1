import { Mesh } from "../enums";
import { oldestFirst } from "../istio-revisions";
import { poolName } from "../pool-name";
import { type ClusterSettings, type NodePoolSettings } from "../settings";
import { type Plan, regionName } from "./question";

/** The cluster as it runs now. */
export interface LiveCluster {
  /** Version of the control plane, `1.35.4`. */
  readonly version: string;
  /** Version of each pool, by its name in Azure. */
  readonly pools: ReadonlyMap<string, string>;
  /** The mesh that runs; undefined where there is none. */
  readonly mesh: Mesh | undefined;
  /** Revisions of Istio, oldest first; none for another mesh. */
  readonly meshRevisions: readonly string[];
}

interface Body {
  readonly location: string;
  readonly properties: {
    readonly currentKubernetesVersion?: string;
    readonly kubernetesVersion?: string;
    readonly addonProfiles?: Readonly<Record<string, { readonly enabled?: boolean } | undefined>>;
    readonly serviceMeshProfile?: {
      readonly mode?: string;
      readonly istio?: { readonly revisions?: readonly string[] };
    };
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
  const { addonProfiles = {}, serviceMeshProfile } = body.properties;
  const osm = Object.entries(addonProfiles).find(([key]) => key.toLowerCase() === "openservicemesh")?.[1];
  const istio = serviceMeshProfile?.mode === "Istio";
  return {
    version: currentKubernetesVersion ?? kubernetesVersion,
    pools: new Map(
      agentPoolProfiles.map((pool) => [pool.name, pool.currentOrchestratorVersion ?? pool.orchestratorVersion ?? ""]),
    ),
    mesh: istio ? Mesh.Istio : osm?.enabled === true ? Mesh.OpenServiceMesh : undefined,
    meshRevisions: istio ? oldestFirst(serviceMeshProfile.istio?.revisions ?? []) : [],
  };
}

/** The version of a pool of the arguments; undefined where it would be made. */
export function livePoolVersion(live: LiveCluster | undefined, pool: NodePoolSettings): string | undefined {
  return live?.pools.get(poolName(pool));
}

/** Path of the cluster; undefined where a part of it is known only later. */
export function clusterPath(
  { resourceGroupName, subscriptionId, name }: ClusterSettings,
  own: string,
): string | undefined {
  if (typeof resourceGroupName !== "string") return undefined;
  if (subscriptionId !== undefined && typeof subscriptionId !== "string") return undefined;
  return (
    `/subscriptions/${subscriptionId ?? own}/resourceGroups/${resourceGroupName}` +
    `/providers/Microsoft.ContainerService/managedClusters/${name}`
  );
}
