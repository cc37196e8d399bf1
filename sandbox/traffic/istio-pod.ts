import { type ContainerSpec, envoyInPods, type PodSpec } from "../data-plane/runner";
import { type Container, type Pod, type Volume } from "./objects";
import { environment, expand, type PodReader } from "./pod-reader";

/** Names of what the injector adds: the sidecar, and the container that sets up the pod's network. */
const sidecarName = "istio-proxy";
const initName = "istio-init";

/** Where pilot-agent looks for the template of Envoy's bootstrap configuration; in Istio's image it is there. */
const bootstrapTemplate = "var/lib/istio/envoy/envoy_bootstrap_tmpl.json";

/**
 * What is set of the sidecar's own configuration: the machine's Envoy with one worker, which is enough here; all its statistics,
 * of which a sidecar otherwise keeps few; and connections that soon go by changed policies.
 */
const proxySettings = {
  binaryPath: envoyInPods,
  concurrency: 1,
  drainDuration: "2s",
  proxyStatsMatcher: { inclusionRegexps: [".*"] },
};

/** Whether Istio's injector has given the pod a sidecar that can run here: not where Istio's CNI sets up the network, which leaves a container that looks at it. */
export function hasIstioSidecar(pod: Pod): boolean {
  const byCni = pod.spec.initContainers?.some(({ name }) => name === "istio-validation") ?? false;
  return sidecarOf(pod) !== undefined && !byCni;
}

/** Whether the pod is a gateway: Envoy and nothing else, at whose ports others call. */
export function isIstioGateway(pod: Pod): boolean {
  return sidecarOf(pod)?.args?.includes("router") === true;
}

/** The sidecar and the network of a pod that has Istio's, or is a gateway of it. */
export async function istioPod(
  pod: Pod,
  reader: PodReader,
): Promise<Pick<PodSpec, "setup" | "sysctls" | "containers">> {
  const sidecar = sidecarOf(pod);
  const { sysctls = [] } = pod.spec.securityContext ?? {};
  return {
    setup: initOf(pod)?.args ?? [],
    sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name, value])),
    containers: sidecar === undefined ? [] : [await agent(pod, sidecar, reader)],
  };
}

/** A native sidecar is an init container that goes on running. */
function sidecarOf({ spec }: Pod): Container | undefined {
  return [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === sidecarName);
}

function initOf({ spec }: Pod): Container | undefined {
  return spec.initContainers?.find(({ name }) => name === initName);
}

async function agent(pod: Pod, sidecar: Container, reader: PodReader): Promise<ContainerSpec> {
  const env = environment(pod, sidecar);
  const config = JSON.parse(env["PROXY_CONFIG"] ?? "{}") as object;
  return {
    name: sidecarName,
    program: "pilot-agent",
    args: (sidecar.args ?? []).map((argument) => expand(argument, env)),
    env: { ...env, PROXY_CONFIG: JSON.stringify({ ...config, ...proxySettings }) },
    user: sidecar.securityContext?.runAsUser ?? 1337,
    files: {
      [bootstrapTemplate]: await reader.bootstrapTemplate(),
      ...(await mountedFiles(pod, sidecar, reader)),
    },
  };
}

/** Content (base64) of the files that the container's volumes hold, by path below its working directory. */
async function mountedFiles(pod: Pod, { volumeMounts = [] }: Container, reader: PodReader) {
  const files: Record<string, string> = {};
  for (const { name, mountPath } of volumeMounts) {
    const volume = pod.spec.volumes?.find((one) => one.name === name);
    if (volume === undefined) continue;
    for (const [file, content] of Object.entries(await volumeFiles(pod, volume, reader))) {
      files[`${mountPath.replace(/^\/|\/$/g, "")}/${file}`] = Buffer.from(content).toString("base64");
    }
  }
  return files;
}

async function volumeFiles(pod: Pod, volume: Volume, reader: PodReader): Promise<Readonly<Record<string, string>>> {
  if (volume.configMap !== undefined) return await reader.configMap(pod, volume.configMap.name);
  const files: Record<string, string> = {};
  for (const { serviceAccountToken: token } of volume.projected?.sources ?? []) {
    if (token !== undefined) files[token.path] = await reader.token(pod, token.audience);
  }
  for (const { path, fieldRef } of volume.downwardAPI?.items ?? []) {
    const all = Object.entries(
      fieldRef?.fieldPath === "metadata.labels" ? (pod.metadata.labels ?? {}) : (pod.metadata.annotations ?? {}),
    );
    files[path] = all.map(([key, value]) => `${key}=${JSON.stringify(value)}\n`).join("");
  }
  return files;
}
