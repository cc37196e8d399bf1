import { type dynamic } from "@pulumi/pulumi";

import { type ArmClient, type ArmResponse, errorCode, openArm, pause, unexpected } from "../arm/client";
import { type AzureSettings, azureSettings } from "../arm/settings";

/**
 * The bootstrap pool. Azure wants a node pool inside the request that creates a cluster, and refuses every later request for
 * the cluster that names a pool which has gone. So the cluster starts with a pool that only exists until the first pool of
 * its own is ready, and later requests name no pool at all, which touches none.
 */
export const bootstrapPoolName = "bootstrap";

const api = "2025-09-01";

/** Which cluster; `subscriptionId` only where it is not the configured one. */
export interface ClusterReference {
  readonly subscriptionId?: string;
  readonly resourceGroupName: string;
  readonly clusterName: string;
}

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

/** Inputs of the resource that removes the bootstrap pool. */
export interface BootstrapRemovalInputs extends ClusterReference {
  readonly createOnlyHash: string;
}

interface Pool {
  readonly name: string;
  readonly properties: { readonly mode?: string; readonly provisioningState?: string };
}

interface Session {
  settings?: AzureSettings;
  arm?: Promise<ArmClient>;
}

function openSession(session: Session): Promise<ArmClient> {
  return (session.arm ??= openArm(session.settings ?? azureSettings(() => undefined, process.env)));
}

function clusterPath(arm: ArmClient, cluster: ClusterReference): string {
  return (
    `/subscriptions/${cluster.subscriptionId ?? arm.subscriptionId}/resourceGroups/${cluster.resourceGroupName}` +
    `/providers/Microsoft.ContainerService/managedClusters/${cluster.clusterName}`
  );
}

/** The cluster's pools; undefined where there is no cluster. */
export async function livePools(arm: ArmClient, cluster: ClusterReference): Promise<Pool[] | undefined> {
  const response = await arm.request("GET", `${clusterPath(arm, cluster)}/agentPools`, api);
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

/** Which pools the next request for the cluster should name: the bootstrap pool while there is nothing else, or none. */
export function inlinePools(pools: readonly Pool[] | undefined, profile: string): string {
  const needed = pools === undefined || pools.length === 0 || pools.some(({ name }) => name === bootstrapPoolName);
  return needed ? profile : "";
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
      const response = await arm.request("DELETE", path, api);
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

/** Provider of the resource in front of the cluster. */
export function inlinePoolsProvider(): dynamic.ResourceProvider<InlinePoolsInputs, InlinePoolsOutputs> {
  const session: Session = {};
  return {
    async configure({ config }) {
      session.settings = azureSettings((key) => config.get(key), process.env);
    },
    async diff(_id, olds, news) {
      const replaces = (
        ["subscriptionId", "resourceGroupName", "clusterName", "createOnlyHash"] satisfies (keyof InlinePoolsInputs)[]
      ).filter((key) => olds[key] !== news[key]);
      if (replaces.length > 0 || olds.updateHash !== news.updateHash) {
        return { changes: true, replaces };
      }
      // Another bootstrap pool matters only where the cluster has not come into being with the first one.
      const changes = olds.profile !== news.profile && !(await livePools(await openSession(session), news))?.length;
      return { changes, replaces };
    },
    async create(inputs) {
      const id = `${inputs.resourceGroupName}/${inputs.clusterName}/inline-pools`;
      return { id, outs: { ...inputs, inlinePools: inputs.profile } };
    },
    async update(_id, olds, news) {
      const pools = await livePools(await openSession(session), news);
      const profile = pools?.length ? olds.profile : news.profile;
      return { outs: { ...news, profile, inlinePools: inlinePools(pools, profile) } };
    },
    async read(id, props) {
      if (!props) {
        throw new Error("The inline pools of a cluster cannot be imported.");
      }
      const pools = await livePools(await openSession(session), props);
      if (!pools) {
        // The cluster has gone: forget this resource with it, so that the next update starts with the bootstrap pool.
        return { id: "", props };
      }
      return { id, props: { ...props, inlinePools: inlinePools(pools, props.inlinePools) } };
    },
  };
}

/** Provider of the resource behind the first system pool. */
export function bootstrapRemovalProvider(): dynamic.ResourceProvider<BootstrapRemovalInputs, BootstrapRemovalInputs> {
  const session: Session = {};
  const remove = async (inputs: BootstrapRemovalInputs): Promise<void> =>
    removeBootstrapPool(await openSession(session), inputs, { limitSeconds: 3600, pauseMs: 2000 });
  return {
    async configure({ config }) {
      session.settings = azureSettings((key) => config.get(key), process.env);
    },
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
      const pools = await livePools(await openSession(session), props);
      const done = pools?.every(({ name }) => name !== bootstrapPoolName) ?? false;
      return { id: done ? id : "", props };
    },
  };
}
