import { createHash } from "node:crypto";
import { ApiError, poll, type ApiClient, type KubernetesObject } from "./api-client";
import type { NodePool } from "./types";
import { allocatable, vmCapacity } from "./vm-size";

/** What all nodes of a cluster share. */
export interface NodeEnvironment {
  readonly location: string;
  readonly nodeResourceGroup: string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

interface NodeObject extends KubernetesObject {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly nodeInfo?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
}

interface PodObject extends KubernetesObject {
  readonly metadata: KubernetesObject["metadata"] & {
    readonly namespace: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
}

const nodeImageLabel = "kubernetes.azure.com/node-image-version";

/** On nodes of gateway pools: length of the public IP prefixes that they get. */
export const prefixSizeAnnotation = "sandbox.aks-mesh.dev/public-ip-prefix-size";

/** On nodes that the sandbox cordoned, to tell them from those that a user did. */
const leavingAnnotation = "sandbox.aks-mesh.dev/leaving";

/** How long draining one node may take before its pods are deleted without asking their disruption budgets. */
const drainSeconds = 60;

/**
 * Makes the cluster's nodes be those of the pools: creates and updates, waits until all are ready, upgrades those that run another
 * version or image, then drains and removes the rest.
 */
export async function setNodes(
  api: ApiClient,
  pools: readonly NodePool[],
  environment: NodeEnvironment,
): Promise<void> {
  const wanted = new Map(
    pools.flatMap((pool) => nodeObjects(pool, environment)).map((node) => [node.metadata.name, node]),
  );
  const present = new Map((await listNodes(api)).map((node) => [node.metadata.name, node]));
  const isOutdated = (node: NodeObject): boolean => {
    const now = present.get(node.metadata.name);
    return now !== undefined && revisionOf(now) !== revisionOf(node);
  };
  await Promise.all(
    [...wanted.values()]
      .filter((node) => !isOutdated(node))
      .map((node) => joinNode(api, node, present.get(node.metadata.name))),
  );
  await nodesReady(
    api,
    [...wanted.values()].filter((node) => !isOutdated(node)),
  );
  for (const pool of pools) {
    const outdated = nodeObjects(pool, environment).filter(isOutdated);
    if (outdated.length > 0) await upgradeNodes(api, pool, outdated, environment);
  }
  const leaving = (await listNodes(api)).map((node) => node.metadata.name).filter((name) => !wanted.has(name));
  for (const name of leaving) await markLeaving(api, name, true);
  for (const name of leaving) await drainAndRemove(api, name);
}

/** Upgrades a pool as AKS does: extra nodes of the new kind join, then as many old ones at a time are drained and replaced. */
async function upgradeNodes(
  api: ApiClient,
  pool: NodePool,
  outdated: readonly NodeObject[],
  environment: NodeEnvironment,
): Promise<void> {
  const surge = surgeCount(pool);
  const extra = nodeObjects({ ...pool, count: pool.count + surge }, environment).slice(pool.count);
  const present = new Map((await listNodes(api)).map((node) => [node.metadata.name, node]));
  await Promise.all(extra.map((node) => joinNode(api, node, present.get(node.metadata.name))));
  await nodesReady(api, extra);
  for (let start = 0; start < outdated.length; start += surge) {
    const batch = outdated.slice(start, start + surge);
    await Promise.all(
      batch.map(async ({ metadata: { name } }) => {
        await markLeaving(api, name, true);
        await drainAndRemove(api, name);
      }),
    );
    await Promise.all(batch.map((node) => joinNode(api, node, undefined)));
    await nodesReady(api, batch);
  }
}

/** How many nodes an upgrade of the pool adds: at least one. */
export function surgeCount({ count, maxSurge = "10%" }: Pick<NodePool, "count" | "maxSurge">): number {
  const number = Number.parseInt(maxSurge, 10);
  return Math.max(1, maxSurge.endsWith("%") ? Math.ceil((count * number) / 100) : number);
}

/** Version and image of a node: where they differ from the pool's, it is upgraded. */
function revisionOf(node: NodeObject): string {
  return `${node.status?.nodeInfo?.["kubeletVersion"]} ${node.metadata.labels?.[nodeImageLabel]}`;
}

function listNodes(api: ApiClient): Promise<NodeObject[]> {
  return api.list<NodeObject>("/api/v1/nodes");
}

/** Creates the node, or makes the one that is there as wanted. */
async function joinNode(api: ApiClient, node: NodeObject, present: NodeObject | undefined): Promise<void> {
  // A node comes with its status, as when a kubelet registers it; apply could not set that. Afterwards apply owns the
  // labels and taints, so that what a pool no longer has goes from its nodes.
  if (present === undefined) await api.create("/api/v1/nodes", { ...node, spec: {} });
  // Left behind by a removal that was interrupted and is no longer wanted.
  if (present?.metadata.annotations?.[leavingAnnotation]) await markLeaving(api, node.metadata.name, false);
  await api.apply(`/api/v1/nodes/${node.metadata.name}`, { ...node, status: undefined });
}

async function nodesReady(api: ApiClient, wanted: readonly NodeObject[]): Promise<void> {
  await poll("nodes ready", 60, async () => {
    const ready = new Set((await listNodes(api)).filter(isReady).map((node) => node.metadata.name));
    return wanted.every((node) => ready.has(node.metadata.name)) ? true : undefined;
  });
}

async function drainAndRemove(api: ApiClient, name: string): Promise<void> {
  await drain(api, name);
  await api.remove(`/api/v1/nodes/${name}`);
}

/** The Node objects of a pool, with the names, labels and taints that AKS gives. */
export function nodeObjects(pool: NodePool, environment: NodeEnvironment): NodeObject[] {
  return Array.from({ length: pool.count }, (_, index) => nodeObject(pool, index, environment));
}

function nodeObject(pool: NodePool, index: number, environment: NodeEnvironment): NodeObject {
  const name = nodeName(pool.name, index, environment.nodeResourceGroup);
  const capacity = vmCapacity(pool.vmSize);
  const usable = allocatable(capacity, pool.maxPods);
  const zone = pool.zones.length === 0 ? "0" : `${environment.location}-${pool.zones[index % pool.zones.length] ?? ""}`;
  const other = { pods: String(pool.maxPods), "ephemeral-storage": "129886128Ki" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        ...pool.labels,
        agentpool: pool.name,
        "kubernetes.azure.com/agentpool": pool.name,
        "kubernetes.azure.com/cluster": environment.nodeResourceGroup,
        "kubernetes.azure.com/mode": pool.mode.toLowerCase(),
        [nodeImageLabel]: pool.nodeImageVersion,
        "kubernetes.azure.com/os-sku": pool.osSku,
        "kubernetes.azure.com/role": "agent",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "beta.kubernetes.io/instance-type": pool.vmSize,
        "node.kubernetes.io/instance-type": pool.vmSize,
        "topology.kubernetes.io/region": environment.location,
        "topology.kubernetes.io/zone": zone,
      },
      ...(pool.publicIpPrefixSize === undefined
        ? {}
        : { annotations: { [prefixSizeAnnotation]: String(pool.publicIpPrefixSize) } }),
    },
    spec: { taints: pool.taints.map(parseTaint) },
    status: {
      addresses: [
        { type: "InternalIP", address: nodeAddress(name) },
        { type: "Hostname", address: name },
      ],
      capacity: { ...other, cpu: String(capacity.cpus), memory: `${capacity.memoryGiB * 1024}Mi` },
      allocatable: { ...other, cpu: `${usable.cpuMillis}m`, memory: `${usable.memoryMiB}Mi` },
      nodeInfo: {
        architecture: "amd64",
        bootID: "",
        containerRuntimeVersion: "containerd://1.7.28-1",
        kernelVersion: "5.15.0-1098-azure",
        kubeProxyVersion: "",
        kubeletVersion: `v${pool.kubernetesVersion}`,
        machineID: "",
        operatingSystem: "linux",
        osImage: "Ubuntu 22.04.5 LTS",
        systemUUID: "",
      },
    },
  };
}

/** Such as aks-system-31042718-vmss000000: the number is the same for all nodes of a cluster, the end counts in base 36. */
export function nodeName(pool: string, index: number, nodeResourceGroup: string): string {
  const hash = createHash("sha256").update(nodeResourceGroup).digest();
  const cluster = String(hash.readUInt32BE(0) % 1e8).padStart(8, "0");
  return `aks-${pool}-${cluster}-vmss${index.toString(36).padStart(6, "0")}`;
}

/** An address of AKS's default node network; the same for the same node. Two nodes may share one: nothing ever dials it. */
export function nodeAddress(name: string): string {
  const hash = createHash("sha256").update(name).digest();
  return `10.224.${hash.readUInt8(0)}.${(hash.readUInt8(1) % 250) + 4}`;
}

/**
 * Reads a taint as agent pools write it, `key=value:Effect` or `key:Effect`.
 * @throws when it is something else.
 */
export function parseTaint(taint: string): { key: string; value?: string; effect: string } {
  const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(taint);
  if (match === null) {
    throw new Error(`taint ${JSON.stringify(taint)}: write key=value:NoSchedule, PreferNoSchedule or NoExecute`);
  }
  const [, key = "", value, effect = ""] = match;
  return value === undefined ? { key, effect } : { key, value, effect };
}

function isReady(node: NodeObject): boolean {
  return (node.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
}

/** Cordons a node that is to be removed, or takes that back. */
async function markLeaving(api: ApiClient, name: string, leaving: boolean): Promise<void> {
  await api.mergePatch(`/api/v1/nodes/${name}`, {
    metadata: { annotations: { [leavingAnnotation]: leaving ? "true" : null } },
    spec: { unschedulable: leaving ? true : null },
  });
}

/** Evicts the node's pods, as `kubectl drain` does: their disruption budgets are respected until the time is up. */
async function drain(api: ApiClient, node: string): Promise<void> {
  const end = Date.now() + drainSeconds * 1000;
  await poll(`node ${node} drained`, drainSeconds + 30, async () => {
    const pods = (await api.list<PodObject>(`/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`)).filter(isEvictable);
    for (const { metadata } of pods.filter((pod) => pod.metadata.deletionTimestamp === undefined)) {
      const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
      if (Date.now() > end) await api.remove(path);
      else await evict(api, path, metadata);
    }
    return pods.length === 0 ? true : undefined;
  });
}

/** A DaemonSet's pods leave with their node; its controller would only make them anew. */
function isEvictable(pod: PodObject): boolean {
  return !(pod.metadata.ownerReferences ?? []).some(({ kind }) => kind === "DaemonSet");
}

async function evict(api: ApiClient, path: string, metadata: PodObject["metadata"]): Promise<void> {
  try {
    await api.create(`${path}/eviction`, {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name: metadata.name, namespace: metadata.namespace },
    });
  } catch (error) {
    // Gone already, or its disruption budget says not now: the next round asks again.
    if (!(error instanceof ApiError && (error.status === 404 || error.status === 429))) throw error;
  }
}
