import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { apiClient, ApiError, type ApiClient } from "./api-client";
import { ensureCertificates, ensurePrivateKey } from "./certificates";
import { startCloudControllers } from "./cloud";
import { applyClusterObjects } from "./cluster-objects";
import { apiServerConfig, clusterProcesses, layout } from "./cluster-processes";
import { writeWhole } from "./files";
import { certificateSubjects, kubernetesUsers } from "./identities";
import { istio } from "./istio";
import { keda } from "./keda";
import { kubeconfig } from "./kubeconfig";
import { kwokStages } from "./kwok-stages";
import { ensureProcess, logTail, processRuns, startedProcesses, stopProcess } from "./managed-process";
import { setNodes } from "./nodes";
import { openServiceMesh } from "./open-service-mesh";
import { ensurePorts, isFree, type PortName, type Ports } from "./ports";
import { serviceRoutes } from "./service-routes";
import { staticEgressGateway } from "./static-egress-gateway";
import type { ControlPlane, ControlPlaneOptions } from "./types";

export type { ControlPlane, ControlPlaneOptions, IstioAddon, NodePool } from "./types";

/** How long the API server may take until it is ready, on a machine that is busy. */
const readySeconds = 90;

/**
 * Starts what is not running and adopts what is, after the emulator's restart or a kill in the middle. Resolves when the API server
 * is ready and, where the mesh was installed before, when its webhooks have been started again.
 * @throws an Error with the end of the log when a program does not come up, or that names a port which another program has. Nothing of the
 * control plane runs then.
 */
export async function openControlPlane(given: ControlPlaneOptions): Promise<ControlPlane> {
  try {
    return await open(given);
  } catch (error) {
    await stopControlPlane(given.directory);
    throw error;
  }
}

async function open(given: ControlPlaneOptions): Promise<ControlPlane> {
  const directory = path.resolve(given.directory);
  const options = { ...given, directory };
  const files = layout(directory);
  await mkdir(path.join(directory, "config"), { recursive: true, mode: 0o700 });
  const ports = await ensurePorts(directory);
  await refuseTakenPorts(directory, ports);
  await ensureCertificates(path.join(directory, "tls"), certificateSubjects(options.serviceCidr));
  await ensurePrivateKey(files.serviceAccountKey);
  const server = `https://127.0.0.1:${ports["kube-apiserver"]}`;
  const certificateAuthority = await readFile(files.ca, "utf8");
  const kubeconfigs = await writeKubeconfigs(options, server, certificateAuthority);
  const apiServerFiles = await writeApiServerConfig(options);
  await writeWhole(files.config("kwok-stages.yaml"), await kwokStages(options.tools.stages));

  const { core, clients } = clusterProcesses(options, ports, apiServerFiles);
  for (const definition of core) await ensureProcess(directory, definition);
  const api = apiClient(server, {
    ca: certificateAuthority,
    cert: await readFile(files.certificate("admin"), "utf8"),
    key: await readFile(files.key("admin"), "utf8"),
  });
  await apiServerReady(api, directory);
  await Promise.all(clients.map((definition) => ensureProcess(directory, definition)));
  await applyClusterObjects(api, options.dnsServiceIP);
  const log = options.log ?? (() => undefined);
  const routes = serviceRoutes(files.routes);
  const mesh = openServiceMesh({
    directory,
    api,
    tools: options.tools,
    ports,
    kubeconfig: files.kubeconfig("osm"),
    routes,
  });
  const addon = istio({ directory, api, server, certificateAuthority, routes, log });
  const scaler = keda(api, directory, options.tools.keda, routes);
  await Promise.all([mesh.resume(), addon.resume(), scaler.resume()]);

  const cloud = await startCloudControllers(api, kubeconfigs.admin, log);
  const egress = staticEgressGateway(api, kubeconfigs.admin, log);
  await egress.resume();

  const inTurn = serializer();
  const stop = async () => {
    await Promise.all([cloud.stop(), egress.stop()]);
    await Promise.all([mesh.stop(), addon.stop()]);
    api.close();
    await stopControlPlane(directory);
  };
  return {
    server,
    certificateAuthority,
    adminKubeconfig: kubeconfigs.admin,
    serviceAccountKeys: () => api.get("/openid/v1/jwks"),
    setNodePools: (pools) =>
      inTurn(async () => {
        await setNodes(api, pools, {
          location: options.location ?? "eastus",
          nodeResourceGroup: options.nodeResourceGroup ?? path.basename(directory),
        });
        egress.nodesChanged();
      }),
    enableOpenServiceMesh: (meshOptions) => inTurn(() => mesh.enable(meshOptions)),
    disableOpenServiceMesh: () => inTurn(() => mesh.disable()),
    setIstio: (wanted, istioOptions) => inTurn(() => addon.set(wanted, istioOptions)),
    setMeshAuthority: (found) => inTurn(() => addon.setAuthority(found)),
    setKeda: (enabled) => inTurn(() => scaler.set(enabled)),
    enableStaticEgressGateway: () => inTurn(() => egress.enable()),
    stop: () => inTurn(stop),
    destroy: () =>
      inTurn(async () => {
        await stop();
        await rm(directory, { recursive: true, force: true });
      }),
  };
}

/** Whose ports are remembered, and who listens on them: clients know the cluster by them, so that no others will do. */
const listeners: readonly (readonly [PortName, string])[] = [
  ["etcd-client", "etcd"],
  ["etcd-peer", "etcd"],
  ["kube-apiserver", "kube-apiserver"],
];

/** How long the threads of a program that was killed may go on holding its ports: its first thread is gone before them. */
const dyingMilliseconds = 5000;

async function refuseTakenPorts(directory: string, ports: Ports): Promise<void> {
  const started = await startedProcesses(directory);
  for (const [port, program] of listeners) {
    if (await processRuns(directory, program)) continue;
    const end = Date.now() + (started.includes(program) ? dyingMilliseconds : 0);
    while (!(await isFree(ports[port]))) {
      if (Date.now() >= end) {
        throw new Error(
          `another program listens on 127.0.0.1:${ports[port]}, the port of its ${program}. End that program.`,
        );
      }
      await sleep(50);
    }
  }
}

/** Ends the processes of the control plane in the directory, without opening it. The data stays. */
export async function stopControlPlane(directory: string): Promise<void> {
  const absolute = path.resolve(directory);
  const names = await startedProcesses(absolute);
  // etcd last: the others would only log that it is gone.
  await Promise.all(names.filter((name) => name !== "etcd").map((name) => stopProcess(absolute, name)));
  await stopProcess(absolute, "etcd");
}

async function writeKubeconfigs(options: ControlPlaneOptions, server: string, certificateAuthority: string) {
  const files = layout(options.directory);
  const clusterName = path.basename(options.directory);
  const written: Record<string, string> = {};
  for (const user of Object.keys(kubernetesUsers)) {
    written[user] = kubeconfig({
      clusterName,
      userName: user,
      server,
      certificateAuthority,
      client: {
        certificate: await readFile(files.certificate(user), "utf8"),
        key: await readFile(files.key(user), "utf8"),
      },
    });
    await writeWhole(files.kubeconfig(user), written[user]);
  }
  return { admin: written["admin"] ?? "" };
}

/** @returns the content of the files. */
async function writeApiServerConfig(options: ControlPlaneOptions): Promise<string[]> {
  const files = layout(options.directory);
  const config = apiServerConfig(
    options,
    await readFile(options.oidc.caFile, "utf8"),
    await readFile(options.authorizationWebhookCaFile, "utf8"),
  );
  for (const [name, content] of Object.entries(config)) await writeWhole(files.config(name), content);
  return Object.values(config);
}

async function apiServerReady(api: ApiClient, directory: string): Promise<void> {
  const end = Date.now() + readySeconds * 1000;
  for (;;) {
    try {
      await api.get("/readyz");
      return;
    } catch (error) {
      for (const name of ["etcd", "kube-apiserver"]) {
        if (!(await processRuns(directory, name))) {
          throw new Error(`${name} ended while it was starting:\n${await logTail(directory, name)}`, { cause: error });
        }
      }
      // Refused connections and 500 are what a server that is starting gives; the deadline ends the waiting for anything else.
      if (error instanceof ApiError && error.status === 401) throw error;
      if (Date.now() > end) throw new Error(`The API server is not ready after ${readySeconds} s: ${String(error)}`);
      await sleep(50);
    }
  }
}

/** Runs what it is given one after another, each after the one before has ended, well or not. */
function serializer(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
