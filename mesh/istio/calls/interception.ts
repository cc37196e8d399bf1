import ipaddr from "ipaddr.js";
import { parse } from "yaml";
import { inRange } from "../../envoy/filter-chains";
import { runningAsSidecar, type SidecarUser } from "../../cluster/container-users";
import { memo } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { textAt } from "../../manifests/inside";
import { isManagedGateway, managedLabel } from "../state/gateway-api/kinds";

/** Ports of a sidecar of its own, which its rules leave alone. */
const sidecarPorts: ReadonlySet<number> = new Set([15020, 15021, 15090]);

/** Whom the sidecar runs as (tools/istio-iptables/pkg/constants, DefaultProxyUID): the rules ask for the user and for the group. */
export const sidecarUser: SidecarUser = { containers: ["istio-proxy"], user: 1337, group: 1337 };

const prefix = "traffic.sidecar.istio.io/";

/** Says how calls are led to the sidecar; `NONE` leads none. */
const modeAnnotation = "sidecar.istio.io/interceptionMode";

/** A pod's own configuration of its proxy, YAML, where the same may be said. */
const configAnnotation = "proxy.istio.io/config";

/** A pod's network interface. */
const podInterface = "eth0";

/** Names what the injector makes of a pod. */
const templates = "inject.istio.io/templates";

/**
 * Annotations, labels and users by which calls pass a pod's sidecar by, or by which it has none and is a gateway: pods with equal ones are told apart by nothing
 * of it.
 */
export function interceptionOf(pod: PodState): readonly (readonly [name: string, value: string])[] {
  const { annotations, labels } = pod;
  const found = Object.entries(annotations).filter(([name]) => name.startsWith(prefix) || name === templates);
  if (isNotCaught(pod)) found.push([modeAnnotation, "NONE"]);
  if (isManagedGateway(labels)) found.push([managedLabel.name, managedLabel.value]);
  const { containers, all } = runningAsSidecar(pod, sidecarUser);
  if (containers.length > 0) found.push(["runAsUser", all ? "all" : "some"]);
  return found;
}

/** Whether a pod is a gateway: Envoy alone, which is no server's sidecar. Those of the Gateway API istiod makes by itself, without its injector. */
export function isGatewayPod({ annotations, labels }: PodState): boolean {
  const used = annotations[templates];
  return isManagedGateway(labels) || (used ?? "").split(",").some((name) => name.trim() === "gateway");
}

function isAnnotated({ annotations }: PodState): boolean {
  return Object.keys(annotations).some(
    (name) => name.startsWith(prefix) || name === modeAnnotation || name === configAnnotation,
  );
}

/** Whether a pod's network has no rules at all, or none for the pod's interface: neither its calls nor those to it come to the sidecar. */
function isNotCaught(pod: PodState): boolean {
  const { annotations } = pod;
  const mode = annotations[modeAnnotation] ?? modeOfConfig(annotations[configAnnotation]);
  return mode === "NONE" || listed(pod, "excludeInterfaces").includes(podInterface);
}

const modeOfConfig = memo((config: string | undefined): string | undefined => {
  if (config?.includes("interceptionMode") !== true) return undefined;
  try {
    return textAt(parse(config), "interceptionMode");
  } catch {
    // The injector refuses such a pod: it never comes to be.
    return undefined;
  }
});

/** Whether the rules of a pod's network (istio-iptables, or the CNI plugin's) leave a call from the pod alone. */
export function leavesOutbound(
  pod: PodState | undefined,
  { ip, port }: { readonly ip: string | undefined; readonly port: number },
): boolean {
  if (pod === undefined || !isAnnotated(pod)) return false;
  if (isNotCaught(pod) || listed(pod, "excludeOutboundPorts").includes(String(port))) return true;
  if (listed(pod, "includeOutboundPorts").includes(String(port))) return false;
  const within = (range: string): boolean => range === "*" || (ip !== undefined && inRange(ip, range));
  if (listed(pod, "excludeOutboundIPRanges").some(within)) return true;
  const included = pod.annotations[`${prefix}includeOutboundIPRanges`];
  return included !== undefined && !listed(pod, "includeOutboundIPRanges").some(within);
}

/** Ports and ranges outside of the cluster that those rules leave alone for some pod. */
export function leftAlone(pods: readonly PodState[]): {
  readonly ports: readonly number[];
  readonly ranges: readonly string[];
} {
  const annotated = pods.filter(isAnnotated);
  const ports = annotated.flatMap((pod) => listed(pod, "excludeOutboundPorts").map(Number));
  const ranges = annotated.flatMap((pod) => listed(pod, "excludeOutboundIPRanges"));
  return {
    ports: [...new Set(ports)].filter((port) => port > 0),
    ranges: [...new Set(ranges)].filter((range) => ipaddr.IPv4.isValidCIDR(range)),
  };
}

/** Whether those rules leave calls to a port of a pod alone, so that they reach the application itself. */
export function leavesInbound(pod: PodState, port: number): boolean {
  if (sidecarPorts.has(port)) return true;
  if (!isAnnotated(pod)) return false;
  if (isNotCaught(pod) || listed(pod, "excludeInboundPorts").includes(String(port))) return true;
  const included = pod.annotations[`${prefix}includeInboundPorts`];
  if (included === undefined || included === "*") return false;
  return !listed(pod, "includeInboundPorts").includes(String(port));
}

/** A list in a pod's annotation. */
function listed(pod: PodState, name: string): readonly string[] {
  const text = pod.annotations[`${prefix}${name}`];
  return text === undefined || text.trim() === "" ? [] : text.split(",").map((item) => item.trim());
}
