import { type Finding, finding } from "../../analysis/finding";
import { keyOf } from "../../cluster/keys";
import { isHttp, resolveName } from "../calls/virtual-hosts";
import { type IstioMesh } from "../mesh";
import { type HostPort, portsOfName } from "../registry";
import {
  type HttpRouteState,
  meshGateway,
  type RouteDestinationState,
  type VirtualServiceState,
} from "../state/virtual-services";
import { didYouMean } from "./near-hosts";

/** Ports on which a rule is met. */
export interface CalledPorts {
  readonly bySidecars: readonly number[];
  readonly byGateways: readonly number[];
}

/** Of rules for connections: there the only port of a destination counts, or the one that was called. */
export const noPorts: CalledPorts = { bySidecars: [], byGateways: [] };

/** The ports of a VirtualService's hosts and Gateways on which one of its rules may be met. */
export function calledPorts(mesh: IstioMesh, service: VirtualServiceState, { matches }: HttpRouteState): CalledPorts {
  const isMet = (port: number, gateways: readonly string[]): boolean =>
    matches.length === 0 ||
    matches.some(
      (match) =>
        (match.port === 0 || match.port === port) &&
        (match.gateways.length === 0 || match.gateways.some((one) => gateways.includes(one))),
    );
  const ofHosts = service.gateways.includes(meshGateway)
    ? service.hosts.flatMap((host) => portsOfName(mesh.registry, resolveName(host, service.namespace)))
    : [];
  return {
    bySidecars: ofHosts
      .filter(({ number, protocol }) => isHttp(protocol) && isMet(number, [meshGateway]))
      .map(({ number }) => number),
    byGateways: mesh.state.gateways.flatMap(({ namespace, name, servers }) => {
      const key = keyOf(namespace, name);
      const isOpen = service.gateways.includes(key);
      return isOpen ? servers.map(({ port }) => port).filter((port) => isMet(port, [key])) : [];
    }),
  };
}

/** The first port that a destination without one lacks: gateways take the only one that it has. */
function missedPort({ bySidecars, byGateways }: CalledPorts, ports: readonly HostPort[]): number | undefined {
  const called = [...bySidecars, ...(ports.length === 1 ? [] : byGateways)];
  return called.find((number) => !ports.some((one) => one.number === number));
}

/** Destinations of a rule that are not there. */
export function destinationFindings(
  mesh: IstioMesh,
  service: VirtualServiceState,
  destinations: readonly RouteDestinationState[],
  path: readonly (string | number)[],
  names: readonly string[],
  called: CalledPorts,
): readonly Finding[] {
  return destinations.flatMap((one, index): readonly Finding[] => {
    const lost = lostDestination(mesh, service, one, names, called);
    if (lost === undefined) return [];
    return [
      finding(mesh, service, [...path, "route", index, "destination", lost.field], {
        severity: "error",
        rule: "route-to-nowhere",
        message: `${lost.message}: calls that go there are answered with 503.`,
        remedy: lost.remedy,
      }),
    ];
  });
}

/** Where a rule sends copies of requests, and nobody is. */
export function mirrorFindings(
  mesh: IstioMesh,
  service: VirtualServiceState,
  { index, mirrors }: HttpRouteState,
  names: readonly string[],
  called: CalledPorts,
): readonly Finding[] {
  return mirrors.flatMap(({ destination, path }): readonly Finding[] => {
    const lost = lostDestination(mesh, service, destination, names, called);
    if (lost === undefined) return [];
    return [
      finding(mesh, service, ["spec", "http", index, ...path, lost.field], {
        severity: "warning",
        rule: "route-to-nowhere",
        message: `${lost.message}: the copies of requests go nowhere.`,
        remedy: lost.remedy,
      }),
    ];
  });
}

/** Why nobody is at a destination, and which field says so. */
interface Lost {
  readonly message: string;
  readonly remedy: string;
  readonly field: "host" | "port" | "subset";
}

function lostDestination(
  mesh: IstioMesh,
  { namespace }: VirtualServiceState,
  one: Pick<RouteDestinationState, "host" | "port" | "subset">,
  names: readonly string[],
  called: CalledPorts,
): Lost | undefined {
  const name = resolveName(one.host, namespace);
  const alias = mesh.registry.alias(name);
  const host = mesh.registry.find(name) ?? (alias && mesh.registry.find(alias.next));
  if (host === undefined && alias !== undefined) {
    const isAlias = mesh.registry.alias(alias.next) !== undefined;
    return {
      message: `${name} is an ExternalName for ${alias.next}, ${isAlias ? "which is one itself: routes lead one step on" : "and no Service and no ServiceEntry has that name"}`,
      remedy:
        isAlias && alias.last !== undefined
          ? `Write ${alias.last}.`
          : "Write the name of a Service or of a ServiceEntry.",
      field: "host",
    };
  }
  if (host === undefined) {
    const short = /^[^.]+\.[^.]+$/.test(one.host) ? mesh.registry.find(`${name}.svc.cluster.local`) : undefined;
    const remedy =
      short === undefined
        ? didYouMean(name, names, "Write the name of a Service")
        : `Write ${short.host}: a name with a dot is taken as it is.`;
    return { message: `No Service and no ServiceEntry has the name ${name}`, remedy, field: "host" };
  }
  const untold = alias && called.bySidecars.find((port) => !alias.service.ports.some((one) => one.port === port));
  if (untold !== undefined) {
    return {
      message: `${name} is an ExternalName without port ${String(untold)}, by which sidecars know it`,
      remedy: `Write ${host.host}, or the port in the Service's spec.ports.`,
      field: "host",
    };
  }
  const known = portsOfName(mesh.registry, host.host);
  const ports = known.map(({ number }) => String(number)).join(", ");
  if (one.port !== undefined && !known.some(({ number }) => number === one.port)) {
    return { message: `${name} has no port ${String(one.port)}`, remedy: `It has ${ports}.`, field: "port" };
  }
  const missed = one.port === undefined ? missedPort(called, known) : undefined;
  if (missed !== undefined) {
    return {
      message: `${name} has no port ${String(missed)}, which is the one that is called and that counts where the destination names none`,
      remedy: `Write destination.port.number: it has ${ports}.`,
      field: "host",
    };
  }
  if (one.subset === "") return undefined;
  const subsets = mesh.state.destinationRules
    .filter((rule) => resolveName(rule.host, rule.namespace) === name)
    .flatMap((rule) => rule.subsets.map((subset) => subset.name));
  if (subsets.includes(one.subset)) return undefined;
  return {
    message: `No DestinationRule has a subset ${one.subset} of ${name}`,
    remedy: didYouMean(one.subset, subsets, "Write a DestinationRule with the subset"),
    field: "subset",
  };
}
