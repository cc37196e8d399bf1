import { type ContainerSpec, knownPrograms, type PodSpec, type World } from "../data-plane/runner";
import { type MetricsPort } from "./cluster";
import { hasIstioSidecar, isIstioGateway, istioPod } from "./istio-pod";
import { type ClusterObjects, type Container, type Pod } from "./objects";
import { hasOsmSidecar, osmPod } from "./osm-pod";
import { outsideHosts } from "./outside-hosts";
import { environment, type PodReader } from "./pod-reader";

/** User of containers that do not name one: that of distroless images' `nonroot`. */
const defaultUser = 65532;

/** What is to run for the cluster's pods, and which of them stay simulated, as `namespace/name`. */
export interface Plan {
  readonly world: World;
  readonly running: readonly Pod[];
  readonly simulated: readonly string[];
}

/** Where the mesh's control plane listens on this machine: ports of its loopback by `name.namespace:port` of the Service. */
export type Discovery = Readonly<Record<string, number>>;

/**
 * Plans the world: pods in the mesh whose image is known run, and Istio's gateways; all others stay simulated.
 * @param discovery where sidecars find the control plane.
 * @param metrics of simulated pods, which a scraper finds at the pods' addresses. Default: none are to be had.
 */
export async function planWorld(
  objects: ClusterObjects,
  discovery: Discovery,
  reader: PodReader,
  metrics: readonly MetricsPort[] = [],
): Promise<Plan> {
  const alive = objects.pods.filter(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase === "Running",
  );
  const running = alive.filter(canRun);
  const outside = outsideHosts(objects);
  const hosts = { ...hostNames(objects), ...Object.fromEntries(outside.map(({ host, address }) => [host, address])) };
  const forward = Object.entries(discovery).flatMap(([service, port]) => {
    const [name = "", number] = service.split(":");
    const address = hosts[name];
    return address === undefined ? [] : [[`${address}:${number}`, `127.0.0.1:${port}`] as const];
  });
  const forwarded = Object.fromEntries([...forward, ...metrics.flatMap((port) => forwardMetrics(alive, port))]);
  return {
    world: {
      hosts,
      forward: forwarded,
      services: podsBehind(objects, forwarded),
      outside: Object.fromEntries(outside.map(({ address, ports }) => [address, ports])),
      pods: await Promise.all(running.map((pod) => podSpec(pod, reader))),
    },
    running,
    simulated: alive.filter((pod) => !canRun(pod)).map(podName),
  };
}

function forwardMetrics(
  pods: readonly Pod[],
  { namespace, labels, port, loopback }: MetricsPort,
): readonly (readonly [from: string, to: string])[] {
  return pods
    .filter(({ metadata }) => metadata.namespace === namespace)
    .filter(({ metadata }) => Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value))
    .flatMap(({ status }) => status?.podIP ?? [])
    .map((address) => [`${address}:${port}`, `127.0.0.1:${loopback}`] as const);
}

/** `namespace/name`. */
export function podName({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** The program that stands for an image: the last part of the image's name, if there is a program of that name. */
export function programOf(image: string): string | undefined {
  const name = /([^/:@]+)(:[^/@]*)?(@.*)?$/.exec(image)?.[1];
  return name !== undefined && knownPrograms.has(name) ? name : undefined;
}

function canRun(pod: Pod): boolean {
  if (pod.status?.podIP === undefined) return false;
  const known = pod.spec.containers.some(({ image }) => programOf(image) !== undefined);
  return isIstioGateway(pod) || (known && (hasOsmSidecar(pod) || hasIstioSidecar(pod)));
}

async function podSpec(pod: Pod, reader: PodReader): Promise<PodSpec> {
  const ofIstio = hasIstioSidecar(pod) || isIstioGateway(pod);
  const { containers, ...network } = ofIstio ? await istioPod(pod, reader) : await osmPod(pod, reader);
  return {
    key: pod.metadata.uid,
    name: podName(pod),
    address: pod.status?.podIP ?? "",
    ...network,
    containers: [...pod.spec.containers.flatMap((container) => application(pod, container)), ...containers],
  };
}

/** The container as it runs here; nothing where there is no program for it. */
function application(pod: Pod, container: Container): ContainerSpec[] {
  const program = programOf(container.image);
  if (program === undefined) return [];
  return [
    {
      name: container.name,
      program,
      args: container.args ?? [],
      env: environment(pod, container),
      user: container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser ?? defaultUser,
      files: {},
    },
  ];
}

/** Where kube-proxy would lead connections to Services' addresses, without those that lead out of the pods' network. */
function podsBehind(
  { services, endpoints }: ClusterObjects,
  forwarded: Readonly<Record<string, string>>,
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const { metadata, spec } of services) {
    if (spec.clusterIP === undefined || spec.clusterIP === "None") continue;
    const { subsets = [] } =
      endpoints.find((one) => one.metadata.namespace === metadata.namespace && one.metadata.name === metadata.name) ??
      {};
    for (const { name, port, protocol = "TCP" } of spec.ports ?? []) {
      const address = `${spec.clusterIP}:${String(port)}`;
      if (protocol !== "TCP" || forwarded[address] !== undefined) continue;
      found[address] = subsets.flatMap(({ addresses = [], ports = [] }) =>
        ports
          .filter((one) => one.name === name)
          .flatMap((one) => addresses.map(({ ip }) => `${ip}:${String(one.port)}`)),
      );
    }
  }
  return found;
}

/** What the cluster's DNS would say of each Service: its address, or that of one of its pods. */
function hostNames({ services, endpoints }: ClusterObjects): Record<string, string> {
  const hosts: Record<string, string> = {};
  for (const { metadata, spec } of services) {
    const pods = endpoints.find(
      (one) => one.metadata.namespace === metadata.namespace && one.metadata.name === metadata.name,
    );
    const address =
      spec.clusterIP === undefined || spec.clusterIP === "None"
        ? pods?.subsets?.[0]?.addresses?.[0]?.ip
        : spec.clusterIP;
    if (address === undefined) continue;
    const name = `${metadata.name}.${metadata.namespace ?? ""}`;
    for (const host of [name, `${name}.svc`, `${name}.svc.cluster.local`]) hosts[host] = address;
  }
  return hosts;
}
