import { type Mesh } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";

type Labels = Readonly<Record<string, string>>;

/** Objects, and lists of some that belong together. */
export type Objects = readonly (KubernetesObject | readonly KubernetesObject[])[];

/** A namespace in the mesh. */
export function meshNamespace(name: string, labels: Labels = { "istio.io/rev": "asm-1-30" }): KubernetesObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

interface Workload {
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly account?: string;
}

/** A pod that runs as an account of its own name. */
export function pod(
  namespace: string,
  name: string,
  { labels, annotations, account }: Workload = {},
): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: name, ...labels }, ...(annotations && { annotations }) },
    ...{ spec: { serviceAccountName: account ?? name } },
  };
}

/** A Service of the pods with the label `app`. */
export function service(
  namespace: string,
  name: string,
  ports: readonly { readonly name: string; readonly port: number; readonly targetPort?: number }[],
  rest: { readonly app?: string; readonly selector?: Labels; readonly clusterIP?: string } = {},
): KubernetesObject {
  const { app = name, selector = { app }, clusterIP } = rest;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    ...{ spec: { selector, ports, ...(clusterIP !== undefined && { clusterIP }) } },
  };
}

/** An object of Istio's. */
export function istio(
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
  spec: unknown,
  annotations?: Labels,
): KubernetesObject {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, ...(annotations && { annotations }) },
    ...{ spec },
  };
}

export const authorizationPolicy = (namespace: string, name: string, spec: unknown, annotations?: Labels) =>
  istio("security.istio.io/v1", "AuthorizationPolicy", namespace, name, spec, annotations);

export const peerAuthentication = (namespace: string, name: string, spec: unknown) =>
  istio("security.istio.io/v1", "PeerAuthentication", namespace, name, spec);

export const requestAuthentication = (namespace: string, name: string, spec: unknown) =>
  istio("security.istio.io/v1", "RequestAuthentication", namespace, name, spec);

export const strict = peerAuthentication("aks-istio-system", "default", { mtls: { mode: "STRICT" } });

export const virtualService = (namespace: string, name: string, spec: unknown) =>
  istio("networking.istio.io/v1", "VirtualService", namespace, name, spec);

export const destinationRule = (namespace: string, name: string, spec: unknown) =>
  istio("networking.istio.io/v1", "DestinationRule", namespace, name, spec);

/** The mesh's configuration. */
export function meshConfig(mesh: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio-shared-configmap-asm-1-30", namespace: "aks-istio-system" },
    ...{ data: { mesh } },
  };
}

/** Two callers, and a server with a port for HTTP and one for TCP, in one namespace of the mesh. */
export const shop: readonly KubernetesObject[] = [
  meshNamespace("shop"),
  pod("shop", "client"),
  pod("shop", "other"),
  pod("shop", "server"),
  service("shop", "server", [
    { name: "http", port: 80, targetPort: 8080 },
    { name: "tcp-data", port: 9000 },
  ]),
];

export function meshOfObjects(...objects: Objects): Mesh {
  return istioMesh({ objects: objects.flat() });
}
