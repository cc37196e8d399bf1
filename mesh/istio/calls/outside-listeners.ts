import { inRange, pickChain, type ChainMatch } from "../../envoy/filter-chains";
import { type IstioPlane } from "../plane";
import { isForAll, type KnownHost, type PortOfHost } from "../registry";
import { type Client } from "./client";
import { isForCaller } from "./routes";
import { type Scope } from "./scope";
import { virtualServicesFor } from "./virtual-hosts";

/** What of a port's connections comes to a port of a ServiceEntry, or is read as HTTP. */
interface Chain {
  readonly match: ChainMatch;
  readonly to: PortOfHost | "read as HTTP";
}

/** A connection of a client's sidecar. */
interface Connection {
  readonly ip: string | undefined;
  readonly port: number;
  readonly serverName: string | undefined;
  /** Whether its bytes are plain HTTP. */
  readonly readable: boolean;
}

const inspected = "http/1.1";

/**
 * The port of a ServiceEntry that a connection to no Service comes to: by its address, by ranges, or whatever address it has; and of
 * TLS ports without an address of their own by the server name. Undefined where there is none, and for what is read as HTTP
 * (pilot/pkg/networking/core: listener.go, tls.go).
 *
 * @param isHttp whether some host has HTTP on the port: of all addresses, what is HTTP is read then.
 */
export function outsideListener(
  plane: IstioPlane,
  client: Client,
  scope: Scope,
  { ip = "", port, serverName, readable }: Connection,
  isHttp: boolean,
): PortOfHost | undefined {
  const ports = connectionPorts(plane).get(port);
  if (ports === undefined) return undefined;
  const shared: Chain[] = isHttp
    ? [{ match: { port, tls: false, applicationProtocols: [inspected] }, to: "read as HTTP" }]
    : [];
  let others: PortOfHost | undefined;
  for (const { host, port: found } of ports) {
    if (!scope.listens(host, port)) continue;
    if (host.addresses.some((address) => address === ip || address === `${ip}/32`)) return { host, port: found };
    // One that is found out is part of what is read.
    if (isHttp && found.protocol === "auto") continue;
    const ranges = host.addresses.filter((address) => address.includes("/"));
    if (host.addresses.length > 0 && !ranges.some((range) => inRange(ip, range))) continue;
    const serverNames = found.tls ? serverNamesOf(plane, client, scope, host, port) : undefined;
    // What takes everything is the listener's default, for whatever no other chain takes.
    if (ranges.length === 0 && serverNames === undefined) others ??= { host, port: found };
    else shared.push({ match: { port, ips: ranges, ...(serverNames && { serverNames }) }, to: { host, port: found } });
  }
  const picked = pickChain(shared, {
    ip,
    port,
    sourceIp: "",
    ...(serverName !== undefined && { serverName }),
    ...(readable && { applicationProtocol: inspected }),
  });
  if (picked === undefined) return others;
  return picked.to === "read as HTTP" ? undefined : picked.to;
}

const known = new WeakMap<IstioPlane, ReadonlyMap<number, readonly PortOfHost[]>>();

/** Ports of ServiceEntries that are not HTTP, by their numbers, in the order in which sidecars that are told of them take them. */
function connectionPorts(plane: IstioPlane): ReadonlyMap<number, readonly PortOfHost[]> {
  let found = known.get(plane);
  if (found === undefined) {
    const byNumber = new Map<number, PortOfHost[]>();
    for (const host of plane.registry.hosts) {
      if (host.service !== undefined) continue;
      for (const port of host.ports) {
        if (port.protocol === "http" || port.protocol === "udp") continue;
        const list = byNumber.get(port.number);
        if (list === undefined) byNumber.set(port.number, [{ host, port }]);
        else if (list.every((one) => one.host !== host)) list.push({ host, port });
      }
    }
    for (const list of byNumber.values()) list.sort((a, b) => Number(isForAll(a.host)) - Number(isForAll(b.host)));
    known.set(plane, (found = byNumber));
  }
  return found;
}

/** Server names that VirtualServices ask for, or else the host's own. */
function serverNamesOf(
  plane: IstioPlane,
  client: Client,
  scope: Scope,
  { host }: KnownHost,
  port: number,
): readonly string[] {
  const asked = virtualServicesFor(plane, scope, host, port).connections.flatMap(({ tls }) =>
    tls.flatMap(({ matches }) =>
      matches.flatMap((match) => (isForCaller(match, { client, scope, port }) ? match.sniHosts : [])),
    ),
  );
  return asked.length > 0 ? asked : [host];
}
