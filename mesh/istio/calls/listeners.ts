import { type Content } from "../../analysis/call-tree";
import { type IstioPlane } from "../plane";
import { fullName, type KnownHost, type PortOfHost } from "../registry";
import { type Client } from "./client";
import { outsideListener } from "./outside-listeners";
import { type Scope } from "./scope";
import { isHttp } from "./virtual-hosts";

/** The listener of one host alone: at its own address, of a port that is not HTTP or that is found out. */
export function ownListener(
  plane: IstioPlane,
  client: Client,
  scope: Scope,
  { ip, port }: { readonly ip: string | undefined; readonly port: number },
  { tls, authority }: Content,
): PortOfHost | undefined {
  const owner = ip === undefined ? undefined : plane.serviceOfIp(ip);
  const host = owner === undefined ? undefined : plane.registry.find(fullName(owner.namespace, owner.name));
  const found = host?.ports.find(
    ({ number, protocol }) => number === port && protocol !== "udp" && protocol !== "http",
  );
  if (host !== undefined && found !== undefined && scope.sees(host, port)) return { host, port: found };
  const headless = ip === undefined ? [] : headlessListeners(plane, ip, port);
  const [first] = headless.filter((one) => scope.sees(one.host, port));
  if (first !== undefined) return first;
  const readable = authority !== undefined && tls === undefined;
  const connection = { ip, port, serverName: tls?.serverName, readable };
  return outsideListener(plane, client, scope, connection, hasHttpListener(plane, scope, port));
}

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
  return found.get(`${ip} ${String(port)}`) ?? [];
}

/** Whether any host that the sidecars are told of has HTTP on a port: then they read all that goes there, wherever to. */
export function hasHttpListener(plane: IstioPlane, scope: Scope, port: number): boolean {
  let ports = httpListeners.get(scope);
  if (ports === undefined) httpListeners.set(scope, (ports = new Map()));
  let found = ports.get(port);
  if (found === undefined) {
    ports.set(port, (found = hostsWithHttp(plane, port).some((host) => scope.sees(host, port))));
  }
  return found;
}

const httpListeners = new WeakMap<Scope, Map<number, boolean>>();

const httpHosts = new WeakMap<IstioPlane, Map<number, readonly KnownHost[]>>();

function hostsWithHttp(plane: IstioPlane, port: number): readonly KnownHost[] {
  let byPort = httpHosts.get(plane);
  if (byPort === undefined) httpHosts.set(plane, (byPort = new Map()));
  let found = byPort.get(port);
  if (found === undefined) {
    found = plane.registry.hosts.filter(({ ports, passthrough, addresses, service }) =>
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
