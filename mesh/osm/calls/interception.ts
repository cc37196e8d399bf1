import ipaddr from "ipaddr.js";
import { type ControlPlane } from "../control-plane";
import { inRange } from "../../envoy/filter-chains";
import { runningAsSidecar, type SidecarUser } from "../../cluster/container-users";
import { type PodState } from "../state";

/** Whom the sidecar runs as (pkg/constants, EnvoyUID): the rules ask for the user alone. */
export const sidecarUser: SidecarUser = { containers: ["envoy", "osm-healthcheck"], user: 1500, group: undefined };

/** What lets calls of a pod pass its sidecar by, of its own annotations and users: pods with equal ones are told apart by nothing of it. */
export function outboundInterceptionOf(pod: PodState): readonly (readonly [name: string, value: string])[] {
  const found = Object.entries(pod.annotations).filter(([name]) => name.includes("outbound-"));
  const { containers, all } = runningAsSidecar(pod, sidecarUser);
  return containers.length === 0 ? found : [...found, ["runAsUser", all ? "all" : "some"]];
}

/** A pod's network interface. */
const podInterface = "eth0";

/**
 * Whether the init container's iptables rules leave a call from a pod alone (pkg/injector/iptables.go).
 *
 * @param pod Undefined where no object shows one.
 * @param target Address and port; the address is undefined outside the cluster.
 */
export function leavesOutbound(
  mesh: ControlPlane,
  pod: PodState | undefined,
  { ip, port }: { readonly ip: string | undefined; readonly port: number },
): boolean {
  const { outboundPortExclusions, outboundIpExclusions, outboundIpInclusions, interfaceExclusions } =
    mesh.state.switches;
  if (interfaceExclusions.includes(podInterface)) return true;
  if (outboundPortExclusions.includes(port)) return true;
  if (listed(pod, "outbound-port-exclusion-list").includes(String(port))) return true;
  // Of an address that is not known only "any" is certain.
  const within = (range: string): boolean => (ip === undefined ? range.endsWith("/0") : inRange(ip, range));
  if (outboundIpExclusions.some(within) || listed(pod, "outbound-ip-range-exclusion-list").some(within)) return true;
  const included = [...outboundIpInclusions, ...listed(pod, "outbound-ip-range-inclusion-list")];
  return included.length > 0 && !included.some(within);
}

/** Ports and ranges outside of the cluster that those rules leave alone: of all pods, or of some. */
export function leftAlone(mesh: ControlPlane): {
  readonly ports: readonly number[];
  readonly ranges: readonly string[];
} {
  const { switches, pods } = mesh.state;
  const ports = pods.flatMap((pod) => listed(pod, "outbound-port-exclusion-list").map(Number));
  const ranges = pods.flatMap((pod) => listed(pod, "outbound-ip-range-exclusion-list"));
  return {
    ports: [...new Set([...switches.outboundPortExclusions, ...ports])].filter((port) => port > 0),
    ranges: [...new Set([...switches.outboundIpExclusions, ...ranges])].filter(isCidr),
  };
}

function isCidr(range: string): boolean {
  return ipaddr.IPv4.isValidCIDR(range);
}

/** Whether calls from other pods to a port of a pod meet its sidecar. */
export function meetsSidecar(mesh: ControlPlane, pod: PodState, port: number): boolean {
  return mesh.state.hasSidecar(pod) && !leavesInbound(mesh, pod, port);
}

/** Whether those rules leave calls to a port of a pod alone, so that they reach the application itself. */
export function leavesInbound(mesh: ControlPlane, pod: PodState, port: number): boolean {
  const { inboundPortExclusions, interfaceExclusions } = mesh.state.switches;
  return (
    interfaceExclusions.includes(podInterface) ||
    inboundPortExclusions.includes(port) ||
    listed(pod, "inbound-port-exclusion-list").includes(String(port))
  );
}

/** A list in a pod's annotation. */
function listed(pod: PodState | undefined, name: string): readonly string[] {
  const text = pod?.annotations[`openservicemesh.io/${name}`];
  return text === undefined ? [] : text.split(",").map((item) => item.trim());
}
