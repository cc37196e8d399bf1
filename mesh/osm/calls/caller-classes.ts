import { inRange } from "../../envoy/filter-chains";
import { type ControlPlane } from "../control-plane";
import { ingressRanges } from "../proxy/inbound";
import { type PodState } from "../state";

const knownRanges = new WeakMap<ControlPlane, readonly string[]>();

/** Equal for pods of one namespace that neither network policies nor the sources of IngressBackends tell apart as callers. */
export function callerClass(mesh: ControlPlane, pod: PodState): string {
  let ranges = knownRanges.get(mesh);
  if (ranges === undefined) knownRanges.set(mesh, (ranges = ingressRanges(mesh.catalog)));
  const within = ranges.filter((range) => pod.ips.some((ip) => inRange(ip, range)));
  return JSON.stringify([mesh.network?.classOf(pod) ?? "", ...within]);
}
