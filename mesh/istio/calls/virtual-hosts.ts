import { isAddress } from "../../cluster/dns";
import { memo } from "../../cluster/look-up";
import { matchesHost } from "../host-patterns";
import { type IstioPlane } from "../plane";
import { fullName, type KnownHost, type PortOfHost } from "../registry";
import { isExportedTo } from "../state/named";
import { meshGateway, type VirtualServiceState } from "../state/virtual-services";
import { type Scope } from "./scope";

/** A short name is of the object's namespace; one with a dot is taken as it is (pkg/config/host, ResolveShortnameToFQDN). */
export function resolveName(name: string, namespace: string): string {
  const lower = name.toLowerCase();
  return lower.includes(".") || lower.startsWith("*") ? lower : fullName(namespace, lower);
}

/** A Host header's name without its port, which sidecars pass over, in lower case and without a last dot. */
export function hostOf(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/\.$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

/** The host that a Host header means to a client, among those with a port that is read as HTTP. */
export function namedHost(plane: IstioPlane, scope: Scope, port: number, name: string): PortOfHost | undefined {
  const usable = (host: KnownHost | undefined) => {
    if (host === undefined || !scope.sees(host, port)) return undefined;
    const found = host.ports.find(({ number, protocol }) => number === port && isHttp(protocol));
    return found && { host, port: found };
  };
  if (isAddress(name)) {
    const service = plane.serviceOfIp(name);
    const owner = service && plane.registry.hostOf(service);
    return usable(owner) ?? usable(plane.registry.hosts.find(({ addresses }) => addresses.includes(name)));
  }
  const direct = usable(plane.registry.find(name));
  if (direct !== undefined) return direct;
  for (const full of longerNames(name, scope.namespace)) {
    const found = usable(plane.registry.find(full));
    if (found !== undefined) return found;
  }
  // A headless Service takes the names of its pods as well; a ServiceEntry may have a pattern for a name.
  const after = name.slice(name.indexOf(".") + 1);
  for (const full of [after, ...longerNames(after, scope.namespace)]) {
    const found = plane.registry.find(full);
    if (found?.passthrough === true && found.service !== undefined) return usable(found);
  }
  const patterns = plane.registry.hosts.filter(({ host }) => host.startsWith("*") && matchesHost(host, name));
  const longest = [...patterns].sort((a, b) => b.host.length - a.host.length);
  for (const one of longest) {
    const found = usable(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function isHttp(protocol: string): boolean {
  return protocol === "http" || protocol === "auto";
}

/** Full names that a name may stand for, beside itself, to a client of a namespace. */
function* longerNames(name: string, namespace: string): Iterable<string> {
  const parts = name.split(".");
  if (parts.length === 1) yield fullName(namespace, name);
  if (parts.length === 2) yield `${name}.svc.cluster.local`;
  if (name.endsWith(".svc")) yield `${name}.cluster.local`;
}

/** Whether a VirtualService is for sidecars that read objects as those of a scope do. */
export function isForSidecars(service: VirtualServiceState, scope: Scope): boolean {
  return service.gateways.includes(meshGateway) && isExportedTo(service, scope.namespace);
}

const ordered = new WeakMap<IstioPlane, (host: string) => readonly VirtualServiceState[]>();

/**
 * Tells the VirtualServices that name a host, by which of them counts first: by its name, then the most specific pattern; the nearest,
 * and then the oldest, first.
 */
function naming(plane: IstioPlane): (host: string) => readonly VirtualServiceState[] {
  let found = ordered.get(plane);
  if (found === undefined) {
    const byName = new Map<string, Set<VirtualServiceState>>();
    const patterns: { readonly service: VirtualServiceState; readonly pattern: string }[] = [];
    for (const service of plane.state.virtualServices) {
      for (const one of service.hosts) {
        const name = resolveName(one, service.namespace);
        if (name.startsWith("*")) patterns.push({ service, pattern: name });
        else {
          const list = byName.get(name);
          if (list === undefined) byName.set(name, new Set([service]));
          else list.add(service);
        }
      }
    }
    const nearest = (a: VirtualServiceState, b: VirtualServiceState): number => reach(a) - reach(b);
    found = memo((host) => [
      ...[...(byName.get(host) ?? [])].sort(nearest),
      ...patterns
        .filter(({ pattern }) => matchesHost(pattern, host))
        .sort((a, b) => b.pattern.length - a.pattern.length || nearest(a.service, b.service))
        .map(({ service }) => service),
    ]);
    ordered.set(plane, found);
  }
  return found;
}

/**
 * The VirtualServices for a host that a scope's sidecars are told of, by which of them counts first: one and the same list where they
 * are the same.
 */
export function virtualServicesFor(
  plane: IstioPlane,
  scope: Scope,
  host: string,
  port: number,
): readonly VirtualServiceState[] {
  const all = naming(plane)(host);
  const isTold = (service: VirtualServiceState): boolean =>
    isForSidecars(service, scope) && scope.seesName(host, service.namespace, port);
  if (all.every(isTold)) return all;
  // One and the same list for all who are told of the same.
  const key = all.map((service) => (isTold(service) ? "1" : "0")).join("");
  let parts = knownParts.get(all);
  if (parts === undefined) knownParts.set(all, (parts = new Map()));
  let part = parts.get(key);
  if (part === undefined) parts.set(key, (part = all.filter(isTold)));
  return part;
}

const knownParts = new WeakMap<readonly VirtualServiceState[], Map<string, readonly VirtualServiceState[]>>();

/** For whom a VirtualService is: those for a namespace's own callers come before the others (VirtualServicesForGateway). */
export function reach({ exportTo }: VirtualServiceState): number {
  if (exportTo.includes(".")) return 0;
  return exportTo.length === 0 || exportTo.includes("*") ? 2 : 1;
}
