import { type ServicePort } from "../analysis/mesh";
import { type PodState } from "../cluster/workloads";
import { domainsOf, servedName } from "./calls/gateway-hosts";
import { type OpenPort, serversOf } from "./calls/gateway-servers";
import { matchesHost } from "./host-patterns";
import { ingressServices } from "./ingress";
import { type IstioPlane } from "./plane";
import { type KnownHost } from "./registry";
import { type VirtualServiceState } from "./state/virtual-services";

/** What a name leads to by which callers outside come in. */
export interface Entrance {
  /** The gateways' pods. */
  readonly pods: ReadonlySet<PodState>;
  /** Names, and patterns of names, that these have routes for on the port, with the VirtualServices that have them. */
  readonly domains: ReadonlyMap<string, readonly VirtualServiceState[]>;
  /** Whether some of them pass on what comes there without reading it, as bytes that others may read. */
  readonly passesBytes: boolean;
}

/** The gateways behind a name by which callers outside come in, and what they route there. */
export function entranceOf(
  plane: IstioPlane,
  { host, port, tls }: Pick<ServicePort, "host" | "port" | "tls">,
): Entrance {
  const hosts = ingressServices(plane, host, port).flatMap((service) => plane.registry.hostOf(service) ?? []);
  const pods = podsBehind(plane, hosts, port);
  const isNamed = ({ hosts: served }: OpenPort["server"], serverName: string): boolean =>
    served.some((one) => matchesHost(servedName(one).toLowerCase(), serverName.toLowerCase()));
  const opened = [...pods].flatMap((pod) => serversOf(plane, pod).opened).filter(({ server }) => server.port === port);
  const reading = opened.filter(({ server }) =>
    tls === undefined ? server.kind === "http" : server.kind === "https" && isNamed(server, tls.serverName),
  );
  const passesBytes = opened.some(({ server }) =>
    tls === undefined ? server.kind === "tcp" : server.kind === "tls" && isNamed(server, tls.serverName),
  );
  return { pods, domains: domainsAt(plane, reading), passesBytes };
}

/** Names, and patterns of names, for which the gateways behind a host have routes. */
export function domainsBehind(plane: IstioPlane, host: KnownHost): ReadonlySet<string> {
  const opened = [...podsBehind(plane, [host])].flatMap((pod) => serversOf(plane, pod).opened);
  return new Set(domainsAt(plane, opened).keys());
}

/** @param port of the hosts. Default: all. */
function podsBehind(plane: IstioPlane, hosts: readonly KnownHost[], port?: number): ReadonlySet<PodState> {
  const pods = new Set<PodState>();
  for (const host of hosts) {
    for (const one of host.ports) {
      if (port !== undefined && one.number !== port) continue;
      for (const { ip } of plane.registry.endpoints(host, one)) {
        const pod = plane.podOfIp(ip);
        if (pod !== undefined) pods.add(pod);
      }
    }
  }
  return pods;
}

function domainsAt(plane: IstioPlane, servers: readonly OpenPort[]): Entrance["domains"] {
  const domains = new Map<string, VirtualServiceState[]>();
  for (const service of servers.length === 0 ? [] : plane.state.virtualServices) {
    for (const domain of new Set(domainsOf(service, servers))) {
      const known = domains.get(domain);
      if (known === undefined) domains.set(domain, [service]);
      else known.push(service);
    }
  }
  return domains;
}
