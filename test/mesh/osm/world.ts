import { type KubernetesObject } from "../../../mesh/manifests";

/** Objects of a cluster, written short. */
export function service(
  name: string,
  namespace: string,
  options: {
    readonly port?: number;
    readonly targetPort?: number;
    readonly selector?: Readonly<Record<string, string>>;
    readonly appProtocol?: string;
    readonly portName?: string;
    readonly headless?: boolean;
  } = {},
): KubernetesObject & Readonly<Record<string, unknown>> {
  const { port = 14001, targetPort = port, selector = { app: name }, appProtocol, portName, headless } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: {
      selector,
      ...(headless === true && { clusterIP: "None" }),
      ports: [
        {
          port,
          targetPort,
          ...(appProtocol !== undefined && { appProtocol }),
          ...(portName !== undefined && { name: portName }),
        },
      ],
    },
  };
}

/** A Deployment of one pod that runs under the account. */
export function workload(
  name: string,
  namespace: string,
  account: string,
  labels: Readonly<Record<string, string>> = { app: name },
): KubernetesObject & Readonly<Record<string, unknown>> {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: { template: { metadata: { labels }, spec: { serviceAccountName: account } } },
  };
}

/** `namespace/name` as a TrafficTarget's subject. */
export function subject(key: string): { kind: string; name: string; namespace: string } {
  const [namespace = "", name = ""] = key.split("/");
  return { kind: "ServiceAccount", name, namespace };
}

/** A TrafficTarget to an account of its own namespace. */
export function target(
  name: string,
  destination: string,
  sources: readonly string[],
  rules: readonly { readonly kind: string; readonly name: string; readonly matches?: readonly string[] }[],
): KubernetesObject & Readonly<Record<string, unknown>> {
  return {
    apiVersion: "access.smi-spec.io/v1alpha3",
    kind: "TrafficTarget",
    metadata: { name, namespace: subject(destination).namespace },
    spec: { destination: subject(destination), sources: sources.map(subject), rules },
  };
}

/** An HTTPRouteGroup. */
export function routes(
  name: string,
  namespace: string,
  matches: readonly Readonly<Record<string, unknown>>[],
): KubernetesObject & Readonly<Record<string, unknown>> {
  return {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "HTTPRouteGroup",
    metadata: { name, namespace },
    spec: { matches },
  };
}

/** A TCPRoute. */
export function tcpRoute(
  name: string,
  namespace: string,
  ports: readonly number[],
): KubernetesObject & Readonly<Record<string, unknown>> {
  return {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "TCPRoute",
    metadata: { name, namespace },
    spec: { matches: { ports } },
  };
}

/** A TrafficSplit. */
export function split(
  name: string,
  namespace: string,
  root: string,
  backends: Readonly<Record<string, number>>,
): KubernetesObject & Readonly<Record<string, unknown>> {
  return {
    apiVersion: "split.smi-spec.io/v1alpha2",
    kind: "TrafficSplit",
    metadata: { name, namespace },
    spec: { service: root, backends: Object.entries(backends).map(([one, weight]) => ({ service: one, weight })) },
  };
}

/** A MeshConfig. */
export function meshConfig(
  traffic: Readonly<Record<string, unknown>>,
  featureFlags: Readonly<Record<string, unknown>> = { enableEgressPolicy: true },
): KubernetesObject & Readonly<Record<string, unknown>> {
  return {
    apiVersion: "config.openservicemesh.io/v1alpha2",
    kind: "MeshConfig",
    metadata: { name: "osm-mesh-config", namespace: "kube-system" },
    spec: { traffic, featureFlags },
  };
}
