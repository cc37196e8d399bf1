import { inRange, pickChain, type ChainMatch } from "../../envoy/filter-chains";
import { type IstioPlane } from "../plane";
import { type HostPort, type KnownHost } from "../registry";
import { type Client } from "./client";
import { isForCaller } from "./routes";
import { type Scope } from "./scope";
import { virtualServicesFor } from "./virtual-hosts";

/** A port of a host of a ServiceEntry, and what comes to it of the connections that are not read. */
interface Chain {
  readonly match: ChainMatch;
  readonly host: KnownHost;
  readonly port: HostPort;
}

/** A connection of a client's sidecar. */
interface Connection {
  readonly ip: string | undefined;
  readonly port: number;
  readonly serverName: string | undefined;
}

/**
 * The port of a ServiceEntry that a connection to no Service comes to: by its address, by ranges, or whatever address it has; and of
 * TLS ports without an address of their own by the server name (pilot/pkg/networking/core/tls.go).
 *
 * @param isRead whether the sidecar reads all that goes to the port: then no listener of all addresses is there for others.
 */
export function outsideListener(
  plane: IstioPlane,
  client: Client,
  scope: Scope,
  { ip = "", port, serverName }: Connection,
  isRead: boolean,
): { readonly host: KnownHost; readonly port: HostPort } | undefined {
  const shared: Chain[] = [];
  for (const host of plane.registry.hosts) {
    if (host.entry === undefined || !host.ports.some(({ number }) => number === port) || !scope.sees(host, port))
      continue;
    const found = host.ports.find((one) => one.number === port && one.protocol !== "http" && one.protocol !== "udp");
    if (found === undefined) continue;
    const ranges = host.addresses.filter((address) => address.includes("/"));
    if (host.addresses.includes(ip)) return { host, port: found };
    if (host.addresses.length > 0 && !ranges.some((range) => inRange(ip, range))) continue;
    const serverNames = found.tls ? serverNamesOf(plane, client, scope, host, port) : undefined;
    shared.push({ match: { port, ips: ranges, ...(serverNames && { serverNames }) }, host, port: found });
  }
  if (isRead || shared.length === 0) return undefined;
  return pickChain(shared, { ip, port, sourceIp: "", ...(serverName !== undefined && { serverName }) });
}

/** Server names that VirtualServices ask for, or else the host's own. */
function serverNamesOf(
  plane: IstioPlane,
  client: Client,
  scope: Scope,
  { host }: KnownHost,
  port: number,
): readonly string[] {
  const asked = virtualServicesFor(plane, scope, host, port).flatMap(({ tls }) =>
    tls.flatMap(({ matches }) =>
      matches.flatMap((match) => (isForCaller(match, { client, scope, port }) ? match.sniHosts : [])),
    ),
  );
  return asked.length > 0 ? asked : [host];
}
