import { isAddress } from "../../cluster/dns";
import { memo } from "../../cluster/look-up";
import { bySpecificity, matchesHost } from "../host-patterns";
import { type IstioPlane } from "../plane";
import { type Alias, fullName, type KnownHost, type PortOfHost } from "../registry";
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

/** What a Host header means. */
export interface NamedHost extends PortOfHost {
  /** The name of an ExternalName Service by which it is meant. Default: one of its own. */
  readonly alias?: Alias;
}

/** The host that a Host header means to a client, among those with a port that is read as HTTP. */
export function namedHost(plane: IstioPlane, scope: Scope, port: number, name: string): NamedHost | undefined {
  const usable = (host: KnownHost | undefined) => {
    if (host === undefined || !scope.sees(host, port)) return undefined;
    const found = host.ports.find(({ number, protocol }) => number === port && isHttp(protocol));
    return found && { host, port: found };
  };
  if (isAddress(name)) {
    const service = plane.serviceOfIp(name);
    const owner = service && plane.registry.hostOf(service);
    return (
      usable(owner) ??
      usable(plane.registry.hosts.find((host) => host.addresses.includes(name) && scope.sees(host, port)))
    );
  }
  const direct = usable(scope.find(name, port));
  if (direct !== undefined) return direct;
  for (const full of longerNames(name, scope.namespace)) {
    const found = usable(scope.find(full, port));
    if (found !== undefined) return found;
  }
  for (const full of plane.registry.aliases.length === 0 ? [] : fullNames(name, scope.namespace)) {
    const alias = plane.registry.alias(full);
    const found = alias?.last === undefined ? undefined : usable(scope.find(alias.last, port));
    if (alias !== undefined && found !== undefined && scope.seesName(full, found.host.namespace, port))
      return { ...found, alias };
  }
  // A headless Service takes the names of its pods as well; a ServiceEntry may have a pattern for a name.
  const after = name.slice(name.indexOf(".") + 1);
  for (const full of [after, ...longerNames(after, scope.namespace)]) {
    const found = plane.registry.find(full);
    if (found?.passthrough === true && found.service !== undefined) return usable(found);
  }
  for (const one of plane.registry.patterns) {
    const found = matchesHost(one.host, name) ? usable(one) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

export function isHttp(protocol: string): boolean {
  return protocol === "http" || protocol === "auto";
}

/** Full names that a name may stand for to a client of a namespace: itself, and longer ones. */
export function fullNames(name: string, namespace: string): readonly string[] {
  return [name, ...longerNames(name, namespace)];
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

/** A VirtualService for a host. */
interface Naming {
  readonly service: VirtualServiceState;
  /** The host's name, or the longest of its patterns that takes the host in. */
  readonly by: string;
}

const knownNamings = new WeakMap<IstioPlane, (host: string) => readonly Naming[]>();

/** The VirtualServices that name a host, or have a pattern for it, the nearest, and then the oldest, first. */
function naming(plane: IstioPlane): (host: string) => readonly Naming[] {
  let found = knownNamings.get(plane);
  if (found === undefined) {
    const byName = new Map<string, VirtualServiceState[]>();
    const patterns = new Map<VirtualServiceState, readonly string[]>();
    const ages = new Map<VirtualServiceState, number>();
    for (const service of plane.state.virtualServices) {
      ages.set(service, ages.size);
      const names = new Set(service.hosts.map((one) => resolveName(one, service.namespace)));
      for (const name of names) {
        if (name.startsWith("*")) continue;
        const list = byName.get(name);
        if (list === undefined) byName.set(name, [service]);
        else list.push(service);
      }
      const own = [...names].filter((name) => name.startsWith("*")).sort((a, b) => b.length - a.length);
      if (own.length > 0) patterns.set(service, own);
    }
    const nearest = ({ service: a }: Naming, { service: b }: Naming): number =>
      reach(a) - reach(b) || (ages.get(a) ?? 0) - (ages.get(b) ?? 0);
    found = memo((host) => {
      const named = byName.get(host) ?? [];
      const all = named.map((service): Naming => ({ service, by: host }));
      for (const [service, own] of patterns) {
        const by = named.includes(service) ? undefined : own.find((pattern) => matchesHost(pattern, host));
        if (by !== undefined) all.push({ service, by });
      }
      return all.length < 2 ? all : all.sort(nearest);
    });
    knownNamings.set(plane, found);
  }
  return found;
}

/** The VirtualServices for a host that sidecars are told of: one and the same lists where they are the same. */
interface ForHost {
  /** Of connections: all that take the host in, whatever they say of it. */
  readonly connections: readonly VirtualServiceState[];
  /**
   * Of requests: those that name the host, or else the one with the longest pattern, and no other even where it has no rule for the caller
   * (pilot/pkg/model/sidecar.go, computeWildcardHostVirtualServiceIndex).
   */
  readonly requests: readonly VirtualServiceState[];
  /** Of requests to a name that no host has, which come to whatever virtual host there is: by name, then by the longest pattern. */
  readonly unknown: readonly VirtualServiceState[];
}

const nothing: ForHost = { connections: [], requests: [], unknown: [] };

const knownFor = new WeakMap<readonly Naming[], Map<string, ForHost>>();

/** The VirtualServices for a host that a scope's sidecars are told of, by which of them counts first. */
export function virtualServicesFor(plane: IstioPlane, scope: Scope, host: string, port: number): ForHost {
  const all = naming(plane)(host);
  if (all.length === 0) return nothing;
  let key = "";
  for (const { service } of all) {
    const isTold = isForSidecars(service, scope) && scope.seesName(host, service.namespace, port);
    key += !isTold ? "0" : service.semantics === "istio" ? "1" : isRouteFor(scope, service, host, port) ? "3" : "2";
    if (isTold && isOwnRoute(service, scope.namespace)) key += "+";
  }
  let parts = knownFor.get(all);
  if (parts === undefined) knownFor.set(all, (parts = new Map()));
  let part = parts.get(key);
  if (part === undefined) parts.set(key, (part = toldOf(plane, scope, host, port)));
  return part;
}

function toldOf(plane: IstioPlane, scope: Scope, host: string, port: number): ForHost {
  const told = naming(plane)(host).filter(
    ({ service }) => isForSidecars(service, scope) && scope.seesName(host, service.namespace, port),
  );
  const rank = ({ service }: Naming): number => rankFor(service, scope.namespace);
  const ordered = [...told].sort((a, b) => rank(a) - rank(b));
  const mostSpecific = bySpecificity(host);
  const specific = [...ordered].sort((a, b) => mostSpecific(a.by, b.by));
  const [first] = specific;
  const counting = first?.by === host ? specific.filter(({ by }) => by === host) : specific.slice(0, 1);
  const isFollowed = ({ service }: Naming): boolean =>
    service.semantics === "istio" || isRouteFor(scope, service, host, port);
  return {
    connections: ordered.map(({ service }) => service),
    requests: counting.filter(isFollowed).map(({ service }) => service),
    unknown: specific.filter(({ service }) => service.semantics === "istio").map(({ service }) => service),
  };
}

/**
 * Whether a route of the Gateway API is for a scope's sidecars: of a host that is there, and no pattern, those of the callers' own namespace, and those
 * of the host's (pilot/pkg/networking/core/route/route.go).
 */
function isRouteFor(scope: Scope, { namespace }: VirtualServiceState, host: string, port: number): boolean {
  const owner = host.startsWith("*") ? undefined : scope.find(host, port)?.namespace;
  return owner !== undefined && (namespace === scope.namespace || namespace === owner);
}

/** Whether it comes before others that are for everybody: a route of the Gateway API of the namespace itself. */
function isOwnRoute(service: VirtualServiceState, namespace: string): boolean {
  return service.semantics === "gateway-api" && service.namespace === namespace && reach(service) === 2;
}

/**
 * Which VirtualServices come first to proxies of a namespace, the lowest first: those for it alone, those for some, and the others, of which the
 * namespace's own routes of the Gateway API come first (model/push_context.go, VirtualServicesForGateway).
 */
export function rankFor(service: VirtualServiceState, namespace: string): number {
  const near = reach(service);
  return near === 2 && !isOwnRoute(service, namespace) ? 3 : near;
}

/** For whom a VirtualService is: those for a namespace's own callers come before the others (VirtualServicesForGateway). */
export function reach({ exportTo }: VirtualServiceState): number {
  if (exportTo.includes(".")) return 0;
  return exportTo.length === 0 || exportTo.includes("*") ? 2 : 1;
}
