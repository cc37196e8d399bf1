import { type Call } from "../data-plane/runner";
import { isIstioGateway } from "./istio-pod";
import { type ClusterObjects, destinationsOf, type Gateway, type Pod, serviceOf, type VirtualService } from "./objects";
import { type OutsideCall, outsideAccount } from "./outside";

/** Protocols of a Gateway's server whose requests can be made in plain text. */
const plainProtocols: ReadonlySet<string> = new Set(["HTTP", "HTTP2", "GRPC"]);

/** Most calls that are made through gateways at a time. */
const mostCalls = 16;

/**
 * Calls from outside through gateways: for each host of a Gateway that a VirtualService leads on, those calls that the mesh's own programs
 * make to the Services behind it. As a load balancer would lead them, to one of the gateway's pods.
 *
 * @param calls what the programs call.
 */
export function throughGateways(calls: readonly Call[], objects: ClusterObjects): readonly OutsideCall[] {
  const found = objects.gateways.flatMap((gateway) =>
    objects.virtualServices
      .filter((service) => isFor(service, gateway))
      .flatMap((service) => callsThrough(gateway, service, calls, objects)),
  );
  return found.slice(0, mostCalls);
}

function isFor({ metadata, spec }: VirtualService, gateway: Gateway): boolean {
  const name = `${gateway.metadata.namespace ?? ""}/${gateway.metadata.name}`;
  return (spec.gateways ?? []).some((one) => (one.includes("/") ? one : `${metadata.namespace ?? ""}/${one}`) === name);
}

function callsThrough(
  { spec: { selector = {}, servers = [] } }: Gateway,
  service: VirtualService,
  calls: readonly Call[],
  { pods, services }: ClusterObjects,
): OutsideCall[] {
  const pod = pods.find((one) => isIstioGateway(one) && one.status?.podIP !== undefined && selects(selector, one));
  if (pod === undefined) return [];
  const behind = destinationsOf(service);
  const kinds = calls.filter(
    ({ protocol, to }) => protocol === "http" && behind.includes(serviceOf(to.split(":")[0] ?? "", "")),
  );
  return servers.flatMap(({ port, hosts: open }) => {
    const front = services.find(
      ({ metadata, spec }) =>
        metadata.namespace === pod.metadata.namespace &&
        spec.selector !== undefined &&
        selects(spec.selector, pod) &&
        spec.ports?.some(({ port: own, targetPort = own }) => targetPort === port.number),
    );
    const entrance = front?.spec.ports?.find(({ port: own, targetPort = own }) => targetPort === port.number)?.port;
    if (front === undefined || entrance === undefined || !plainProtocols.has(port.protocol.toUpperCase())) return [];
    const name = `${front.metadata.name}.${front.metadata.namespace ?? ""}.svc.cluster.local:${String(entrance)}`;
    const hosts = (service.spec.hosts ?? []).filter(
      (host) => !host.includes("*") && open.some((one) => isOpenTo(one, host)),
    );
    return hosts.flatMap((host) =>
      kinds.map((call) => ({
        asked: { ...call, from: outsideAccount, to: name, host },
        made: { ...call, to: `${pod.status?.podIP ?? ""}:${String(port.number)}`, host },
      })),
    );
  });
}

function selects(selector: Readonly<Record<string, string>>, { metadata: { labels = {} } }: Pod): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** Whether a server's `namespace/host`, whose host may begin with `*`, takes in a host. */
function isOpenTo(entry: string, host: string): boolean {
  const pattern = entry.slice(entry.indexOf("/") + 1);
  return pattern === host || (pattern.startsWith("*") && host.endsWith(pattern.slice(1)));
}
