import { type Finding } from "../../analysis/finding";
import { type OsmMesh } from "../mesh";
import { keyOf, type PodState, type ServiceState } from "../state";

/**
 * Init containers that call Services of the mesh. The injector appends its own to them (pkg/injector/patch.go), and the sidecar
 * starts after all: they run without it, and what they send is plain text.
 */
export function initContainerFindings(mesh: OsmMesh): readonly Finding[] {
  const { state } = mesh;
  const services = [...state.services.values()].filter((service) =>
    mesh.catalog.meshServicesOf(service).flatMap(mesh.endpointIps).flatMap(mesh.podsOfIp).some(state.hasSidecar),
  );
  const seen = new Set<string>();
  return state.pods.flatMap((pod) => {
    if (pod.initContainers.length === 0 || !state.hasSidecar(pod)) return [];
    return pod.initContainers.flatMap(({ name, text }): readonly Finding[] => {
      const called = services.find((service) => isNamed(service, pod, text));
      const object = pod.workload ?? `Pod ${keyOf(pod.namespace, pod.name)}`;
      if (called === undefined || seen.has(`${object} ${name}`)) return [];
      seen.add(`${object} ${name}`);
      const key = keyOf(called.namespace, called.name);
      return [
        {
          severity: "warning",
          rule: "init-container-calls",
          object,
          property: "initContainers",
          message: `The init container ${name} names ${key}: init containers run before the sidecar, so that its calls are plain text, which the sidecars of ${key} refuse.`,
          remedy: "Wait in the application's own container, or exclude the port from the called pods' sidecars.",
        },
      ];
    });
  });
}

/** Whether a container's command, arguments or environment name a Service as a host: with its namespace, or with a port or as a word alone. */
function isNamed({ name, namespace }: ServiceState, pod: PodState, text: string): boolean {
  const words = text.split(/[^\w.:-]+/).flatMap((word) => [word, word.split(":")[0] ?? ""]);
  const hosts = [`${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
  if (pod.namespace === namespace) hosts.push(name);
  return words.some((word) => hosts.includes(word));
}
