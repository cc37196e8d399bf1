import { memo } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { type IstioPlane } from "../plane";
import { isOlder, type KnownHost } from "../registry";
import { type GatewayServerState, type GatewayState, isServedBy } from "../state/gateways";

/** A server of a Gateway, and the Gateway. */
export interface OpenPort {
  readonly gateway: GatewayState;
  readonly server: GatewayServerState;
}

/** A server as a gateway's pod has it. */
export interface PodServer extends OpenPort {
  /** The pod's port. */
  readonly target: number;
}

/** A server that a gateway's pod does not have, since an older Gateway's takes its place. */
export interface LeftOut extends PodServer {
  readonly older: GatewayState;
  /** The names that both end TLS for; none where their protocols do not go together. */
  readonly hosts: readonly string[];
}

/** What Gateways open at a pod. */
export interface PodServers {
  readonly opened: readonly PodServer[];
  readonly leftOut: readonly LeftOut[];
}

const known = new WeakMap<IstioPlane, (pod: PodState) => PodServers>();

/**
 * The servers that Gateways open at a pod, as istiod puts them together, the oldest Gateway first: one with TLS for a name that an older
 * one ends TLS for on the same port is left out whole, and so is one whose protocol does not go with the plain text that an older one reads
 * there (pilot/pkg/model/gateway.go, mergeGateways). Of a port's plain text istiod remembers one server alone, the last that came with another
 * address: those before it are no hindrance any more, to a server of their own address either.
 */
export function serversOf(plane: IstioPlane, pod: PodState): PodServers {
  let ofPod = known.get(plane);
  if (ofPod === undefined) known.set(plane, (ofPod = memo((one) => merged(plane, one))));
  return ofPod(pod);
}

function merged(plane: IstioPlane, pod: PodState): PodServers {
  const [ip = ""] = pod.ips;
  const opened: PodServer[] = [];
  const leftOut: LeftOut[] = [];
  const namesByListener = new Map<string, Map<string, GatewayState>>();
  const plainByPort = new Map<number, PodServer>();
  for (const gateway of plane.state.gateways) {
    if (!isServedBy(gateway, pod)) continue;
    for (const server of gateway.servers) {
      const one: PodServer = { gateway, server, target: targetOf(plane, ip, server.port) };
      const listener = `${server.bind}:${String(one.target)}`;
      if (server.hasTls) {
        const names = namesByListener.get(listener) ?? new Map<string, GatewayState>();
        namesByListener.set(listener, names);
        const hosts = server.hosts.map((host) => host.replace(/^\*\//, ""));
        const twice = hosts.filter((host) => names.has(host));
        const [older] = twice.flatMap((host) => names.get(host) ?? []);
        if (older !== undefined) {
          leftOut.push({ ...one, older, hosts: twice });
          continue;
        }
        for (const host of hosts) names.set(host, gateway);
      }
      const plain = plainByPort.get(one.target);
      const hasItsAddress = plain?.server.bind === server.bind;
      if (hasItsAddress && !(server.kind === "http" && plain.server.kind === "http")) {
        leftOut.push({ ...one, older: plain.gateway, hosts: [] });
        continue;
      }
      // A redirect to HTTPS is said in terms of TLS, and the server reads plain text all the same.
      const isPlain = server.kind === "http" || !server.hasTls;
      if (isPlain && !hasItsAddress && !opened.some((other) => isMergedWith(one, other)))
        plainByPort.set(one.target, one);
      opened.push(one);
    }
  }
  return { opened, leftOut };
}

/** Whether two servers have the same port, protocol and address, which to istiod are one then (ServerPort). */
function isMergedWith(one: PodServer, other: PodServer): boolean {
  return (
    one.target === other.target &&
    one.server.protocol === other.server.protocol &&
    one.server.bind === other.server.bind
  );
}

/** The pod's port behind a port of its Services, of which the oldest with one of the number counts; the port itself where none has it. */
function targetOf({ registry }: IstioPlane, ip: string, number: number): number {
  let oldest: { readonly host: KnownHost; readonly target: number } | undefined;
  for (const host of registry.hosts) {
    if (host.service === undefined || (oldest !== undefined && !isOlder(host, oldest.host))) continue;
    const port = host.ports.find((one) => one.number === number);
    const endpoint = port && registry.endpoints(host, port).find((one) => one.ip === ip);
    if (endpoint !== undefined) oldest = { host, target: endpoint.port };
  }
  return oldest?.target ?? number;
}
