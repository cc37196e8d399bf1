import { type ServicePort } from "../../analysis/mesh";
import { isHeadless } from "../../cluster/workloads";
import { type ControlPlane } from "../control-plane";
import { servicePort } from "../service-port";
import { type AccountKey, keyOf, type PodState } from "../state";
import { clientOf } from "./callers";
import { outboundInterceptionOf } from "./interception";

/** Whether calls that no TrafficTarget leads anywhere may still leave the caller. */
export function hasOtherWays(mesh: ControlPlane, caller: AccountKey): boolean {
  const { switches, egresses } = mesh.state;
  const { outboundPortExclusions, outboundIpExclusions, outboundIpInclusions, interfaceExclusions } = switches;
  if (switches.permissive || switches.egress || egresses.length > 0) return true;
  const exclusions = [outboundPortExclusions, outboundIpExclusions, outboundIpInclusions, interfaceExclusions];
  if (exclusions.some(({ length }) => length > 0)) return true;
  const [namespace = "", name = ""] = caller.split("/");
  const { inMesh, pods } = clientOf(mesh, namespace, name);
  const isFree = (pod: PodState): boolean => !mesh.state.hasSidecar(pod) || outboundInterceptionOf(pod).length > 0;
  return !inMesh || pods.some(isFree);
}

/** The pods behind a headless Service's name reach themselves by it, around their own sidecars. */
export function* ownCalls(
  mesh: ControlPlane,
): Iterable<{ readonly caller: AccountKey; readonly service: ServicePort }> {
  for (const service of mesh.catalog.allMeshServices()) {
    if (!isHeadless(service.service)) continue;
    for (const { namespace, serviceAccount } of mesh.endpointIps(service).flatMap(mesh.podsOfIp)) {
      yield { caller: keyOf(namespace, serviceAccount), service: servicePort(service) };
    }
  }
}
