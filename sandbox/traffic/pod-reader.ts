import { readFile } from "node:fs/promises";
import { type ApiClient } from "../control-plane/api-client";
import { type IstioTools } from "../tools/istio";
import { type Container, type Pod } from "./objects";

/** Reads what a kubelet would put into a pod's volumes. The same pod gets the same again. */
export interface PodReader {
  /** A Secret's data (base64) by name. */
  secret(namespace: string, name: string): Promise<Readonly<Record<string, string>>>;
  /** Data by name of a ConfigMap in the pod's namespace, as it was when the pod began; nothing where there is none. */
  configMap(pod: Pod, name: string): Promise<Readonly<Record<string, string>>>;
  /** A token of the pod's service account for an audience. */
  token(pod: Pod, audience: string): Promise<string>;
  /** The template (base64) from which Istio's agent makes Envoy's bootstrap configuration. */
  bootstrapTemplate(): Promise<string>;
}

/** How long a pod's token is good for, as the injector asks it. */
const tokenSeconds = 43_200;

/** @param istio where there are pods with Istio's sidecar. */
export function podReader(api: Pick<ApiClient, "find" | "request">, istio: IstioTools | undefined): PodReader {
  const known = new Map<string, Promise<unknown>>();
  // What could not be read, or is not there yet, is read again.
  const once = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const reading = (known.get(key) as Promise<T> | undefined) ?? read();
    known.set(key, reading);
    reading.then(
      (value) => value ?? known.delete(key),
      () => known.delete(key),
    );
    return reading;
  };
  const data = async (path: string, key = path) =>
    (await once(key, async () => (await api.find<{ data?: Record<string, string> }>(path))?.data)) ?? {};
  return {
    secret: (namespace, name) => data(`/api/v1/namespaces/${namespace}/secrets/${name}`),
    configMap: ({ metadata: { namespace, uid } }, name) =>
      data(`/api/v1/namespaces/${namespace}/configmaps/${name}`, `configmap ${uid} ${name}`),
    token: ({ metadata: { name, namespace, uid }, spec }, audience) =>
      once(`token ${uid} ${audience}`, async () => {
        const account = `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName ?? "default"}`;
        const { status } = await api.request<{ status: { token: string } }>(`${account}/token`, {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          spec: {
            audiences: [audience],
            expirationSeconds: tokenSeconds,
            boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
          },
        });
        return status.token;
      }),
    bootstrapTemplate: () => {
      if (istio === undefined) throw new Error("a pod has Istio's sidecar, and the cluster no istiod");
      return readFile(istio.bootstrapTemplate, "base64");
    },
  };
}

/** A container's environment. What comes from resources, and from Secrets and ConfigMaps, is left out. */
export function environment(pod: Pod, { env = [] }: Container): Record<string, string> {
  const { metadata, spec, status } = pod;
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "spec.nodeName": spec.nodeName,
    "spec.serviceAccountName": spec.serviceAccountName,
    "status.hostIP": status?.hostIP,
    "status.podIP": status?.podIP,
  };
  const pairs = env.flatMap(({ name, value, valueFrom }) => {
    const text = value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ""];
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(pairs);
}

/** Puts variables of the environment where an argument names them, `$(NAME)`. */
export function expand(argument: string, env: Readonly<Record<string, string>>): string {
  return argument.replace(/\$\((\w+)\)/g, (text, name: string) => env[name] ?? text);
}
