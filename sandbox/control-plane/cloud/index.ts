import { CoreV1Api, KubeConfig, makeInformer } from "@kubernetes/client-node";
import type { KubernetesListObject, KubernetesObject } from "@kubernetes/client-node";
import type { ApiClient } from "../api-client";
import { balanceServices } from "./load-balancers";
import { ensureStorageClasses } from "./storage-classes";
import { provisionVolumes, reclaimVolumes } from "./volumes";

/** How long after a failure or a lost connection it is tried again. */
const RETRY_MILLISECONDS = 1000;

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
  return { stop: async () => void (await Promise.all(controllers.map((stop) => stop()))) };
}

/**
 * Calls `work` with all objects at the path whenever one of them has changed; never twice at a time, and again after a failure.
 *
 * @returns what ends it, once the call that is under way is over.
 */
function watchAll<T extends KubernetesObject>(
  config: KubeConfig,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
  work: (objects: readonly T[]) => Promise<void>,
  log: (line: string) => void,
): () => Promise<void> {
  const informer = makeInformer(config, path, list);
  let stopped = false;
  let again = false;
  let working: Promise<void> | undefined;
  const timers = new Set<NodeJS.Timeout>();
  const later = (what: () => void): void => {
    if (stopped) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!stopped) what();
    }, RETRY_MILLISECONDS);
    timers.add(timer);
  };
  const failed = (error: unknown): void => {
    if (!stopped) log(`cloud controllers, ${path}: ${String(error)}`);
  };
  const changed = (): void => {
    again = true;
    working ??= run().finally(() => (working = undefined));
  };
  const run = async (): Promise<void> => {
    while (again && !stopped) {
      again = false;
      try {
        await work(informer.list());
      } catch (error) {
        failed(error);
        later(changed);
      }
    }
  };
  const start = (): void => {
    informer.start().catch((error: unknown) => {
      failed(error);
      later(start);
    });
  };
  for (const event of ["add", "update", "delete"] as const) informer.on(event, changed);
  informer.on("error", (error: unknown) => {
    failed(error);
    later(start);
  });
  start();
  return async () => {
    stopped = true;
    for (const timer of timers) clearTimeout(timer);
    await informer.stop();
    await working;
  };
}
