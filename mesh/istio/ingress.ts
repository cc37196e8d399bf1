import { type ServicePort } from "../analysis/mesh";
import { keyOf } from "../cluster/keys";
import { groupBy } from "../cluster/look-up";
import { type ServiceState } from "../cluster/workloads";
import { domainsOf, servedName } from "./calls/gateway-hosts";
import { type OpenPort, serversOf } from "./calls/gateway-servers";
import { nameWithin } from "./calls/scope";
import { bySpecificity, matchesHost } from "./host-patterns";
import { type IstioPlane } from "./plane";
import { type ServerKind } from "./state/gateways";
import { type VirtualServiceState } from "./state/virtual-services";

/** A port of a Service with an address outside, which a Gateway opens at the pods behind it. */
interface Ingress extends OpenPort {
  readonly service: ServiceState;
}

const known = new WeakMap<IstioPlane, readonly Ingress[]>();

function ingressesOf(plane: IstioPlane): readonly Ingress[] {
  let found = known.get(plane);
  if (found === undefined) {
    const { gateways, services } = plane.state;
    const exposed = gateways.length === 0 ? [] : [...services.values()].filter((service) => service.exposed);
    found = exposed.flatMap((service) => {
      const host = plane.registry.hostOf(service);
      return (host?.ports ?? []).flatMap((port) => {
        const ends = host === undefined ? [] : plane.registry.endpoints(host, port);
        const opened = ends.flatMap(({ ip }) => {
          const pod = plane.podOfIp(ip);
          return pod === undefined ? [] : serversOf(plane, pod).opened;
        });
        const servers = new Map(opened.map(({ gateway, server }) => [server, gateway]));
        return Array.from(servers, ([server, gateway]) => ({ service, gateway, server })).filter(
          ({ server }) => server.port === port.number,
        );
      });
    });
    known.set(plane, found);
  }
  return found;
}

/** Where a name leads for callers outside of the cluster: to the gateways whose Gateways serve it. */
export function ingressServices(plane: IstioPlane, host: string, port: number): readonly ServiceState[] {
  const serving = ingressesOf(plane).filter(
    ({ server }) =>
      server.port === port && server.hosts.some((one) => matchesHost(servedName(one).toLowerCase(), host)),
  );
  return [...new Set(serving.map(({ service }) => service))];
}

/** The names that a VirtualService has at a gateway, which may begin with `*`: where the gateway leaves TLS alone, the server names of its rules. */
function namesAt(service: VirtualServiceState, open: OpenPort): readonly string[] {
  const domains = domainsOf(service, [open]);
  if (open.server.kind !== "passthrough" || domains.length === 0) return domains;
  return service.tls.flatMap(({ matches }) =>
    matches.flatMap(({ sniHosts }) => sniHosts.map((one) => one.toLowerCase())),
  );
}

/** What callers send to servers: what the gateway passes on without reading it, others may read. */
const sentTo: Readonly<Record<ServerKind, readonly ("http" | "tcp")[]>> = {
  http: ["http"],
  https: ["http"],
  tcp: ["http", "tcp"],
  tls: ["http", "tcp"],
  passthrough: ["tcp"],
  other: ["tcp"],
};

/** A name by which callers outside come in. */
export interface IngressRoute {
  readonly entrance: ServicePort;
  /** One that has routes for it. */
  readonly virtualService: VirtualServiceState;
  /** Of the gateway. */
  readonly service: ServiceState;
}

/** The names by which callers outside come in, as far as a VirtualService has a route for them. */
export function ingressHosts(plane: IstioPlane): readonly ServicePort[] {
  return ingressRoutes(plane).map(({ entrance }) => entrance);
}

const knownRoutes = new WeakMap<IstioPlane, readonly IngressRoute[]>();

/** The same, and what makes it so. */
export function ingressRoutes(plane: IstioPlane): readonly IngressRoute[] {
  let found = knownRoutes.get(plane);
  if (found === undefined) knownRoutes.set(plane, (found = routesFrom(plane)));
  return found;
}

function routesFrom(plane: IstioPlane): readonly IngressRoute[] {
  const found = new Map<string, IngressRoute>();
  for (const { service, gateway, server } of ingressesOf(plane)) {
    for (const virtualService of plane.state.virtualServices) {
      for (const domain of namesAt(virtualService, { gateway, server })) {
        // Every name that a pattern takes in is routed alike, but for those that others name.
        const host = nameWithin(domain);
        const hasTls = server.kind !== "http" && server.kind !== "tcp";
        for (const kind of sentTo[server.kind]) {
          const key = `${host}:${String(server.port)} ${kind} ${String(hasTls)}`;
          found.set(key, { entrance: entranceBy(host, server, kind, hasTls), virtualService, service });
        }
      }
    }
  }
  return [...found.values()];
}

/**
 * The server names that no route names and by which callers outside come to routes all the same, one for each host of a server that ends TLS for
 * no name of a route: what the Host header names is served there, and a server of a longer name has the server names of these routes.
 */
export function unnamedIngressHosts(plane: IstioPlane): readonly ServicePort[] {
  const { virtualServices } = plane.state;
  const ending = ingressesOf(plane).filter(({ server }) => server.kind === "https" || server.kind === "tls");
  const listeners = groupBy(
    ending,
    ({ service, server }) => `${keyOf(service.namespace, service.name)}:${String(server.port)}`,
  );
  return [...listeners.values()].flatMap((open) => {
    const port = open[0]?.server.port;
    const served = open.flatMap(({ server }) => server.hosts.map((host) => servedName(host).toLowerCase()));
    const chosen = (name: string): string | undefined =>
      served.filter((one) => matchesHost(one, name)).sort(bySpecificity(name))[0];
    const named = ingressHosts(plane).filter((one) => one.tls !== undefined && one.port === port);
    const reached = new Set(named.map(({ host }) => chosen(host)));
    return open.flatMap(({ gateway, server }) => {
      const unreached = [...new Set(server.hosts.map((host) => servedName(host).toLowerCase()))].filter(
        (host) => !reached.has(host) && chosen(nameWithin(host)) === host,
      );
      if (unreached.length === 0 || !virtualServices.some((one) => domainsOf(one, [{ gateway, server }]).length > 0))
        return [];
      return unreached.flatMap((host) =>
        sentTo[server.kind].map((kind) => entranceBy(nameWithin(host), server, kind, true)),
      );
    });
  });
}

function entranceBy(
  host: string,
  { port, protocol }: Ingress["server"],
  kind: "http" | "tcp",
  hasTls: boolean,
): ServicePort {
  return {
    service: "",
    namespace: "",
    name: host,
    host,
    port,
    targetPort: port,
    protocol: protocol.toLowerCase(),
    kind,
    ...(hasTls && { tls: { serverName: host } }),
    hosts: [host],
  };
}
