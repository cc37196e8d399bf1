import { type ContainerSpec, knownPrograms, type PodSpec, type World } from "../data-plane/runner";
import { type ClusterObjects, type Container, type Pod } from "./objects";

/** Where the real osm-controller serves sidecars, as they know it. */
const controller = { service: "kube-system/osm-controller", port: 15128 };

/** Name of the sidecar's container, and of the one that sets up the pod's network. */
const sidecarName = "envoy";
const initName = "osm-init";

/** User of containers that do not name one: that of distroless images' `nonroot`. */
const defaultUser = 65532;

/** Reads a Secret's data (base64) by name. */
export type ReadSecret = (namespace: string, name: string) => Promise<Readonly<Record<string, string>>>;

/** What is to run for the cluster's pods, and which of them stay simulated, as `namespace/name`. */
export interface Plan {
  readonly world: World;
  readonly running: readonly Pod[];
  readonly simulated: readonly string[];
}

/**
 * Plans the world: pods in the mesh whose image is known run, all others stay simulated.
 * @param discoveryPort where the controller listens on this machine.
 */
export async function planWorld(objects: ClusterObjects, discoveryPort: number, readSecret: ReadSecret): Promise<Plan> {
  const alive = objects.pods.filter(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase === "Running",
  );
  const running = alive.filter(canRun);
  const hosts = hostNames(objects);
  const address = hosts[`${controller.service.split("/").reverse().join(".")}.svc.cluster.local`];
  return {
    world: {
      hosts,
      forward:
        address === undefined
          ? {}
          : { [`${address}:${String(controller.port)}`]: `127.0.0.1:${String(discoveryPort)}` },
      pods: await Promise.all(running.map((pod) => podSpec(pod, readSecret))),
    },
    running,
    simulated: alive.filter((pod) => !canRun(pod)).map(podName),
  };
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
  return (
    pod.status?.podIP !== undefined &&
    rulesOf(pod) !== undefined &&
    pod.spec.containers.some(({ name }) => name === sidecarName) &&
    pod.spec.containers.some(({ image }) => programOf(image) !== undefined)
  );
}

/** The text that the injector gives to iptables-restore. It comes as a shell's here-document; no shell is run. */
function rulesOf(pod: Pod): string | undefined {
  const script = pod.spec.initContainers?.find(({ name }) => name === initName)?.args?.join("\n") ?? "";
  const text = /iptables-restore --noflush <<EOF\n([^]*?)\nEOF/.exec(script)?.[1];
  return text === undefined ? undefined : `${text.replaceAll("$POD_IP", pod.status?.podIP ?? "")}\n`;
}

async function podSpec(pod: Pod, readSecret: ReadSecret): Promise<PodSpec> {
  const containers = pod.spec.containers.map((container) => containerSpec(pod, container, readSecret));
  return {
    key: pod.metadata.uid,
    address: pod.status?.podIP ?? "",
    rules: rulesOf(pod) ?? "",
    containers: (await Promise.all(containers)).flat(),
  };
}

/** The container as it runs here; nothing where there is no program for it, such as OSM's helper for health probes. */
async function containerSpec(pod: Pod, container: Container, readSecret: ReadSecret): Promise<ContainerSpec[]> {
  const isSidecar = container.name === sidecarName;
  const program = isSidecar ? sidecarName : programOf(container.image);
  if (program === undefined) return [];
  return [
    {
      name: container.name,
      program,
      // One worker is enough here, and each Envoy is alone with its shared memory.
      args: [...(container.args ?? []), ...(isSidecar ? ["--concurrency", "1", "--disable-hot-restart"] : [])],
      env: environment(pod, container),
      user: container.securityContext?.runAsUser ?? defaultUser,
      files: isSidecar ? await mountedSecrets(pod, container, readSecret) : {},
    },
  ];
}

function environment(pod: Pod, { env = [] }: Container): Record<string, string> {
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": pod.metadata.name,
    "metadata.namespace": pod.metadata.namespace,
    "metadata.uid": pod.metadata.uid,
    "status.podIP": pod.status?.podIP,
    "spec.serviceAccountName": pod.spec.serviceAccountName,
  };
  const pairs = env.flatMap(({ name, value, valueFrom }) => {
    const text = value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ""];
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(pairs);
}

async function mountedSecrets(pod: Pod, { volumeMounts = [] }: Container, readSecret: ReadSecret) {
  const files: Record<string, string> = {};
  for (const { name, mountPath } of volumeMounts) {
    const secret = pod.spec.volumes?.find((volume) => volume.name === name)?.secret?.secretName;
    if (secret === undefined) continue;
    for (const [key, content] of Object.entries(await readSecret(pod.metadata.namespace, secret))) {
      files[`${mountPath}/${key}`] = content;
    }
  }
  return files;
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
