import { groupBy, memo } from "../cluster/look-up";
import { keyOf } from "../cluster/keys";
import { isHeadless, type ServicePort as KubernetesPort, type ServiceState } from "../cluster/workloads";
import { type ServicePort } from "../analysis/mesh";
import { entryHosts, type HostEntries, joinedPorts } from "./entry-hosts";
import { isTls, type PortProtocol, protocolOf, namedProtocol } from "./protocol";
import { type IstioState } from "./state/cluster";
import { isExportedTo } from "./state/named";
import { type ServiceEntryState } from "./state/service-entries";

/** A port of a host that sidecars know. */
export interface HostPort {
  readonly number: number;
  readonly name: string;
  /** The pods' port; 0 where nothing tells it, or where it differs between pods. */
  readonly targetPort: number;
  readonly protocol: PortProtocol;
  /** Whether it is TLS by its name or protocol: of a ServiceEntry, which is then called by server name. */
  readonly tls: boolean;
}

/** Where the calls to a host go. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** A host that sidecars know: a Service, or a name of a ServiceEntry. */
export interface KnownHost {
  /** Full name in lower case. */
  readonly host: string;
  readonly namespace: string;
  readonly service?: ServiceState;
  /** The ServiceEntries of its namespace that have it; none of a Service. */
  readonly entries: readonly ServiceEntryState[];
  readonly ports: readonly HostPort[];
  /** Addresses of its own under which it is called. */
  readonly addresses: readonly string[];
  /** Whether calls go to the very address that was called. */
  readonly passthrough: boolean;
  /** The namespaces that it is for, as {@link isExportedTo} reads them. */
  readonly exportTo: readonly string[];
}

/** One port of a host. */
export interface PortOfHost {
  readonly host: KnownHost;
  readonly port: HostPort;
}

/** Hosts by their full names. */
export interface Registry {
  readonly hosts: readonly KnownHost[];
  /** Those among them whose names are patterns, the longest first. */
  readonly patterns: readonly KnownHost[];
  /** Of one that ServiceEntries of several namespaces have, the one of the oldest: see {@link Scope.find} for what sidecars take. */
  find(host: string): KnownHost | undefined;
  /** Hosts that ServiceEntries of several namespaces have, and no Service, by their names, the oldest first. */
  readonly shared: ReadonlyMap<string, readonly KnownHost[]>;
  /** The host of a Service's full name. */
  hostOf(service: ServiceState): KnownHost | undefined;
  /** What the full name of an ExternalName Service means; undefined for other names. */
  alias(host: string): Alias | undefined;
  readonly aliases: readonly Alias[];
  /** The full names of the ExternalName Services that lead to a host, by way of others too. */
  aliasesOf(host: string): readonly string[];
  /** Where the calls to a port of a host go; empty where nothing is there. */
  endpoints(host: KnownHost, port: HostPort): readonly Endpoint[];
}

/**
 * Another name of a host: istiod gives a host's routes the names of all ExternalName Services that lead there, by way of others too
 * (pilot/pkg/model/push_context.go, resolveServiceAliases).
 */
export interface Alias {
  /** Its own full name. */
  readonly name: string;
  /** The Service. */
  readonly service: ServiceState;
  /** The name that it leads to by itself. */
  readonly next: string;
  /** What it leads to in the end, which may be none of the hosts; undefined for a circle. */
  readonly last: string | undefined;
  /** The names from its own to the last but one. */
  readonly through: readonly string[];
}

/** The full name of a Service. */
export function fullName(namespace: string, name: string): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

/** The ports of a name, with those of all ServiceEntries that have it: sidecars may know each of them. */
export function portsOfName({ find, shared }: Registry, name: string): readonly HostPort[] {
  const host = find(name);
  if (host === undefined) return [];
  return shared.get(host.host)?.flatMap(({ ports }) => ports) ?? host.ports;
}

/** The host of a Service, `namespace/name`; undefined where there is none of its own. */
export function hostOfService({ registry }: { readonly registry: Registry }, service: string): KnownHost | undefined {
  const [namespace = "", name = ""] = service.split("/");
  return registry.find(fullName(namespace, name));
}

export function registryOf(state: IstioState): Registry {
  const hosts: KnownHost[] = [];
  for (const service of state.services.values()) {
    // ExternalName Services are other names, not hosts of their own.
    if (service.externalName === undefined) hosts.push(ofService(state, service));
  }
  const ofEntries = entryHosts(state.serviceEntries).map(ofHostEntries);
  hosts.push(...ofEntries);
  const byName = new Map<string, KnownHost>();
  // A Service wins over a ServiceEntry of its name, the oldest entry over others.
  for (const one of hosts) if (!byName.has(one.host)) byName.set(one.host, one);
  const endpoints = new Map<HostPort, readonly Endpoint[]>();
  const known = aliases(state);
  const leading = groupBy(known.values(), ({ last }) => last);
  const find: Registry["find"] = (host) => byName.get(host.toLowerCase());
  const shared = [...groupBy(ofEntries, ({ host }) => host)].filter(
    ([name, all]) => all.length > 1 && find(name)?.service === undefined,
  );
  return {
    hosts,
    patterns: hosts.filter(({ host }) => host.startsWith("*")).sort((a, b) => b.host.length - a.host.length),
    find,
    shared: new Map(shared),
    hostOf: memo(({ namespace, name }) => find(fullName(namespace, name))),
    aliases: [...known.values()],
    alias: (host) => known.get(host),
    aliasesOf: (host) => leading.get(host)?.map(({ name }) => name) ?? [],
    endpoints: (host, port) => {
      let found = endpoints.get(port);
      if (found === undefined) endpoints.set(port, (found = computeEndpoints(state, host, port)));
      return found;
    },
  };
}

/** What ExternalName Services lead to, by their full names. */
function aliases({ services }: IstioState): ReadonlyMap<string, Alias> {
  const next = new Map<string, { readonly service: ServiceState; readonly to: string }>();
  for (const service of services.values()) {
    const { namespace, name, externalName } = service;
    if (externalName) next.set(fullName(namespace, name), { service, to: externalName });
  }
  return new Map(
    Array.from(next, ([name, { service, to }]) => {
      const through = [name];
      let last: string | undefined = to;
      for (let found = next.get(to); found !== undefined && last !== undefined; found = next.get(last)) {
        if (through.includes(last)) last = undefined;
        else {
          through.push(last);
          last = found.to;
        }
        if (last === undefined) break;
      }
      return [name, { name, service, next: to, last, through }];
    }),
  );
}

/** Whether istiod puts a Service's host before another's: by age, then by name (pilot/pkg/model/context.go, SetServiceTargets). */
export function isOlder(a: KnownHost, b: KnownHost): boolean {
  const [ofA, ofB] = [a.service?.created ?? "", b.service?.created ?? ""];
  return ofA === ofB ? a.host < b.host : ofA < ofB;
}

function ofService(state: IstioState, service: ServiceState): KnownHost {
  const { namespace, name } = service;
  const headless = isHeadless(service);
  return {
    host: fullName(namespace, name),
    namespace,
    service,
    entries: [],
    ports: service.ports.map((port) => ({
      number: port.port,
      name: port.name,
      targetPort: targetOf(state, service, port),
      protocol: protocolOf(port),
      tls: isTls(port.appProtocol ?? port.name),
    })),
    addresses: headless ? [] : [service.clusterIp],
    passthrough: headless,
    exportTo: exportedTo(service) ?? state.settings.servicesExportedTo,
  };
}

/** Says whom a Service is for, as `exportTo` does of other objects: names of namespaces, `.` or `*`, with commas between. */
const exportAnnotation = "networking.istio.io/exportTo";

/** Undefined where the Service does not say. */
function exportedTo({ annotations }: ServiceState): readonly string[] | undefined {
  const written = annotations[exportAnnotation];
  return written === undefined || written === "" ? undefined : written.split(",").map((one) => one.trim());
}

function targetOf(state: IstioState, { namespace, name }: ServiceState, port: KubernetesPort): number {
  let only: number | undefined;
  for (const { ports } of state.endpoints.get(keyOf(namespace, name))?.subsets ?? []) {
    for (const one of ports) {
      if (one.name !== port.name || one.port === only) continue;
      if (only !== undefined) return 0;
      only = one.port;
    }
  }
  return only ?? (typeof port.targetPort === "number" ? port.targetPort : 0);
}

function ofHostEntries(all: HostEntries): KnownHost {
  const { host, namespace, entries } = all;
  const [first] = entries;
  return {
    host,
    namespace,
    entries,
    ports: joinedPorts(all).map(({ number, name, targetPort, protocol }) => ({
      number,
      name,
      targetPort,
      protocol: namedProtocol(protocol === "" ? name : protocol) ?? "auto",
      tls: isTls(protocol === "" ? name : protocol),
    })),
    addresses: first.addresses,
    passthrough: first.resolution === "NONE",
    exportTo: first.exportTo,
  };
}

function computeEndpoints(
  state: IstioState,
  { namespace, service, entries }: KnownHost,
  port: HostPort,
): readonly Endpoint[] {
  if (service !== undefined) {
    const subsets = state.endpoints.get(keyOf(namespace, service.name))?.subsets ?? [];
    const all: Endpoint[] = [];
    for (const { ports, addresses } of subsets) {
      for (const one of ports) {
        if (one.name === port.name) for (const { ip } of addresses) all.push({ ip, port: one.port });
      }
    }
    return all.length < 2 ? all : [...new Map(all.map((one) => [`${one.ip}:${String(one.port)}`, one])).values()];
  }
  return entries
    .filter(({ ports }) => ports.some(({ number }) => number === port.number))
    .flatMap(({ endpoints }) => endpoints.map(({ address }) => ({ ip: address, port: port.targetPort })));
}

/** Whether a host is one that objects of a namespace, and its sidecars, are told of. */
export function isVisible(host: KnownHost, reader: string): boolean {
  return isExportedTo(host, reader);
}

/**
 * Whether a host is for all namespaces. Of others those that it is for are told before all that is for everybody (pilot/pkg/model/push_context.go,
 * servicesExportedToNamespace).
 */
export function isForAll({ exportTo }: KnownHost): boolean {
  return exportTo.length === 0 || exportTo.includes("*");
}

const known = new WeakMap<HostPort, readonly ServicePort[]>();

/** A port of a Service as the analysis speaks of it: one that is found out both ways. */
export function servicePorts(host: KnownHost, port: HostPort): readonly ServicePort[] {
  let found = known.get(port);
  if (found === undefined) known.set(port, (found = computePorts(host, port)));
  return found;
}

function computePorts({ host, namespace, service }: KnownHost, port: HostPort): readonly ServicePort[] {
  const name = service?.name ?? host;
  const kinds =
    port.protocol === "auto" ? (["http", "tcp"] as const) : port.protocol === "udp" ? [undefined] : [port.protocol];
  return kinds.map((kind) => ({
    service: service === undefined ? "" : keyOf(namespace, name),
    namespace,
    name,
    host,
    port: port.number,
    targetPort: port.targetPort,
    protocol: port.protocol,
    kind,
    hosts: [host],
    ...(service === undefined && port.tls && { tls: { serverName: host } }),
  }));
}
