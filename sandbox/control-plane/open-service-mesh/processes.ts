import type { ProcessDefinition } from "../managed-process";
import type { Ports } from "../ports";
import type { Tools } from "../../tools";
import {
  caSecretName,
  meshName,
  meshNamespace,
  mutatingWebhookName,
  osmVersion,
  serviceAccountName,
  validatingWebhookName,
} from "./objects";

/** The programs behind the add-on's Deployments. osm-bootstrap is not one of them: what it does, the sandbox does itself. */
export const meshProcessNames = ["osm-controller", "osm-injector"] as const;

export type MeshProcessName = (typeof meshProcessNames)[number];

/**
 * The real osm-controller and osm-injector, outside of the cluster, for the pods that stand for them.
 * @param kubeconfig path of the kubeconfig that both use.
 * @param pods the pods' names: each program looks up its own and reports events on it.
 */
export function meshProcesses(
  tools: Tools,
  ports: Ports,
  kubeconfig: string,
  pods: Readonly<Record<MeshProcessName, string>>,
): ProcessDefinition[] {
  const common = [
    "--verbosity=info",
    `--osm-namespace=${meshNamespace}`,
    `--osm-version=${osmVersion}`,
    `--mesh-name=${meshName}`,
    `--ca-bundle-secret-name=${caSecretName}`,
    "--certificate-manager=tresor",
    "--trust-domain=cluster.local",
    "--enable-mesh-root-certificate=false",
    "--enable-reconciler=false",
  ];
  const image = (name: string) => `mcr.microsoft.com/oss/openservicemesh/${name}:${osmVersion}`;
  return [
    {
      name: "osm-controller",
      program: tools.path("osm-controller"),
      args: [
        ...common,
        `--osm-service-account=${serviceAccountName}`,
        `--validator-webhook-config=${validatingWebhookName}`,
        "--validate-traffic-target=true",
      ],
      env: {
        KUBECONFIG: kubeconfig,
        CONTROLLER_POD_NAME: pods["osm-controller"],
        OSM_SANDBOX_PORT_15128: String(ports["osm-controller-xds"]),
        OSM_SANDBOX_PORT_9091: String(ports["osm-controller-http"]),
        OSM_SANDBOX_PORT_9092: String(ports["osm-controller-debug"]),
        OSM_SANDBOX_PORT_9093: String(ports["osm-controller-webhook"]),
      },
    },
    {
      name: "osm-injector",
      program: tools.path("osm-injector"),
      args: [
        ...common,
        `--kubeconfig=${kubeconfig}`,
        `--webhook-config-name=${mutatingWebhookName}`,
        "--webhook-timeout=20",
        "--osm-container-pull-policy=IfNotPresent",
      ],
      env: {
        INJECTOR_POD_NAME: pods["osm-injector"],
        OSM_DEFAULT_ENVOY_IMAGE: "mcr.microsoft.com/oss/envoyproxy/envoy:v1.22.2",
        OSM_DEFAULT_ENVOY_WINDOWS_IMAGE: "mcr.microsoft.com/oss/envoyproxy/envoy-windows:v1.22.1",
        OSM_DEFAULT_INIT_CONTAINER_IMAGE: image("init"),
        OSM_DEFAULT_HEALTHCHECK_CONTAINER_IMAGE: image("osm-healthcheck"),
        OSM_SANDBOX_PORT_9090: String(ports["osm-injector-webhook"]),
        OSM_SANDBOX_PORT_9091: String(ports["osm-injector-http"]),
      },
    },
  ];
}
