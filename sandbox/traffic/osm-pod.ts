import { type ContainerSpec, type PodSpec } from "../data-plane/runner";
import { type Container, type Pod } from "./objects";
import { environment, type PodReader } from "./pod-reader";

/** Name of the sidecar's container, and of the one that sets up the pod's network. */
const sidecarName = "envoy";
const initName = "osm-init";

/** Whether OSM's injector has given the pod a sidecar. */
export function hasOsmSidecar(pod: Pod): boolean {
  return rulesOf(pod) !== undefined && pod.spec.containers.some(({ name }) => name === sidecarName);
}

/** The sidecar and the network of a pod that has OSM's. Its helper for health probes does not run. */
export async function osmPod(pod: Pod, reader: PodReader): Promise<Pick<PodSpec, "rules" | "containers">> {
  const sidecars = pod.spec.containers.filter(({ name }) => name === sidecarName);
  return {
    rules: rulesOf(pod) ?? "",
    containers: await Promise.all(sidecars.map((container) => sidecar(pod, container, reader))),
  };
}

/** The text that the injector gives to iptables-restore. It comes as a shell's here-document; no shell is run. */
function rulesOf(pod: Pod): string | undefined {
  const script = pod.spec.initContainers?.find(({ name }) => name === initName)?.args?.join("\n") ?? "";
  const text = /iptables-restore --noflush <<EOF\n([^]*?)\nEOF/.exec(script)?.[1];
  return text === undefined ? undefined : `${text.replaceAll("$POD_IP", pod.status?.podIP ?? "")}\n`;
}

async function sidecar(pod: Pod, container: Container, reader: PodReader): Promise<ContainerSpec> {
  return {
    name: container.name,
    program: "envoy",
    // One worker is enough here, and each Envoy is alone with its shared memory.
    args: [...(container.args ?? []), "--concurrency", "1", "--disable-hot-restart"],
    env: environment(pod, container),
    user: container.securityContext?.runAsUser ?? 1500,
    files: await mountedSecrets(pod, container, reader),
  };
}

async function mountedSecrets(pod: Pod, { volumeMounts = [] }: Container, reader: PodReader) {
  const files: Record<string, string> = {};
  for (const { name, mountPath } of volumeMounts) {
    const secret = pod.spec.volumes?.find((volume) => volume.name === name)?.secret?.secretName;
    if (secret === undefined) continue;
    for (const [key, content] of Object.entries(await reader.secret(pod.metadata.namespace, secret))) {
      files[`${mountPath}/${key}`] = content;
    }
  }
  return files;
}
