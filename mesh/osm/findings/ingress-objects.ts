import { type Finding, finding } from "../../analysis/finding";
import { type IngressBackendState, type IngressState } from "../../cluster/ingresses";
import { nearNames } from "../../manifests/near-names";
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
  if (service === undefined) return missing(mesh, ingress, backend, key);
  if (!state.isMonitored(service.namespace)) return [];
  const ports = catalog.meshServicesOf(service);
  const spec = service.ports.find(({ port, name }) => port === backend.port || name === backend.port);
  const port = ports.find((one) => one.port === spec?.port);
  if (port === undefined) {
    const known = service.ports.map((one) =>
      one.name === "" ? String(one.port) : `${String(one.port)} (${one.name})`,
    );
    return [
      finding(mesh, ingress, backend.path, {
        severity: "warning",
        rule: "ingress-leads-nowhere",
        message: `It leads to port ${String(backend.port)} of Service ${key}, which has ${known.length === 0 ? "none" : `only ${known.join(", ")}`}.`,
        remedy: "Name a port of the Service: its own, not the pods'.",
      }),
    ];
  }
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

/** A Service that is not there, where the objects show others of its namespace. */
function missing(mesh: OsmMesh, ingress: IngressState, backend: IngressBackendState, key: string): readonly Finding[] {
  const others = [...mesh.state.services.values()].filter((one) => one.namespace === ingress.namespace && !one.assumed);
  if (others.length === 0) return [];
  const near = nearNames(
    backend.service,
    others.map(({ name }) => name),
  );
  return [
    finding(mesh, ingress, backend.path, {
      severity: "warning",
      rule: "ingress-leads-nowhere",
      message: `There is no Service ${key}.`,
      remedy: near.length === 0 ? "Name a Service that exists." : `Did you mean ${near.join(" or ")}?`,
    }),
  ];
}

function isSwitchedOff({ state }: OsmMesh, { namespace, annotations, hostNetwork }: PodState): boolean {
  const said = annotations[injectionAnnotation] ?? state.namespaces.get(namespace)?.annotations[injectionAnnotation];
  return hostNetwork || injectionWords.off.includes(said?.toLowerCase() ?? "");
}
