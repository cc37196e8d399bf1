import { type Finding, finding } from "../../analysis/finding";
import { type IngressBackendState, type IngressState } from "../../cluster/ingresses";
import { injectionAnnotation, injectionWords } from "../injection";
import { type OsmMesh } from "../mesh";
import { keyOf, type PodState } from "../state";

/** Ingress objects that lead to a port of the mesh which no IngressBackend opens. */
export function ingressObjectFindings(mesh: OsmMesh): readonly Finding[] {
  return mesh.state.ingressObjects.flatMap((ingress) => {
    const seen = new Set<string>();
    return ingress.backends.flatMap((backend) => {
      const key = `${backend.service}:${String(backend.port)}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return unopened(mesh, ingress, backend);
    });
  });
}

function unopened(mesh: OsmMesh, ingress: IngressState, backend: IngressBackendState): readonly Finding[] {
  const { state, catalog } = mesh;
  const key = keyOf(ingress.namespace, backend.service);
  const service = state.services.get(key);
  if (service === undefined || !state.isMonitored(service.namespace)) return [];
  const ports = catalog.meshServicesOf(service);
  const spec = service.ports.find(({ port, name }) => port === backend.port || name === backend.port);
  const port = ports.find((one) => one.port === spec?.port);
  if (port === undefined) return [];
  const pods = mesh.endpointIps(port).flatMap(mesh.podsOfIp);
  // Where sidecars are switched off in so many words nothing has to be opened.
  if (pods.length > 0 && pods.every((pod) => isSwitchedOff(mesh, pod))) return [];
  const opens = state.ingresses.some(
    (policy) =>
      policy.namespace === ingress.namespace &&
      policy.backends.some((one) => one.name === backend.service && one.port === port.targetPort),
  );
  if (opens) return [];
  return [
    finding(mesh, ingress, backend.path, {
      severity: "warning",
      rule: "ingress-without-backend",
      message: `It leads to ${key}:${String(port.port)} in the mesh, whose sidecars take no plain text, and no IngressBackend opens that port: the controller's calls are refused, unless it is a pod of the mesh that a TrafficTarget lets in.`,
      remedy: `Add an IngressBackend in namespace ${ingress.namespace} with the backend ${backend.service}, port ${String(port.targetPort)} (the target port), and the controller's Service as its source.`,
    }),
  ];
}

function isSwitchedOff({ state }: OsmMesh, { namespace, annotations, hostNetwork }: PodState): boolean {
  const said = annotations[injectionAnnotation] ?? state.namespaces.get(namespace)?.annotations[injectionAnnotation];
  return hostNetwork || injectionWords.off.includes(said?.toLowerCase() ?? "");
}
