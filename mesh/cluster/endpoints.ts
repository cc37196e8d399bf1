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
    const subsets = new Map<string, { addresses: EndpointAddress[]; ports: EndpointSubset["ports"] }>();
    for (const pod of matching(index, service.namespace, service.selector)) {
      const [ip] = pod.ips;
      if (ip === undefined || (!pod.ready && !service.publishNotReady)) continue;
      const ports = service.ports.flatMap(({ name, targetPort, transport }) => {
        const isTarget = (one: ContainerPort): boolean => one.name === targetPort && one.protocol === transport;
        const port = typeof targetPort === "number" ? targetPort : pod.namedPorts.find(isTarget)?.port;
        return port === undefined ? [] : [{ name, port }];
      });
      if (ports.length === 0 && service.ports.length > 0) continue;
      const subsetKey = JSON.stringify(ports);
      const subset = subsets.get(subsetKey) ?? { addresses: [], ports };
      subset.addresses.push({ ip, hostname: pod.subdomain === service.name ? pod.hostname : "" });
      subsets.set(subsetKey, subset);
    }
    endpoints.set(key, {
      namespace: service.namespace,
      name: service.name,
      subsets: [...subsets.values()],
      observed: false,
    });
  }
  return endpoints;
}
