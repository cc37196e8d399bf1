import { keyOf } from "./keys";
import { indexByLabel, matching } from "./selectors";
import {
  type ContainerPort,
  type EndpointAddress,
  type EndpointsState,
  type EndpointSubset,
  type PodState,
  type ServiceState,
} from "./workloads";

/**
 * Addresses of a Service's endpoints on one target port; on any where that is 0. `<pod>.<service>` is one pod of a headless
 * Service.
 */
export function endpointIps(
  endpoints: ReadonlyMap<string, EndpointsState>,
  { namespace, name, targetPort }: { readonly namespace: string; readonly name: string; readonly targetPort: number },
): readonly string[] {
  const parts = name.split(".");
  const subdomain = parts.length === 1 ? "" : (parts[0] ?? "");
  const ips: string[] = [];
  for (const { ports, addresses } of endpoints.get(keyOf(namespace, parts.at(-1) ?? ""))?.subsets ?? []) {
    for (const { port } of ports) {
      if (targetPort !== 0 && port !== targetPort) continue;
      for (const { ip, hostname } of addresses) if (subdomain === "" || subdomain === hostname) ips.push(ip);
    }
  }
  return ips;
}

/** Whether Kubernetes' endpoints controller writes the Service's Endpoints, whatever else anybody writes there. */
export function isControlled({ externalName, selector }: ServiceState): boolean {
  return externalName === undefined && Object.keys(selector).length > 0;
}

/** What Kubernetes' endpoints controller would write: nothing for Services without a selector. */
export function controlledEndpoints(
  services: Iterable<readonly [string, ServiceState]>,
  pods: readonly PodState[],
): ReadonlyMap<string, EndpointsState> {
  const index = indexByLabel(pods);
  const endpoints = new Map<string, EndpointsState>();
  for (const [key, service] of services) {
    if (!isControlled(service)) continue;
    // Few: pods behind one Service mostly have the same ports.
    const subsets: { readonly addresses: EndpointAddress[]; readonly ports: EndpointSubset["ports"] }[] = [];
    for (const pod of matching(index, service.namespace, service.selector)) {
      const [ip] = pod.ips;
      if (ip === undefined || (!pod.ready && !service.publishNotReady)) continue;
      const ports = portsOf(service, pod);
      if (ports.length === 0 && service.ports.length > 0) continue;
      const address = { ip, hostname: pod.subdomain === service.name ? pod.hostname : "" };
      const subset = subsets.find((one) => areSamePorts(one.ports, ports));
      if (subset === undefined) subsets.push({ addresses: [address], ports });
      else subset.addresses.push(address);
    }
    endpoints.set(key, { namespace: service.namespace, name: service.name, subsets, observed: false });
  }
  return endpoints;
}

/** A Service's ports as a pod has them. */
function portsOf({ ports }: ServiceState, pod: PodState): EndpointSubset["ports"] {
  const found: { readonly name: string; readonly port: number }[] = [];
  for (const { name, targetPort, transport } of ports) {
    const isTarget = (one: ContainerPort): boolean => one.name === targetPort && one.protocol === transport;
    const port = typeof targetPort === "number" ? targetPort : pod.namedPorts.find(isTarget)?.port;
    if (port !== undefined) found.push({ name, port });
  }
  return found;
}

function areSamePorts(a: EndpointSubset["ports"], b: EndpointSubset["ports"]): boolean {
  return a.length === b.length && a.every(({ name, port }, index) => b[index]?.name === name && b[index].port === port);
}
