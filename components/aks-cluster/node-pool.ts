import { AgentPool } from "@pulumi/azure-native/containerservice/agentPool";
import { type ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster";
import { type Input, type Resource } from "@pulumi/pulumi";

import { transformed } from "../transform";
import { type Site } from "./site";
import { poolProfile } from "./managed-cluster";
import { poolName } from "./pool-name";
import { azureChoosesVersion, type NodePoolSettings } from "./settings";

/** The cluster that pools belong to. */
export interface NewCluster {
  readonly resource: ManagedCluster;
  /** Changes when the cluster is replaced. */
  readonly generation: Input<string>;
}

/**
 * One node pool. The resource's own name ends with the hash of the pool's create-only fields too: a changed field makes the
 * engine see a new resource, which it creates before it removes the old one at the end of the update.
 */
export function nodePool(site: Site, pool: NodePoolSettings, cluster: NewCluster, after: Resource[]): AgentPool {
  const { settings } = site;
  const name = poolName(pool);
  const followsAzure = azureChoosesVersion(settings);
  const args = {
    resourceGroupName: settings.resourceGroupName,
    // Not the cluster's output: where that changes, the engine would remove the pools before the cluster, and Azure
    // refuses to remove the last system pool.
    resourceName: settings.name,
    agentPoolName: name,
    tags: settings.tags,
    ...poolProfile(pool),
    // The cluster's own: a pool that says nothing stays at its version when the control plane is upgraded.
    orchestratorVersion: followsAzure ? undefined : settings.kubernetesVersion,
  };
  return new AgentPool(`${site.name}-${name}`, transformed(settings.transform?.nodePool, args), {
    parent: site.component,
    dependsOn: after,
    deletedWith: cluster.resource,
    // A replaced cluster has taken its pools with it: they are made again in the new one.
    replacementTrigger: cluster.generation,
    deleteBeforeReplace: true,
    // What the autoscaler and the upgrade channel own.
    ignoreChanges: [...(pool.autoscale ? ["count"] : []), ...(followsAzure ? ["orchestratorVersion"] : [])],
    customTimeouts: { create: "60m", update: "60m", delete: "60m" },
  });
}
