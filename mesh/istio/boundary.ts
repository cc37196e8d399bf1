import { type Boundary, type ServicePort } from "../analysis/mesh";
import { groupBy } from "../cluster/look-up";
import { calledRanges, callerRanges } from "../network-policies";
import { hostsByRange } from "../analysis/outside";
import { leftAlone } from "./calls/interception";
import { nameWithin } from "./calls/scope";
import { ingressHosts, unnamedIngressHosts } from "./ingress";
import { type IstioPlane } from "./plane";
import { type KnownHost, servicePorts } from "./registry";
import { sourceBlocks } from "./state/authorization-policies";

/** What policies and network policies tell apart of callers without a sidecar. */
export function boundary(plane: IstioPlane): Boundary {
  const { state, registry } = plane;
  const { networkPolicies } = state;
  const blocks = state.authorizationPolicies.flatMap(({ rules }) => rules.flatMap(sourceBlocks));
  const ranges = blocks.map((block) => (block.includes("/") ? block : `${block}/32`));
  return {
    ranges: [...new Set([...ranges, ...networkPolicies.flatMap(callerRanges)])],
    calledRanges: [
      ...new Set([
        ...networkPolicies.flatMap(calledRanges),
        ...registry.hosts.flatMap(outsideAddresses).map(asRange),
        ...leftAlone(state.pods).ranges,
      ]),
    ],
    principals: [],
    entrances: [
      ...registry.hosts.flatMap((host) =>
        host.service === undefined ? [] : host.ports.flatMap((port) => servicePorts(host, port)),
      ),
      ...ingressHosts(plane),
      ...unnamedIngressHosts(plane),
    ],
  };
}

/** Stands for every host outside of the cluster that no object names (RFC 2606 keeps the name free). */
const anyHost = "outside.example";

/** A port under a name that can be called. */
function callable(port: ServicePort): ServicePort {
  if (!port.host.startsWith("*")) return port;
  const host = nameWithin(port.host);
  return { ...port, name: host, host, hosts: [host], ...(port.tls && { tls: { ...port.tls, serverName: host } }) };
}

/** Addresses under which a host of a ServiceEntry is called. */
function outsideAddresses({ service, addresses }: KnownHost): readonly string[] {
  return service === undefined ? addresses : [];
}

function asRange(address: string): string {
  return address.includes("/") ? address : `${address}/32`;
}

/** Hosts outside of the cluster: those of ServiceEntries, by name or by address, one for each pattern, and one that stands for all others. */
export function outsideHosts(plane: IstioPlane, { calledRanges: ranges }: Boundary): readonly ServicePort[] {
  const { hosts } = plane.registry;
  const found = hosts.flatMap((host) => {
    if (host.service !== undefined) return [];
    const ports = host.ports
      .flatMap((port) => servicePorts(host, port))
      .filter(({ kind }) => kind !== undefined)
      .map((port) => callable(port));
    const named = ports.filter(({ kind, tls }) => kind === "http" || tls !== undefined);
    const connections = ports.filter(({ kind, tls }) => kind === "tcp" && tls === undefined);
    const byAddress = outsideAddresses(host).map((address) => {
      const [name = ""] = address.split("/");
      return connections.map((port) => ({ ...port, name, host: name, hosts: [name], range: asRange(address) }));
    });
    return [...named, ...(byAddress.length === 0 ? connections : byAddress.flat())];
  });
  const around = leftAlone(plane.state.pods);
  const others = [
    { port: 80, kind: "http", host: anyHost },
    { port: 443, kind: "tcp", host: anyHost, tls: { serverName: anyHost } },
    ...around.ports
      .filter((port) => port !== 80 && port !== 443)
      .map((port) => ({ port, kind: "tcp", host: anyHost }) as const),
    ...around.ranges.flatMap((range) => {
      const host = range.replace(/\/\d+$/, "");
      return [{ port: 80, kind: "http", host, range } as const, { port: 443, kind: "tcp", host, range } as const];
    }),
  ] as const;
  const all: readonly ServicePort[] = [
    ...found,
    ...others.map((rest) => ({
      service: "",
      namespace: "",
      name: rest.host,
      targetPort: rest.port,
      protocol: rest.kind,
      hosts: [rest.host],
      ...rest,
    })),
  ];
  return hostsByRange(distinct(all), ranges);
}

/** Of those that are called alike, as of a host that several namespaces have, the first: who calls tells which is meant. */
function distinct(ports: readonly ServicePort[]): readonly ServicePort[] {
  const called = groupBy(ports, ({ host, port, kind, tls, range }) => JSON.stringify([host, port, kind, tls, range]));
  return [...called.values()].flatMap(([first]) => first ?? []);
}
