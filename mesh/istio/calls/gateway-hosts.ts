import { type PodState } from "../../cluster/workloads";
import { matchesHost } from "../host-patterns";
import { type IstioPlane } from "../plane";
import { fullName } from "../registry";
import { isExportedTo } from "../state/named";
import { type VirtualServiceState } from "../state/virtual-services";
import { type OpenPort } from "./gateway-servers";
import { type GatewayRoute, hasRules, type Routing } from "./routes";
import { rankFor } from "./virtual-hosts";

/** A name, which may begin with `*`, under which a gateway takes requests. */
export interface GatewayHost {
  /** In lower case. */
  readonly domain: string;
  /** Whether whoever comes in plain text is sent to HTTPS. */
  readonly redirects: boolean;
  /** What counts for it, one after the other. */
  readonly routes: readonly GatewayRoute[];
}

interface MutableHost extends GatewayHost {
  redirects: boolean;
  readonly routes: GatewayRoute[];
}

/** The name of `namespace/name` in a server's hosts, which may begin with `*`. */
export function servedName(entry: string): string {
  return entry.slice(entry.indexOf("/") + 1);
}

/** Whether a server's host is for VirtualServices of a namespace. */
export function isForServicesOf(entry: string, namespace: string): boolean {
  const slash = entry.indexOf("/");
  return slash < 0 || entry.startsWith("*/") || entry.slice(0, slash) === namespace;
}

/** A Gateway's name as VirtualServices write it. */
export function nameOfGateway({ gateway }: Pick<OpenPort, "gateway">): string {
  return `${gateway.namespace}/${gateway.name}`;
}

/** The VirtualServices of a Gateway in the order in which they count to the gateway's pod, of equal ones the oldest first. */
export function servicesOf(
  { state }: IstioPlane,
  { namespace }: PodState,
  open: OpenPort,
): readonly VirtualServiceState[] {
  const name = nameOfGateway(open);
  return state.virtualServices
    .filter((service) => service.gateways.includes(name) && isExportedTo(service, namespace))
    .sort((a, b) => rankFor(a, namespace) - rankFor(b, namespace));
}

/** A VirtualService's host by its full name, with the capital letters that it is written with. */
export function fullHost(written: string, { namespace }: VirtualServiceState): string {
  return written.includes(".") || written.startsWith("*") ? written : fullName(namespace, written);
}

/** What a VirtualService's hosts and those of its Gateways' servers have in common: of two patterns the narrower. */
export function domainsOf(service: VirtualServiceState, open: readonly OpenPort[]): readonly string[] {
  return open.flatMap((one) => {
    if (!service.gateways.includes(nameOfGateway(one))) return [];
    return one.server.hosts.flatMap((entry) => {
      if (!isForServicesOf(entry, service.namespace)) return [];
      const pattern = servedName(entry);
      return service.hosts.flatMap((written) => {
        // Capital letters count here, and in the names that come of it no more.
        const host = fullHost(written, service);
        return matchesHost(pattern, host)
          ? [host.toLowerCase()]
          : matchesHost(host, pattern)
            ? [pattern.toLowerCase()]
            : [];
      });
    });
  });
}

/** A gateway's pod as routes are made for it. */
export type GatewayClient = Pick<Routing, "client" | "scope"> & { readonly pod: PodState };

/** The names under which servers whose requests come together take them, with their routes (core/gateway.go, buildGatewayHTTPRouteConfig). */
function hostsOf(
  plane: IstioPlane,
  own: GatewayClient,
  servers: readonly OpenPort[],
): ReadonlyMap<string, GatewayHost> {
  const hosts = new Map<string, MutableHost>();
  const hostOf = (domain: string): MutableHost => {
    let found = hosts.get(domain);
    if (found === undefined) hosts.set(domain, (found = { domain, redirects: false, routes: [] }));
    return found;
  };
  // What a VirtualService has for a Gateway is written once, for the port of the first server.
  const written = new Map<string, Map<VirtualServiceState, GatewayRoute>>();
  for (const one of servers) {
    const gateway = nameOfGateway(one);
    const ofGateway = written.get(gateway) ?? new Map<VirtualServiceState, GatewayRoute>();
    written.set(gateway, ofGateway);
    for (const service of servicesOf(plane, own.pod, one)) {
      const domains = new Set(domainsOf(service, [one]));
      if (domains.size === 0) continue;
      const route = ofGateway.get(service) ?? { service, gateways: new Set([gateway]), port: one.server.port };
      if (!hasRules(plane, own, route)) continue;
      ofGateway.set(service, route);
      for (const domain of domains) {
        const host = hostOf(domain);
        host.routes.push(route);
        host.redirects ||= one.server.redirects;
      }
    }
    // With a namespace before it, it is the name of nobody.
    if (one.server.redirects) for (const entry of one.server.hosts) hostOf(entry.toLowerCase()).redirects = true;
  }
  return hosts;
}

const known = new WeakMap<readonly OpenPort[], ReadonlyMap<string, GatewayHost>>();

/**
 * The narrowest of the names under which servers take requests that stands for a name; undefined for none.
 *
 * @param servers always the same list for a listener of a pod.
 */
export function hostFor(
  plane: IstioPlane,
  own: GatewayClient,
  servers: readonly OpenPort[],
  name: string,
): GatewayHost | undefined {
  let hosts = known.get(servers);
  if (hosts === undefined) known.set(servers, (hosts = hostsOf(plane, own, servers)));
  const exact = hosts.get(name);
  if (exact !== undefined) return exact;
  let best: GatewayHost | undefined;
  for (const host of hosts.values()) {
    if (
      host.domain.startsWith("*") &&
      matchesHost(host.domain, name) &&
      host.domain.length > (best?.domain.length ?? 0)
    ) {
      best = host;
    }
  }
  return best;
}
