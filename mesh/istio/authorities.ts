import { type ServicePort } from "../analysis/mesh";
import { groupBy } from "../cluster/look-up";
import { type WorkloadPolicies } from "./authorization/decision";
import { anything, literally } from "./authorization/matcher";
import { isGatewayPod } from "./calls/interception";
import { nameWithin } from "./calls/scope";
import { hostOf } from "./calls/virtual-hosts";
import { domainsBehind, entranceOf } from "./gateway-domains";
import {
  conditionsOfPolicy,
  conditionsOfRoutes,
  type HostCondition,
  withName,
  withNameWithin,
} from "./host-conditions";
import { formsOf, meaning, namingOf } from "./host-meanings";
import { matchesHost } from "./host-patterns";
import { namesLeadingTo, namesLedTo, policiesIn } from "./hosts-behind";
import { type IstioPlane } from "./plane";
import { hostOfService, type KnownHost } from "./registry";
import { meshGateway, type VirtualServiceState } from "./state/virtual-services";
import { headersToldApart } from "./told-apart";

/** A port of a Service, or a name by which callers outside come in. */
type CalledPort = Pick<ServicePort, "service" | "host" | "port" | "tls">;

/**
 * Host headers under which calls may be answered by a Service otherwise than under the names of what is called, and than under one that
 * nobody names: one for each way in which what decides over them tells them apart. That are the names from which VirtualServices lead to
 * the Service, what these ask of the Host header, and what the policies of its pods ask. Calls under all others are led to other Services, or
 * go on as those under any name.
 *
 * @param answeredBy the Service, `namespace/name`. Default: the one that is called.
 * @throws {TooComplexError}
 */
export function authoritiesFor(plane: IstioPlane, called: CalledPort, answeredBy = called.service): readonly string[] {
  const host = hostOfService(plane, answeredBy);
  if (host === undefined) return [];
  return called.service === "" ? throughGateway(plane, called, host) : throughSidecars(plane, host);
}

function throughSidecars(plane: IstioPlane, host: KnownHost): readonly string[] {
  const policies = conditionsOfPods(plane, host);
  const found = new Set<string>();
  const names = new Set([host.host, ...namesLeadingTo(plane, host), ...namesByGateways(plane, host)]);
  for (const name of names) {
    const asked = [...policies, ...conditionsNaming(plane, name)];
    if (!name.startsWith("*")) {
      if (asked.length === 0 && name !== host.host) found.add(name);
      for (const forms of asked.length === 0 ? [] : formsOf(plane, name)) {
        for (const one of headersToldApart(forms, asked)) found.add(one);
      }
      continue;
    }
    // A pattern takes in hosts that are known, which may have routes of their own, and names that nobody else knows.
    for (const { host: known } of hostsWithin(plane, name)) names.add(known);
    const others = (header: string): string | undefined => {
      const known = plane.registry.find(hostOf(header)) ?? namingOf(plane).byName.get(hostOf(header));
      return known === undefined ? undefined : withName(literally(hostOf(header)));
    };
    for (const one of headersToldApart(withNameWithin(name), asked, others)) found.add(one);
  }
  // Names that mean nothing to a sidecar go on to the address that was called, and to a port that is found out any name leads.
  const asked = [...policies, ...conditionsNaming(plane, host.host)];
  if (asked.length > 0) {
    for (const one of headersToldApart(anything, asked, (header) => meaning(plane, header))) found.add(one);
  }
  return [...found];
}

/** Calls from outside by a name that gateways serve: in plain text the Host header alone says where they go, in TLS the server name as well. */
function throughGateway(plane: IstioPlane, called: CalledPort, host: KnownHost): readonly string[] {
  const { pods, domains, passesBytes } = entranceOf(plane, called);
  const sets = new Set([...pods].map((pod) => plane.policiesOf(pod)));
  const policies = [...conditionsIn(sets), ...conditionsOfPods(plane, host)];
  const targets = new Set([host, ...gatewaysOf(plane)].map((one) => one.host));
  const found = new Set<string>();
  if (passesBytes) for (const one of headersToldApart(anything, policies)) found.add(one);
  for (const [domain, services] of domains) {
    if (called.tls === undefined && nameWithin(domain) !== called.host) continue;
    if (!services.some((service) => namesLedTo(plane, service).some((name) => targets.has(name)))) continue;
    const asked = [...policies, ...services.flatMap((service) => conditionsOfRoutes(plane, service))];
    const narrower = (header: string): string | undefined => {
      const name = hostOf(header);
      const others = [...domains.keys()].filter((one) => one.length > domain.length || !one.startsWith("*"));
      const other = others.find((one) => one !== domain && matchesHost(one, name));
      return other === undefined ? undefined : withNameWithin(other);
    };
    if (asked.length === 0) found.add(nameWithin(domain));
    else for (const one of headersToldApart(withNameWithin(domain), asked, narrower)) found.add(one);
  }
  return [...found];
}

/** What policies of a host's pods ask of the Host header. */
function conditionsOfPods(plane: IstioPlane, host: KnownHost): readonly HostCondition[] {
  const sets = new Set<WorkloadPolicies>();
  for (const port of host.ports) {
    for (const { ip } of plane.registry.endpoints(host, port)) {
      const pod = plane.podOfIp(ip);
      if (pod !== undefined) sets.add(plane.policiesOf(pod));
    }
  }
  return conditionsIn(sets);
}

function conditionsIn(sets: ReadonlySet<WorkloadPolicies>): readonly HostCondition[] {
  return [...policiesIn(sets)].flatMap(conditionsOfPolicy);
}

/** The VirtualServices for a name, or for all names within a pattern. */
function servicesNaming(plane: IstioPlane, name: string): readonly VirtualServiceState[] {
  const { byName, byPattern } = namingOf(plane);
  const wider = [...byPattern].flatMap(([pattern, services]) => (matchesHost(pattern, name) ? services : []));
  return [...(byName.get(name) ?? []), ...wider];
}

function conditionsNaming(plane: IstioPlane, name: string): readonly HostCondition[] {
  return servicesNaming(plane, name).flatMap((service) => conditionsOfRoutes(plane, service));
}

/** Hosts within a pattern, one of each kind: those that the same VirtualServices are for, with the same ports, for the same namespaces. */
function hostsWithin(plane: IstioPlane, pattern: string): readonly KnownHost[] {
  const { registry, state } = plane;
  const { virtualServices } = state;
  const within = registry.hosts.filter(({ host }) => matchesHost(pattern, host));
  const kinds = groupBy(within, ({ host, namespace, ports, exportTo }) =>
    JSON.stringify([
      servicesNaming(plane, host).map((service) => virtualServices.indexOf(service)),
      ports.map(({ number, protocol }) => [number, protocol]),
      exportTo.length > 0 || state.sidecars.length > 0 ? [namespace, exportTo] : [],
    ]),
  );
  return [...kinds.values()].flatMap(([first]) => first ?? []);
}

/**
 * Names under which sidecars lead to a gateway that may lead on to a host, whatever they make of the Host header on the way; to a gateway
 * itself those that gateways serve.
 */
function namesByGateways(plane: IstioPlane, host: KnownHost): Iterable<string> {
  const gateways = gatewaysOf(plane);
  if (gateways.length === 0) return [];
  const served = plane.state.virtualServices.filter((service) => service.gateways.some((one) => one !== meshGateway));
  if (gateways.includes(host)) return domainsBehind(plane, host);
  return served.some((service) => namesLedTo(plane, service).includes(host.host))
    ? gateways.flatMap((gateway) => [...namesLeadingTo(plane, gateway)])
    : [];
}

const knownGateways = new WeakMap<IstioPlane, readonly KnownHost[]>();

/** The hosts of pods that are gateways, which lead calls on by their Host headers. */
function gatewaysOf(plane: IstioPlane): readonly KnownHost[] {
  let found = knownGateways.get(plane);
  if (found === undefined) {
    const ips = new Set(plane.state.pods.filter(isGatewayPod).flatMap((pod) => pod.ips));
    const isGateway = (host: KnownHost): boolean =>
      host.ports.some((port) => plane.registry.endpoints(host, port).some(({ ip }) => ips.has(ip)));
    knownGateways.set(plane, (found = ips.size === 0 ? [] : plane.registry.hosts.filter(isGateway)));
  }
  return found;
}
