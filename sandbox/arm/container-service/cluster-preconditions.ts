import { type JsonObject } from "../json";

/** A pool of the cluster as it would be. */
export interface PlannedPool {
  readonly name: string;
  readonly properties: JsonObject;
}

/** What AKS itself checks between the fields of a cluster. @throws ArmError 400. */
export function checkCluster(cluster: JsonObject, pools: readonly PlannedPool[]): void {
  void cluster;
  void pools;
}
