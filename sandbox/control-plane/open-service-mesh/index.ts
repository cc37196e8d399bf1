import { appendFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import type { Tools } from "../../tools";
import { accepts } from "../accepts";
import { poll, type ApiClient, type KubernetesObject } from "../api-client";
import { ensureDefinitions, missingDefinitions } from "../custom-resources";
import { ifExists } from "../../../recovery/if-exists";
import { writeWhole } from "../files";
import { ensureProcess, processRuns, stopProcess } from "../managed-process";
import type { Ports } from "../ports";
import type { ServiceRoutes } from "../service-routes";
import { meshConfig, meshName, meshNamespace, meshObjects } from "./objects";
import { meshProcesses, meshProcessNames, type MeshProcessName } from "./processes";

/** Open Service Mesh on one control plane. */
export interface OpenServiceMesh {
  /** Installs it as AKS does; see ControlPlane.enableOpenServiceMesh. */
  enable(options: { readonly crdDelaySeconds: number }): Promise<void>;
  /** Removes it as AKS does; see ControlPlane.disableOpenServiceMesh. */
  disable(): Promise<void>;
  /** Continues what an earlier process of ours has begun: starts what should run and does not. */
  resume(): Promise<void>;
  /** Ends what is under way, and the programs. */
  stop(): Promise<void>;
}

/** What has to be known to continue after a restart. */
interface MeshState {
  /** When the custom resource definitions may appear (ISO 8601). */
  readonly crdsAt: string;
}

interface MeshContext {
  readonly directory: string;
  readonly api: ApiClient;
  readonly tools: Tools;
  readonly ports: Ports;
  /** Path of the kubeconfig that OSM's programs use. */
  readonly kubeconfig: string;
  readonly routes: ServiceRoutes;
}

/** About how long after the custom resource definitions the programs serve: the pods that stand for them become ready then. */
const startSeconds = 2;

/** How long opening a control plane waits for a mesh that was installed before. */
const resumeSeconds = 20;

/** Open Service Mesh for a control plane that is ready. Nothing happens before one of the functions is called. */
export function openServiceMesh(context: MeshContext): OpenServiceMesh {
  const stateFile = path.join(context.directory, "open-service-mesh.json");
  let installing: { readonly cancel: AbortController; readonly done: Promise<void> } | undefined;

  const install = (state: MeshState) => {
    const cancel = new AbortController();
    installing = { cancel, done: installUntilDone(context, new Date(state.crdsAt), cancel.signal) };
  };
  const cancelInstall = async () => {
    installing?.cancel.abort();
    await installing?.done;
    installing = undefined;
  };
  return {
    async enable({ crdDelaySeconds }) {
      const known = await readState(stateFile);
      const state = known ?? { crdsAt: new Date(Date.now() + crdDelaySeconds * 1000).toISOString() };
      await writeWhole(stateFile, JSON.stringify(state));
      const readyAfter = new Date(Date.parse(state.crdsAt) + startSeconds * 1000);
      await Promise.all(meshObjects(readyAfter).map(({ path, object }) => context.api.apply(path, object)));
      if (installing === undefined) install(state);
    },
    async disable() {
      await cancelInstall();
      await rm(stateFile, { force: true });
      await context.routes.set(meshName, {});
      await Promise.all(meshProcessNames.map((name) => stopProcess(context.directory, name)));
      await Promise.all(meshObjects(new Date()).map(({ path }) => context.api.remove(path)));
    },
    async resume() {
      const state = await readState(stateFile);
      if (state === undefined) return;
      install(state);
      // Where it was complete before, it is to be complete again before anybody deploys: pods would be refused meanwhile. But not at
      // any price: without nodes it never is.
      const wasComplete = (await missingDefinitions(context.api, await definitionFiles(context))).length === 0;
      if (wasComplete) await Promise.race([installing?.done, sleep(resumeSeconds * 1000, undefined, { ref: false })]);
    },
    async stop() {
      await cancelInstall();
      await Promise.all(meshProcessNames.map((name) => stopProcess(context.directory, name)));
    },
  };
}

async function readState(file: string): Promise<MeshState | undefined> {
  const text = await ifExists(readFile(file, "utf8"));
  return text === undefined ? undefined : (JSON.parse(text) as MeshState);
}

/** Installs; what goes wrong is written to the log and tried again, as a crashing osm-bootstrap would be started again. */
async function installUntilDone(context: MeshContext, crdsAt: Date, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await bootstrap(context, crdsAt, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      await log(context, String(error));
      await sleep(1000);
    }
  }
}

/** What osm-bootstrap does, and then the start of the other two. Every step may have been done before. */
async function bootstrap(context: MeshContext, crdsAt: Date, signal: AbortSignal): Promise<void> {
  const { api, directory } = context;
  await sleep(Math.max(crdsAt.getTime() - Date.now(), 0), undefined, { signal });
  await poll("osm-bootstrap has a ready pod", 30, async () => {
    signal.throwIfAborted();
    const found = await api.find<{ status?: { readyReplicas?: number } }>(
      `/apis/apps/v1/namespaces/${meshNamespace}/deployments/osm-bootstrap`,
    );
    return (found?.status?.readyReplicas ?? 0) > 0 ? true : undefined;
  });
  await ensureDefinitions(api, "OSM", await definitionFiles(context), signal);
  const configs = `/apis/config.openservicemesh.io/v1alpha2/namespaces/${meshNamespace}/meshconfigs`;
  const existing = await api.find(`${configs}/${meshConfig.metadata.name}`);
  if (existing === undefined) await api.create(configs, meshConfig);
  await writeRoutes(context);
  const pods = {
    "osm-controller": await podOf(context, "osm-controller", signal),
    "osm-injector": await podOf(context, "osm-injector", signal),
  };
  for (const definition of meshProcesses(context.tools, context.ports, context.kubeconfig, pods)) {
    // A pod may have been replaced since: the program that runs already stays.
    if (!(await processRuns(directory, definition.name))) await ensureProcess(directory, definition);
  }
  for (const port of ["osm-controller-webhook", "osm-injector-webhook"] as const) {
    await poll(`${port} served`, 30, async () => {
      signal.throwIfAborted();
      return (await accepts(context.ports[port])) ? true : undefined;
    });
  }
  await log(context, "Open Service Mesh is installed and serves its webhooks");
}

async function definitionFiles(context: MeshContext): Promise<KubernetesObject[]> {
  const files = await readdir(context.tools.crds);
  return await Promise.all(
    files.map(async (file) => parse(await readFile(path.join(context.tools.crds, file), "utf8")) as KubernetesObject),
  );
}

/** Tells the service proxy which loopback ports stand behind OSM's webhooks. */
async function writeRoutes({ api, ports, routes }: MeshContext): Promise<void> {
  const address = async (service: string) => {
    const found = await api.get<{ spec: { clusterIP: string } }>(
      `/api/v1/namespaces/${meshNamespace}/services/${service}`,
    );
    return found.spec.clusterIP;
  };
  const [validator, injector] = await Promise.all([address("osm-validator"), address("osm-injector")]);
  await routes.set(meshName, {
    [`${validator}:9093`]: ports["osm-controller-webhook"],
    [`${injector}:9090`]: ports["osm-injector-webhook"],
  });
}

/** The name of the pod that stands for the program. */
async function podOf({ api }: MeshContext, app: MeshProcessName, signal: AbortSignal): Promise<string> {
  return await poll(`a pod of ${app}`, 30, async () => {
    signal.throwIfAborted();
    const pods = await api.list(`/api/v1/namespaces/${meshNamespace}/pods?labelSelector=app%3D${app}`);
    return pods.find((pod) => pod.metadata.deletionTimestamp === undefined)?.metadata.name;
  });
}

async function log({ directory }: MeshContext, message: string): Promise<void> {
  await mkdir(path.join(directory, "logs"), { recursive: true });
  await appendFile(path.join(directory, "logs", "open-service-mesh.log"), `${new Date().toISOString()} ${message}\n`);
}
