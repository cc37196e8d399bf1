import { type OsmMesh } from "../osm";
import { type Refusal } from "./routing";

/** What of a mesh is about callers and hosts outside, or goes around sidecars: said, as Istio has other objects for it. */
export function outsideRefusals({ state }: OsmMesh): readonly Refusal[] {
  const { switches } = state;
  const refused: Refusal[] = [];
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
  for (const { namespace, name } of state.ingresses) {
    refused.push({
      place: `IngressBackend ${namespace}/${name}`,
      text: "callers outside of the mesh come in by a gateway: write a Gateway and a VirtualService for the add-on's ingress gateway, and let its identity in by an AuthorizationPolicy",
    });
  }
  if (switches.egressPolicy && !switches.egress) {
    for (const { namespace, name } of state.egresses) {
      refused.push({
        place: `Egress ${namespace}/${name}`,
        text: "write a ServiceEntry for its hosts, and a VirtualService with sourceLabels for who may call them",
      });
    }
  }
  return refused;
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
