import { groupBy, memo } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { type ChainMatch, clashingChains } from "../../envoy/filter-chains";
import { matchesHost } from "../host-patterns";
import { type IstioPlane } from "../plane";
import {
  type ConnectionMatchState,
  type RouteDestinationState,
  type VirtualServiceState,
} from "../state/virtual-services";
import { fullHost, isForServicesOf, nameOfGateway, servedName, servicesOf } from "./gateway-hosts";
import { type PodServer, serversOf } from "./gateway-servers";

/** Where a gateway passes connections on: what a VirtualService's rule leads to. */
export interface ConnectionRule {
  readonly service: VirtualServiceState;
  readonly destinations: readonly RouteDestinationState[];
}

/** What a gateway's listener makes of some of its connections. */
export interface GatewayChain {
  readonly match: ChainMatch;
  /** The servers that it is of: several whose requests in plain text come together. */
  readonly servers: readonly PodServer[];
  /** Undefined where it reads requests, and where it is not followed. */
  readonly rule: ConnectionRule | undefined;
}

/** A port of a gateway's pod. */
export interface GatewayListener {
  readonly chains: readonly GatewayChain[];
  /** Whether it looks at server names. */
  readonly readsNames: boolean;
  /** Whether Envoy refuses it, as two chains take the same connections. */
  readonly clashes: boolean;
}

const known = new WeakMap<IstioPlane, (pod: PodState) => (port: number) => GatewayListener | undefined>();

/** What a gateway's pod listens with at a port of its address; undefined where it does not (core/gateway.go, buildGatewayListeners). */
export function listenerOf(plane: IstioPlane, pod: PodState, port: number): GatewayListener | undefined {
  let ofPod = known.get(plane);
  if (ofPod === undefined) {
    ofPod = memo((one) => memo((number) => computeListener(plane, one, number)));
    known.set(plane, ofPod);
  }
  return ofPod(pod)(port);
}

const everywhere: ReadonlySet<string> = new Set(["", "0.0.0.0"]);

function computeListener(plane: IstioPlane, pod: PodState, port: number): GatewayListener | undefined {
  const open = serversOf(plane, pod).opened.filter(({ target }) => target === port);
  // A listener at the pod's own address comes before the one for all addresses.
  const own = open.filter(({ server }) => pod.ips.includes(server.bind));
  const bound = own.length > 0 ? own : open.filter(({ server }) => everywhere.has(server.bind));
  const plain = bound.filter(({ server }) => server.kind === "http");
  const taken = new Set<string>();
  const chains = [
    // Those of one address as it is written come together.
    ...Array.from(groupBy(plain, ({ server }) => server.bind).values(), (servers) => ({
      match: { port },
      servers,
      rule: undefined,
    })),
    ...bound.flatMap((one) => chainsOf(plane, pod, one, taken)),
  ];
  if (chains.length === 0) return undefined;
  return {
    chains,
    readsNames: bound.some(({ server }) => server.hasTls && server.kind !== "http"),
    clashes: clashingChains(chains) !== undefined,
  };
}

/** @param taken server names that rules for TLS have on the port already. */
function chainsOf(plane: IstioPlane, pod: PodState, open: PodServer, taken: Set<string>): readonly GatewayChain[] {
  const { server, target: port } = open;
  const named = (names: readonly string[], rule: ConnectionRule | undefined): GatewayChain => ({
    // One name that stands for all leaves the others without meaning.
    match: {
      port,
      ...(!names.includes("*") && { serverNames: [...new Set(names.map((name) => name.toLowerCase()))] }),
    },
    servers: [open],
    rule,
  });
  switch (server.kind) {
    case "http":
      return [];
    case "https":
    case "other":
      return [named(server.hosts.map(servedName), undefined)];
    case "tcp":
    case "tls": {
      const rule = tcpRuleOf(plane, pod, open);
      if (rule === undefined) return [];
      return [
        server.kind === "tcp" ? { match: { port }, servers: [open], rule } : named(server.hosts.map(servedName), rule),
      ];
    }
    case "passthrough":
      return servicesTaken(plane, pod, open).flatMap((service) =>
        service.tls.flatMap(({ matches, destinations }) =>
          matches.flatMap((match) => {
            if (destinations.length === 0 || !isFor(match, open)) return [];
            if (match.sniHosts.some((name) => taken.has(name))) return [];
            for (const name of match.sniHosts) taken.add(name);
            return [named(match.sniHosts, { service, destinations })];
          }),
        ),
      );
  }
}

/** The first rule for connections of the VirtualServices of a server that does not read them. */
function tcpRuleOf(plane: IstioPlane, pod: PodState, open: PodServer): ConnectionRule | undefined {
  for (const service of servicesTaken(plane, pod, open)) {
    const found = service.tcp.find(
      ({ matches, destinations }) =>
        destinations.length > 0 && (matches.length === 0 || matches.some((match) => isFor(match, open))),
    );
    if (found !== undefined) return { service, destinations: found.destinations };
  }
  return undefined;
}

/** Those of a Gateway's VirtualServices that have a host which overlaps with one of the server's. */
function servicesTaken(plane: IstioPlane, pod: PodState, open: PodServer): readonly VirtualServiceState[] {
  return servicesOf(plane, pod, open).filter((service) =>
    open.server.hosts.some((entry) => {
      if (!isForServicesOf(entry, service.namespace)) return false;
      const served = servedName(entry);
      return service.hosts.some((written) => {
        const host = fullHost(written, service);
        return matchesHost(served, host) || matchesHost(host, served);
      });
    }),
  );
}

/** Of a rule's match for connections a gateway looks at the port and the Gateways alone (l4SingleMatch). */
function isFor({ port, gateways }: ConnectionMatchState, open: PodServer): boolean {
  return (port === 0 || port === open.server.port) && (gateways.length === 0 || gateways.includes(nameOfGateway(open)));
}
