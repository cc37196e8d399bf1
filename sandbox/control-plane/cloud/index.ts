import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { ApiClient } from "../api-client";
import { watchAll } from "../watch";
import { balanceServices } from "./load-balancers";
import { ensureStorageClasses } from "./storage-classes";
import { provisionVolumes, reclaimVolumes } from "./volumes";

/** The controllers that Azure runs beside a cluster. */
export interface CloudControllers {
  stop(): Promise<void>;
}

/**
 * Starts what stands in for Azure's cloud controller and storage drivers: load balancers get addresses, claims get volumes. It runs
 * in this process, and takes up what happened while it did not.
 *
 * @param log gets a line for every failure; what failed is tried again.
 */
export async function startCloudControllers(
  api: ApiClient,
  kubeconfig: string,
  log: (line: string) => void,
): Promise<CloudControllers> {
  await ensureStorageClasses(api);
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const controllers = [
    watchAll(
      config,
      "/api/v1/services",
      () => core.listServiceForAllNamespaces(),
      (services) => balanceServices(api, services),
      log,
    ),
    watchAll(
      config,
      "/api/v1/persistentvolumeclaims",
      () => core.listPersistentVolumeClaimForAllNamespaces(),
      (claims) => provisionVolumes(api, claims),
      log,
    ),
    watchAll(
      config,
      "/api/v1/persistentvolumes",
      () => core.listPersistentVolume(),
      (volumes) => reclaimVolumes(api, volumes),
      log,
    ),
  ];
  return { stop: async () => void (await Promise.all(controllers.map((controller) => controller.stop()))) };
}
