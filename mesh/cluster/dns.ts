import ipaddr from "ipaddr.js";
import { endpointIps } from "./endpoints";
import { keyOf } from "./keys";
import { type EndpointsState, isHeadless, type ServiceState } from "./workloads";

/** The address of a service that somebody asks for: where the objects have no Service at all, it is assumed. */
export interface AskedService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Host and port of a connection. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[v6]:port`. Undefined where there is no port. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<host>[^:/\s]+)):(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.["v6"] ?? match?.groups?.["host"];
  const port = Number(match?.groups?.["port"]);
  return host === undefined || port > 65535 ? undefined : { host, port };
}

/** Whether a text is an address. A name is mostly told from one by its letters: the parser throws, which takes long. */
export function isAddress(text: string): boolean {
  return /^[\da-fA-FxX.:%]+$/.test(text) && ipaddr.isValid(text);
}

/** What a host name or address leads to. */
export type Destination =
  | { readonly kind: "service"; readonly service: ServiceState; readonly ips: readonly string[] }
  | { readonly kind: "address"; readonly ips: readonly string[] }
  /** A name that is not the cluster's. */
  | { readonly kind: "outside" }
  /** A name of the cluster's that nothing has. */
  | { readonly kind: "unknown" };

/** Aliases that a resolver follows at most (CoreDNS gives up after eight). */
const mostAliases = 8;

/**
 * What a pod of the namespace gets from DNS.
 *
 * @param aliases names of ExternalName Services that may still be followed.
 */
export function resolveHost(
  {
    services,
    endpoints,
  }: { services: ReadonlyMap<string, ServiceState>; endpoints: ReadonlyMap<string, EndpointsState> },
  namespace: string,
  host: string,
  aliases = mostAliases,
): Destination {
  if (isAddress(host)) return { kind: "address", ips: [host] };
  const parts = host.toLowerCase().replace(/\.$/, "").split(".");
  for (const { name, namespace: where, pod } of readings(parts, namespace)) {
    const service = services.get(keyOf(where, name));
    if (service === undefined) continue;
    if (service.externalName !== undefined) {
      if (pod !== undefined) continue;
      // A resolver takes an address for a name that nobody has, and gives up after some aliases.
      if (aliases === 0 || isAddress(service.externalName)) return { kind: "unknown" };
      return isOfCluster(service.externalName)
        ? resolveHost({ services, endpoints }, "", service.externalName, aliases - 1)
        : { kind: "outside" };
    }
    const headless = isHeadless(service);
    if (pod !== undefined && !headless) continue;
    const full = pod === undefined ? name : `${pod}.${name}`;
    if (!headless) return { kind: "service", service, ips: [service.clusterIp] };
    const ips = endpointIps(endpoints, { namespace: where, name: full, targetPort: 0 });
    return { kind: "service", service, ips: [...new Set(ips)] };
  }
  return parts.length === 1 || parts.includes("svc") ? { kind: "unknown" } : { kind: "outside" };
}

/** Whether the cluster's DNS answers for a name that is whole, as an alias leads to: without the search list `cart.shop` is somebody's on the internet. */
function isOfCluster(name: string): boolean {
  return /\.svc\.cluster\.local\.?$/i.test(name);
}

/** Whether a name leads to the same whoever asks: one of few parts may be of the asker's own namespace. */
export function isWholeName(host: string): boolean {
  const end = host.endsWith(".") ? host.length - 1 : host.length;
  const first = host.indexOf(".");
  const second = first < 0 ? -1 : host.indexOf(".", first + 1);
  return (second >= 0 && second < end) || isAddress(host);
}

/** The Service that a request's address would name, for what is assumed of the cluster. */
export function askedService(from: string, to: string): AskedService | undefined {
  const address = parseAddress(to);
  if (address === undefined) return undefined;
  const [reading] = readings(address.host.toLowerCase().split("."), from.split("/")[0] ?? "");
  return reading && { namespace: reading.namespace, name: reading.name, port: address.port };
}

interface Reading {
  readonly name: string;
  readonly namespace: string;
  readonly pod?: string;
}

/** Whether the parts from one on are `svc`, `svc.cluster`, or `svc.cluster.local`. */
function isClusterDomain(parts: readonly string[], from: number): boolean {
  const [cluster = "cluster", local = "local"] = [parts[from + 1], parts[from + 2]];
  return parts[from] === "svc" && cluster === "cluster" && local === "local" && parts.length <= from + 3;
}

function readings(parts: readonly string[], own: string): readonly Reading[] {
  const [first = "", second = "", third = ""] = parts;
  const service = { name: first, namespace: second };
  const ofPod = { pod: first, name: second, namespace: third };
  switch (parts.length) {
    case 1:
      return [{ name: first, namespace: own }];
    case 2:
      return [service, { pod: first, name: second, namespace: own }];
    case 3:
      return third === "svc" ? [service, ofPod] : [ofPod];
    default:
      if (first === "" || second === "") return [];
      if (isClusterDomain(parts, 2)) return [service];
      return third !== "" && isClusterDomain(parts, 3) ? [ofPod] : [];
  }
}
