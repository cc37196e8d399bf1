import { callTree } from "../../analysis/decide";
import { type Finding, finding } from "../../analysis/finding";
import { hasAnswer } from "../../analysis/outcome-sets";
import { type IngressBackendState, type IngressState } from "../../cluster/ingresses";
import { nearNames } from "../../manifests/near-names";
import { injectionAnnotation, injectionWords } from "../injection";
import { type OsmMesh } from "../mesh";
import { keyOf, type MeshService, type PodState, type ServiceState } from "../state";

/** Ways in from outside that lead to a port of the mesh which no IngressBackend opens: ingresses, and Services with an address outside. */
export function ingressObjectFindings(mesh: OsmMesh): readonly Finding[] {
  const ofIngresses = mesh.state.ingressObjects.flatMap((ingress) => {
    const seen = new Set<string>();
    return ingress.backends.flatMap((backend) => {
      const key = `${backend.namespace}/${backend.service}:${String(backend.port)}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return unopened(mesh, ingress, backend);
    });
  });
  return [...ofIngresses, ...[...mesh.state.services.values()].flatMap((service) => closedToOutside(mesh, service))];
}

/** A Service with an address outside, whose pods take no calls from there. */
function closedToOutside(mesh: OsmMesh, service: ServiceState): readonly Finding[] {
  if (!service.exposed || !mesh.state.isMonitored(service.namespace)) return [];
  const closed = mesh.catalog
    .meshServicesOf(service)
    .filter((port) => isClosed(mesh, service, port) && !takesCallsFromOutside(mesh, service, port));
  const [first] = closed;
  if (first === undefined) return [];
  const key = keyOf(service.namespace, service.name);
  return [
    {
      severity: "warning",
      rule: "ingress-without-backend",
      object: `Service ${key}`,
      message: `It has an address outside of the cluster, and no IngressBackend opens port ${closed.map(({ port }) => String(port)).join(", ")}: the sidecars behind it take no plain text, and refuse callers from there.`,
      remedy: `Add an IngressBackend in namespace ${service.namespace} with the backend ${service.name}, port ${String(first.targetPort)} (the target port), and the callers as its sources (kind IPRange); or make it a Service of type ClusterIP.`,
    },
  ];
}

function takesCallsFromOutside(mesh: OsmMesh, { namespace, name }: ServiceState, { port }: MeshService): boolean {
  const host = `${name}.${namespace}.svc.cluster.local`;
  return hasAnswer(callTree(mesh, "outside", `${host}:${String(port)}`, { authority: host }), "allowed");
}

/** Whether sidecars take no plain text at a port, since no IngressBackend opens it. Where they are switched off in so many words nothing has to be opened. */
function isClosed(mesh: OsmMesh, { namespace, name }: ServiceState, port: MeshService): boolean {
  const pods = mesh.endpointIps(port).flatMap(mesh.podsOfIp);
  if (pods.length > 0 && pods.every((pod) => isSwitchedOff(mesh, pod))) return false;
  return !mesh.state.ingresses.some(
    (policy) =>
      policy.namespace === namespace &&
      policy.backends.some((one) => one.name === name && one.port === port.targetPort),
  );
}

function unopened(mesh: OsmMesh, ingress: IngressState, backend: IngressBackendState): readonly Finding[] {
  const { state, catalog } = mesh;
  const key = keyOf(backend.namespace, backend.service);
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
  if (!isClosed(mesh, service, port)) return [];
  return [
    finding(mesh, ingress, backend.path, {
      severity: "warning",
      rule: "ingress-without-backend",
      message: `It leads to ${key}:${String(port.port)} in the mesh, whose sidecars take no plain text, and no IngressBackend opens that port: the controller's calls are refused, unless it is a pod of the mesh that a TrafficTarget lets in.`,
      remedy: `Add an IngressBackend in namespace ${backend.namespace} with the backend ${backend.service}, port ${String(port.targetPort)} (the target port), and the controller's Service as its source.`,
    }),
  ];
}

/** A Service that is not there, where the objects show others of its namespace. */
function missing(mesh: OsmMesh, ingress: IngressState, backend: IngressBackendState, key: string): readonly Finding[] {
  const others = [...mesh.state.services.values()].filter((one) => one.namespace === backend.namespace && !one.assumed);
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
