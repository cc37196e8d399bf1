import { type Content } from "../../analysis/call-tree";
import { type IstioPlane } from "../plane";
import { type KnownHost, type PortOfHost } from "../registry";
import { type Client } from "./client";
import { outsideListener } from "./outside-listeners";
import { type Scope } from "./scope";
import { isHttp } from "./virtual-hosts";

/** The listeners of an address, for those who are told of their hosts: of a port that is not HTTP or that is found out. */
export function listenersAt(plane: IstioPlane, ip: string, port: number): readonly PortOfHost[] {
  const owner = plane.serviceOfIp(ip);
  const host = owner && plane.registry.hostOf(owner);
  const found = host?.ports.find(
    ({ number, protocol }) => number === port && protocol !== "udp" && protocol !== "http",
  );
  const headless = headlessListeners(plane, ip, port);
  return host === undefined || found === undefined ? headless : [{ host, port: found }, ...headless];
}

/**
 * The listener of one host alone, at its own address.
 *
 * @param listeners those of the address, by {@link listenersAt}.
 */
export function ownListener(
  plane: IstioPlane,
  client: Client,
  scope: Scope,
  {
    ip,
    port,
    listeners,
  }: { readonly ip: string | undefined; readonly port: number; readonly listeners: readonly PortOfHost[] },
  { tls, authority }: Content,
): PortOfHost | undefined {
  const own = listeners.find(({ host }) => scope.listens(host, port));
  if (own !== undefined) return own;
  const readable = authority !== undefined && tls === undefined;
  const connection = { ip, port, serverName: tls?.serverName, readable };
  return outsideListener(plane, client, scope, connection, hasHttpListener(plane, scope, port));
}

const none: readonly PortOfHost[] = [];

const headlessPorts = new WeakMap<IstioPlane, ReadonlyMap<string, readonly PortOfHost[]>>();

/** Of headless Services whose ports are not HTTP each pod has a listener; of several Services of a pod the first by name counts. */
function headlessListeners(plane: IstioPlane, ip: string, port: number): readonly PortOfHost[] {
  let found = headlessPorts.get(plane);
  if (found === undefined) {
    const all = new Map<string, PortOfHost[]>();
    const headless = plane.registry.hosts.filter((one) => one.service !== undefined && one.passthrough);
    for (const host of [...headless].sort((a, b) => (a.host < b.host ? -1 : 1))) {
      for (const one of host.ports) {
        if (one.protocol === "http" || one.protocol === "udp") continue;
        for (const address of new Set(plane.registry.endpoints(host, one).map((endpoint) => endpoint.ip))) {
          const key = `${address} ${String(one.number)}`;
          all.set(key, [...(all.get(key) ?? []), { host, port: one }]);
        }
      }
    }
    headlessPorts.set(plane, (found = all));
  }
  return found.get(`${ip} ${String(port)}`) ?? none;
}

/** Whether any host that the sidecars are told of has HTTP on a port: then they read all that goes there, wherever to. */
export function hasHttpListener(plane: IstioPlane, scope: Scope, port: number): boolean {
  let ports = httpListeners.get(scope);
  if (ports === undefined) httpListeners.set(scope, (ports = new Map()));
  let found = ports.get(port);
  if (found === undefined) {
    ports.set(port, (found = hostsWithHttp(plane, port).some((host) => scope.listens(host, port))));
  }
  return found;
}

const httpListeners = new WeakMap<Scope, Map<number, boolean>>();

const hostsByPort = new WeakMap<IstioPlane, ReadonlyMap<number, readonly KnownHost[]>>();

/** The hosts with a port of a number. */
function hostsWithPort(plane: IstioPlane, port: number): readonly KnownHost[] {
  let byPort = hostsByPort.get(plane);
  if (byPort === undefined) {
    const all = new Map<number, Set<KnownHost>>();
    for (const host of plane.registry.hosts) {
      for (const { number } of host.ports) {
        const found = all.get(number);
        if (found === undefined) all.set(number, new Set([host]));
        else found.add(host);
      }
    }
    byPort = new Map([...all].map(([number, hosts]) => [number, [...hosts]]));
    hostsByPort.set(plane, byPort);
  }
  return byPort.get(port) ?? [];
}

const httpHosts = new WeakMap<IstioPlane, Map<number, readonly KnownHost[]>>();

function hostsWithHttp(plane: IstioPlane, port: number): readonly KnownHost[] {
  let byPort = httpHosts.get(plane);
  if (byPort === undefined) httpHosts.set(plane, (byPort = new Map()));
  let found = byPort.get(port);
  if (found === undefined) {
    found = hostsWithPort(plane, port).filter(({ ports, passthrough, addresses, service }) =>
      ports.some(
        ({ number, protocol }) =>
          number === port &&
          (protocol === "http" ||
            // Of a headless Service whose port is found out every pod has a listener, of its own address.
            (isHttp(protocol) && passthrough && addresses.length === 0 && service === undefined)),
      ),
    );
    byPort.set(port, found);
  }
  return found;
}

/** Whether any host that the sidecars are told of has a port of this number. */
export function isPortTold(plane: IstioPlane, scope: Scope, port: number): boolean {
  let ports = toldPorts.get(scope);
  if (ports === undefined) toldPorts.set(scope, (ports = new Map()));
  let found = ports.get(port);
  if (found === undefined) {
    ports.set(port, (found = hostsWithPort(plane, port).some((host) => scope.sees(host, port))));
  }
  return found;
}

const toldPorts = new WeakMap<Scope, Map<number, boolean>>();
