import { type dynamic } from "@pulumi/pulumi";

import { type ArmClient, type ArmResponse, errorCode, pause, unexpected } from "../arm/client";
import { armSession } from "../arm/session";
import { bootstrapPoolName, type ClusterReference, clusterPath, livePools, poolsApi } from "./bootstrap-pool";

/** Inputs of the resource that removes the bootstrap pool. */
export interface BootstrapRemovalInputs extends ClusterReference {
  readonly createOnlyHash: string;
}

/**
 * Removes the bootstrap pool once another system pool is ready, and waits until it has gone. Does nothing where it has gone
 * already.
 *
 * @throws Error if no other system pool is ready, or Azure does not get there within `limitSeconds`.
 */
export async function removeBootstrapPool(
  arm: ArmClient,
  cluster: ClusterReference,
  { limitSeconds, pauseMs }: { limitSeconds: number; pauseMs: number },
): Promise<void> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    const pools = await livePools(arm, cluster);
    const bootstrap = pools?.find(({ name }) => name === bootstrapPoolName);
    if (!pools || !bootstrap) {
      return;
    }
    const ready = pools.some(
      ({ name, properties }) =>
        name !== bootstrapPoolName && properties.mode === "System" && properties.provisioningState === "Succeeded",
    );
    if (!ready) {
      throw new Error(
        `The cluster ${cluster.clusterName} has no ready system pool besides "${bootstrapPoolName}", so that stays. ` +
          "See the other pools' errors, and run this again.",
      );
    }
    let waitMs = pauseMs;
    if (bootstrap.properties.provisioningState !== "Deleting") {
      const path = `${clusterPath(arm, cluster)}/agentPools/${bootstrapPoolName}`;
      const response = await arm.request("DELETE", path, poolsApi);
      if (!accepted(response) && !busy(response)) {
        throw unexpected(
          `Removing the node pool "${bootstrapPoolName}" of the cluster ${cluster.clusterName}`,
          response,
        );
      }
      waitMs = Math.max(waitMs, response.retryAfterMs ?? 0);
    }
    if (Date.now() + waitMs > deadline) {
      throw new Error(
        `The node pool "${bootstrapPoolName}" of the cluster ${cluster.clusterName} is still there after ` +
          `${limitSeconds} s. Run this again.`,
      );
    }
    await pause(waitMs);
  }
}

function accepted({ status }: ArmResponse): boolean {
  return status === 200 || status === 202 || status === 204 || status === 404;
}

/** Azure runs one operation on a cluster at a time; the others have to come again. */
function busy({ status, body }: ArmResponse): boolean {
  return status === 409 && errorCode(body) === "OperationNotAllowed";
}

/** Provider of the resource behind the first system pool. */
export function handler(): dynamic.ResourceProvider<BootstrapRemovalInputs, BootstrapRemovalInputs> {
  const { configure, client } = armSession();
  const remove = async (inputs: BootstrapRemovalInputs): Promise<void> =>
    removeBootstrapPool(await client(), inputs, { limitSeconds: 3600, pauseMs: 2000 });
  return {
    configure,
    async diff(_id, olds, news) {
      const replaces = (
        [
          "subscriptionId",
          "resourceGroupName",
          "clusterName",
          "createOnlyHash",
        ] satisfies (keyof BootstrapRemovalInputs)[]
      ).filter((key) => olds[key] !== news[key]);
      return { changes: replaces.length > 0, replaces };
    },
    async create(inputs) {
      await remove(inputs);
      return { id: `${inputs.resourceGroupName}/${inputs.clusterName}/bootstrap-removal`, outs: inputs };
    },
    async read(id, props) {
      if (!props) {
        throw new Error("The removal of a cluster's bootstrap pool cannot be imported.");
      }
      const pools = await livePools(await client(), props);
      const done = pools?.every(({ name }) => name !== bootstrapPoolName) ?? false;
      return { id: done ? id : "", props };
    },
  };
}
