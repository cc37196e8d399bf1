import { type dynamic } from "@pulumi/pulumi";

import { armSession } from "../arm/session";
import { bootstrapPoolName, type ClusterReference, livePools, type Pool } from "./bootstrap-pool";

/** Inputs of the resource that decides which pools the cluster's own request names. */
export interface InlinePoolsInputs extends ClusterReference {
  /** Hash of the arguments that replace the cluster. */
  readonly createOnlyHash: string;
  /** Hash of the cluster's other arguments. */
  readonly updateHash: string;
  /** The bootstrap pool's profile, as JSON: how the cluster would start. */
  readonly profile: string;
}

export interface InlinePoolsOutputs extends InlinePoolsInputs {
  /** JSON of the pools to name; empty to name none. */
  readonly inlinePools: string;
}

/** Which pools the next request for the cluster should name: the bootstrap pool while there is nothing else, or none. */
export function inlinePools(pools: readonly Pool[] | undefined, profile: string): string {
  const needed = pools === undefined || pools.length === 0 || pools.some(({ name }) => name === bootstrapPoolName);
  return needed ? profile : "";
}

/** Provider of the resource in front of the cluster. */
export function handler(): dynamic.ResourceProvider<InlinePoolsInputs, InlinePoolsOutputs> {
  const { configure, client } = armSession();
  return {
    configure,
    async diff(_id, olds, news) {
      const replaces = (
        ["subscriptionId", "resourceGroupName", "clusterName", "createOnlyHash"] satisfies (keyof InlinePoolsInputs)[]
      ).filter((key) => olds[key] !== news[key]);
      if (replaces.length > 0 || olds.updateHash !== news.updateHash) {
        return { changes: true, replaces };
      }
      // Another bootstrap pool matters only where the cluster has not come into being with the first one.
      const changes = olds.profile !== news.profile && !(await livePools(await client(), news))?.length;
      return { changes, replaces };
    },
    async create(inputs) {
      const id = `${inputs.resourceGroupName}/${inputs.clusterName}/inline-pools`;
      return { id, outs: { ...inputs, inlinePools: inputs.profile } };
    },
    async update(_id, olds, news) {
      const pools = await livePools(await client(), news);
      const profile = pools?.length ? olds.profile : news.profile;
      return { outs: { ...news, profile, inlinePools: inlinePools(pools, profile) } };
    },
    async read(id, props) {
      if (!props) {
        throw new Error("The inline pools of a cluster cannot be imported.");
      }
      const pools = await livePools(await client(), props);
      if (!pools) {
        // The cluster has gone: forget this resource with it, so that the next update starts with the bootstrap pool.
        return { id: "", props };
      }
      return { id, props: { ...props, inlinePools: inlinePools(pools, props.inlinePools) } };
    },
  };
}
