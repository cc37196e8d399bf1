import { keyOf } from "../cluster/keys";
import { isHeadless } from "../cluster/workloads";
import { fullName } from "../istio/registry";
import { type OsmMesh } from "../osm";
import { type IngressPolicy } from "../osm/state/policies";
import { type Refusal } from "./routing";

/** What of a mesh is about callers and hosts outside, or goes around sidecars: said, as Istio has other objects for it. */
export function outsideRefusals(mesh: OsmMesh): readonly Refusal[] {
  const { state } = mesh;
  const { switches } = state;
  const refused: Refusal[] = [...podRefusals(mesh)];
  if (switches.permissive) {
    refused.push({
      place: "MeshConfig spec.traffic.enablePermissiveTrafficPolicyMode",
      text: "every pod may call every pod, whatever TrafficTargets say: turn permissive mode off first, and write what may be called",
    });
  }
  const around: Readonly<Record<string, readonly unknown[]>> = {
    outboundPortExclusionList: switches.outboundPortExclusions,
    inboundPortExclusionList: switches.inboundPortExclusions,
    outboundIPRangeExclusionList: switches.outboundIpExclusions,
    outboundIPRangeInclusionList: switches.outboundIpInclusions,
    networkInterfaceExclusionList: switches.interfaceExclusions,
  };
  for (const [field, values] of Object.entries(around)) {
    if (values.length === 0) continue;
    refused.push({
      place: `MeshConfig spec.traffic.${field}`,
      text: `what goes around the sidecars is said pod by pod in Istio: annotate the pods with ${annotationFor(field)}`,
    });
  }
  if (switches.externalAuthorization) {
    refused.push({
      place: "MeshConfig spec.traffic.inboundExternalAuthorization",
      text: "write an AuthorizationPolicy with action CUSTOM, and the service under extensionProviders of the mesh's configuration",
    });
  }
  for (const ingress of state.ingresses) {
    refused.push({ place: `IngressBackend ${ingress.namespace}/${ingress.name}`, text: ingressText(ingress) });
  }
  return refused;
}

/** Namespace of the add-on's ingress gateways, and the label by which a Gateway selects the external one. */
const gateways = { namespace: "aks-istio-ingress", label: "istio: aks-istio-ingressgateway-external" };

/**
 * What takes the place of an IngressBackend. OSM's sidecars know who passed a call on by its address or certificate; Istio's know the gateway's
 * identity alone, so that addresses are for the gateway to look at.
 */
function ingressText({ namespace, backends, sources }: IngressPolicy): string {
  const hosts = backends.map(({ name }) => fullName(namespace, name)).join(", ");
  const ports = [...new Set(backends.map(({ port }) => `"${String(port)}"`))].join(", ");
  const ranges = sources.flatMap(({ kind, name }) => (kind === "IPRange" ? [name] : []));
  return [
    `callers outside of the mesh come in by a gateway: write a Gateway with the selector ${gateways.label}`,
    `a VirtualService that names it in gateways, with destinations ${hosts}`,
    `and an AuthorizationPolicy in ${namespace} for the pods behind them, with from.source.namespaces: ["${gateways.namespace}"] and to.operation.ports: [${ports}]`,
    ...(ranges.length === 0
      ? []
      : [
          `and one in ${gateways.namespace} with selector.matchLabels ${gateways.label} and from.source.remoteIpBlocks: [${ranges.map((range) => `"${range}"`).join(", ")}], which needs externalTrafficPolicy: Local on the gateway's Service`,
        ]),
  ].join(", ");
}

/** Annotations of pods by which OSM's sidecars are passed by. */
const exclusion = /^openservicemesh\.io\/(inbound|outbound)-/;

/** Pods that calls reach, or that call, around their sidecars. */
function podRefusals(mesh: OsmMesh): readonly Refusal[] {
  const { state, catalog } = mesh;
  const refused = new Map<string, Refusal>();
  for (const pod of state.pods) {
    if (!state.isMonitored(pod.namespace)) continue;
    const place = pod.workload ?? `Pod ${pod.namespace}/${pod.name}`;
    const [annotation] = Object.keys(pod.annotations).filter((name) => exclusion.test(name));
    const { listenersRefused, ownRoutesRefused } = mesh.inbound(pod);
    const broken = listenersRefused ?? ownRoutesRefused;
    if (broken !== undefined) {
      refused.set(place, {
        place,
        text: `its calls fail in OSM and would not in Istio: ${broken}: mend that first`,
      });
    } else if (annotation !== undefined) {
      const text = `what goes around its sidecar by ${annotation} is said by an annotation of traffic.sidecar.istio.io/ in Istio: write that one, and take this one out`;
      refused.set(place, { place, text });
    } else if (pod.hostNetwork && state.hasSidecar(pod)) {
      refused.set(place, {
        place,
        text: "Istio gives no sidecar to a pod of the host's network: give it a network of its own",
      });
    } else if (!state.hasSidecar(pod) && catalog.servicesOfPod(pod).length > 0) {
      const text =
        "it has no sidecar, and a Service of the mesh leads to it: OSM's sidecars cannot call it, Istio's can, in plain text, and nothing guards it: give it a sidecar, take it out of the Service, or close it by a NetworkPolicy";
      refused.set(place, { place, text });
    }
  }
  for (const { service, port, targetPort } of catalog.allMeshServices()) {
    if (!isHeadless(service) || port === targetPort || targetPort === 0) continue;
    const place = `Service ${keyOf(service.namespace, service.name)}`;
    const text = `it is headless: OSM sends calls to port ${String(port)} to the pods' port ${String(targetPort)}, and Istio to the pods' port ${String(port)}: make both the same`;
    refused.set(place, { place, text });
  }
  for (const { namespace, name, externalName } of state.services.values()) {
    if (!state.isMonitored(namespace)) continue;
    const addresses = (state.endpoints.get(keyOf(namespace, name))?.subsets ?? []).flatMap(
      (subset) => subset.addresses,
    );
    const unknown = addresses.find(({ ip }) => catalog.podsOfIp(ip).length === 0);
    if (unknown === undefined && externalName === undefined) continue;
    const where = externalName ?? unknown?.ip ?? "";
    const place = `Service ${namespace}/${name}`;
    const text = `it leads out of the mesh, to ${where}, where OSM's sidecars cannot call and Istio's can: move it to a namespace that is not in the mesh, or write a ServiceEntry`;
    refused.set(place, { place, text });
  }
  return [...refused.values()];
}

function annotationFor(field: string): string {
  switch (field) {
    case "outboundPortExclusionList":
      return "traffic.sidecar.istio.io/excludeOutboundPorts";
    case "inboundPortExclusionList":
      return "traffic.sidecar.istio.io/excludeInboundPorts";
    case "outboundIPRangeExclusionList":
      return "traffic.sidecar.istio.io/excludeOutboundIPRanges";
    case "outboundIPRangeInclusionList":
      return "traffic.sidecar.istio.io/includeOutboundIPRanges";
    default:
      return "traffic.sidecar.istio.io/excludeInterfaces";
  }
}
