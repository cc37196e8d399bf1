import { setTimeout as sleep } from "node:timers/promises";

import { type ControlPlane } from "../../control-plane/types";
import { type ArmContext } from "../context";
import { findResource } from "../resource-manager/resources";
import { pluggedInAuthority, readAuthority, rotationSeconds } from "./mesh-authority";

/** What brings certificate authorities from key vaults into clusters, as the Key Vault add-on does. */
export interface AuthoritySync {
  /** Looks at once, and from then on as often as the cluster's add-on says, until the cluster has no such authority any more. */
  follow(context: ArmContext, clusterId: string, plane: ControlPlane): void;
  /** Ends it for a cluster, or for all. */
  stop(clusterId?: string): void;
}

/** After how long a mount that failed is tried again. */
const RETRY_SECONDS = 1;

export function authoritySync(): AuthoritySync {
  const following = new Map<string, AbortController>();

  async function run(context: ArmContext, clusterId: string, plane: ControlPlane, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const cluster = findResource(context, clusterId);
      const plugin = pluggedInAuthority(cluster);
      if (cluster === undefined || plugin === undefined) return;
      const found = readAuthority(context, cluster, plugin);
      await plane.setMeshAuthority(found);
      const seconds = "problem" in found ? RETRY_SECONDS : rotationSeconds(cluster);
      if (seconds === undefined) return;
      await sleep(seconds * 1000, undefined, { signal, ref: false });
    }
  }

  return {
    follow(context, clusterId, plane) {
      const key = clusterId.toLowerCase();
      following.get(key)?.abort();
      const cancel = new AbortController();
      following.set(key, cancel);
      const again = (): void => {
        run(context, clusterId, plane, cancel.signal).catch(async (error: unknown) => {
          if (cancel.signal.aborted) return;
          context.log(`certificate authority of ${clusterId} not brought into the cluster: ${String(error)}`);
          await sleep(RETRY_SECONDS * 1000, undefined, { ref: false });
          again();
        });
      };
      again();
    },
    stop(clusterId) {
      const keys = clusterId === undefined ? [...following.keys()] : [clusterId.toLowerCase()];
      for (const key of keys) {
        following.get(key)?.abort();
        following.delete(key);
      }
    },
  };
}
