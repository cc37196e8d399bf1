import type { KubernetesObject } from "../api-client";
import { readyAfterAnnotation } from "../kwok-stages";
import { type PlacedObject } from "../placed-object";

/** Names of the add-on on AKS. */
export const meshNamespace = "kube-system";
export const meshName = "osm";
export const osmVersion = "v1.2.4";
export const mutatingWebhookName = "aks-osm-webhook-osm";
export const validatingWebhookName = "aks-osm-validator-mesh-osm";
export const caSecretName = "osm-ca-bundle";
export const serviceAccountName = "osm";

const labels = {
  "app.kubernetes.io/name": "openservicemesh.io",
  "app.kubernetes.io/instance": meshName,
  "app.kubernetes.io/version": osmVersion,
};

/** MeshConfig as AKS sets it up: permissive mode and egress on. */
export const meshConfigSpec = {
  sidecar: {
    enablePrivilegedInitContainer: false,
    logLevel: "error",
    maxDataPlaneConnections: 0,
    configResyncInterval: "0s",
    localProxyMode: "Localhost",
  },
  traffic: {
    enableEgress: true,
    enablePermissiveTrafficPolicyMode: true,
    outboundPortExclusionList: [],
    inboundPortExclusionList: [],
    outboundIPRangeExclusionList: [],
    outboundIPRangeInclusionList: [],
    networkInterfaceExclusionList: [],
  },
  observability: { enableDebugServer: false, osmLogLevel: "info", tracing: { enable: false } },
  certificate: { serviceCertValidityDuration: "24h", certKeyBitSize: 2048 },
  featureFlags: {
    enableWASMStats: true,
    enableEgressPolicy: true,
    enableSnapshotCacheMode: false,
    enableAsyncProxyServiceMapping: false,
    enableIngressBackendPolicy: true,
    enableEnvoyActiveHealthChecks: false,
    enableRetryPolicy: false,
  },
};

/** A Deployment of the add-on, its container's ports and the Services in front of it. */
interface Component {
  readonly name: "osm-bootstrap" | "osm-controller" | "osm-injector";
  readonly services: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const components: readonly Component[] = [
  { name: "osm-bootstrap", services: { "osm-bootstrap": { crdconversion: 9443, health: 9091 } } },
  {
    name: "osm-controller",
    services: {
      "osm-controller": { "ads-port": 15128, "debug-port": 9092, healthz: 9091 },
      "osm-validator": { validator: 9093 },
    },
  },
  { name: "osm-injector", services: { "osm-injector": { "sidecar-inject": 9090 } } },
];

/**
 * Everything that the add-on's installation creates in the cluster. Custom resource definitions and MeshConfig are not among
 * it: osm-bootstrap makes those when it runs, and the webhook configurations are made by the controller and the injector.
 * @param readyAfter when the controller's and the injector's pods may become ready.
 */
export function meshObjects(readyAfter: Date): PlacedObject[] {
  return [...accessObjects(), ...components.flatMap((component) => componentObjects(component, readyAfter))];
}

/** MeshConfig as osm-bootstrap creates it. */
export const meshConfig: KubernetesObject = {
  apiVersion: "config.openservicemesh.io/v1alpha2",
  kind: "MeshConfig",
  metadata: { name: "osm-mesh-config", namespace: meshNamespace },
  spec: meshConfigSpec,
};

function accessObjects(): PlacedObject[] {
  const read = ["get", "list", "watch"];
  const write = [...read, "create", "update", "patch", "delete"];
  const rule = (apiGroups: string[], resources: string[], verbs: string[]) => ({ apiGroups, resources, verbs });
  return [
    {
      path: `/api/v1/namespaces/${meshNamespace}/serviceaccounts/${serviceAccountName}`,
      object: {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: serviceAccountName, namespace: meshNamespace, labels },
      },
    },
    {
      path: "/apis/rbac.authorization.k8s.io/v1/clusterroles/osm",
      object: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "osm", labels },
        rules: [
          rule([""], ["endpoints", "namespaces", "nodes", "pods", "services", "serviceaccounts"], read),
          rule(["apps", "batch", "networking.k8s.io"], ["*"], read),
          rule([""], ["configmaps", "events", "secrets"], write),
          rule(
            ["admissionregistration.k8s.io"],
            ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
            write,
          ),
          rule(["apiextensions.k8s.io"], ["customresourcedefinitions"], write),
          rule(["access.smi-spec.io", "specs.smi-spec.io", "split.smi-spec.io"], ["*"], read),
          rule(["config.openservicemesh.io", "policy.openservicemesh.io"], ["*"], write),
        ],
      },
    },
    {
      path: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/osm",
      object: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "osm", labels },
        subjects: [{ kind: "ServiceAccount", name: serviceAccountName, namespace: meshNamespace }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "osm" },
      },
    },
    {
      path: `/api/v1/namespaces/${meshNamespace}/configmaps/preset-mesh-config`,
      object: {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "preset-mesh-config", namespace: meshNamespace },
        data: { "preset-mesh-config.json": JSON.stringify(meshConfigSpec, null, 2) },
      },
    },
  ];
}

function componentObjects({ name, services }: Component, readyAfter: Date): PlacedObject[] {
  const own = { ...labels, app: name };
  const held = name === "osm-bootstrap" ? {} : { [readyAfterAnnotation]: readyAfter.toISOString() };
  const ports = Object.values(services).flatMap((service) => Object.entries(service));
  const deployment: PlacedObject = {
    path: `/apis/apps/v1/namespaces/${meshNamespace}/deployments/${name}`,
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: meshNamespace, labels: { ...own, meshName, enforceSingleMesh: "true" } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: {
            labels: own,
            annotations: { ...held, "prometheus.io/scrape": "true", "prometheus.io/port": "9091" },
          },
          spec: {
            priorityClassName: "system-node-critical",
            serviceAccountName,
            nodeSelector: { "kubernetes.io/os": "linux" },
            tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }],
            containers: [
              {
                name,
                image: `mcr.microsoft.com/oss/openservicemesh/${name}:${osmVersion}`,
                ports: ports.map(([port, containerPort]) => ({ name: port, containerPort })),
                resources: { requests: { cpu: "100m", memory: "128M" } },
              },
            ],
          },
        },
      },
    },
  };
  return [
    deployment,
    ...Object.entries(services).map(([service, servicePorts]) => ({
      path: `/api/v1/namespaces/${meshNamespace}/services/${service}`,
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: service, namespace: meshNamespace, labels: own },
        spec: {
          selector: { app: name },
          ports: Object.entries(servicePorts).map(([port, number]) => ({
            name: port,
            port: number,
            targetPort: number,
          })),
        },
      },
    })),
  ];
}
