import {
  type AccountKey,
  accountOfPod,
  type Catalog,
  identityOf,
  type IngressPolicy,
  keyOf,
  memo,
  type MeshService,
  type PodState,
  splitHostName,
  uniqueById,
} from "../state";
import { endpointIps } from "../../cluster/endpoints";
import { type ChainIndex, indexChains } from "../../envoy/filter-chain-index";
import { type ChainMatch, clashingChains } from "../../envoy/filter-chains";
import { fullName, hostFinder } from "./hostnames";
import { type NetworkFilter, networkFilter } from "./network-permissions";
import { chainKind, isTcp } from "./outbound";
import { emptyHeader, lostConfigurations, refusedPattern } from "./refused-routes";
import { type Route, type RouteTable, routeTable } from "./routes";
import { type TargetIndex } from "./targets";

/** A filter chain of a pod's inbound listener. */
export interface InboundChain {
  readonly match: ChainMatch;
  readonly service: MeshService;
  readonly use:
    | { readonly kind: "http" }
    | { readonly kind: "tcp" }
    | { readonly kind: "ingress"; readonly name: string; readonly certificate: ClientCertificate };
}

/** Whether an ingress chain asks the caller for a certificate of the mesh's authority; `plain` where it speaks no TLS. */
export type ClientCertificate = "plain" | "unasked" | "required";

/** A rule of the ingress routes: any request, passed to one service's port. */
export interface IngressRule {
  readonly service: MeshService;
  readonly policy: IngressPolicy;
  /** Names in certificates of which callers have to show one; undefined where everybody passes. */
  readonly principals: ReadonlySet<string> | undefined;
}

/** What OSM programs into a pod's sidecar for the calls that it takes. */
export interface Inbound {
  /** Equal for pods that are told the same. */
  readonly id: number;
  readonly account: AccountKey;
  readonly chains: ChainIndex<InboundChain>;
  /** Undefined in permissive mode: everyone passes. */
  readonly network: NetworkFilter | undefined;
  /** Undefined in permissive mode: every request passes. */
  readonly routes: RouteTable | undefined;
  /** Envoy refuses everything that its listeners are told, the outbound one too: a chain for port 0. */
  readonly listenersRefused?: string;
  /** Why there is no inbound listener: every connection is refused. */
  readonly noListener?: string;
  /** A route that Envoy cannot read, so that no route at all arrives. */
  readonly routesRefused?: string;
  /** A pattern that Envoy refuses, so that only the routes for calls from the mesh are missing. */
  readonly meshRoutesRefused?: string;
  /** Why no route for the pod's own calls arrives: they come in one answer with these, and after them. */
  readonly ownRoutesRefused?: string;
  /** The service that a Host header names on a port of the pod; "refused" where the port's routes do not arrive. */
  virtualHost(port: number, host: string): MeshService | undefined | "refused";
  /** Server names by which sidecars call it. */
  readonly ownNames: ReadonlySet<string>;
  /** Rules of the ingress route configuration; each may be the first, as OSM's list of services has no order. */
  readonly ingress: readonly IngressRule[];
}

/** Builds, and remembers, the inbound half of every pod's sidecar. Pods that look alike share it. */
export function inboundOf(catalog: Catalog, index: TargetIndex): (pod: PodState) => Inbound {
  const { state } = catalog;
  const tables = memo((account: AccountKey) => routeTable(state, index.ofDestination(account), account));
  const networks = memo((identity: string) => networkFilter(state, index, identity));
  const byAccount = new Map<AccountKey, { readonly services: readonly MeshService[]; readonly inbound: Inbound }[]>();
  let count = 0;
  return memo((pod) => {
    const services = catalog.servicesOfPod(pod);
    const key = keyOf(pod.namespace, pod.serviceAccount);
    let ofAccount = byAccount.get(key);
    if (ofAccount === undefined) byAccount.set(key, (ofAccount = []));
    let inbound = ofAccount.find((one) => isSameList(one.services, services))?.inbound;
    if (inbound === undefined) {
      const strict = !state.switches.permissive;
      inbound = buildInbound(
        catalog,
        pod,
        services,
        strict ? tables(accountOfPod(pod)) : undefined,
        strict ? networks(identityOf(pod.namespace, pod.serviceAccount)) : undefined,
        count,
      );
      count += 1;
      ofAccount.push({ services, inbound });
    }
    return inbound;
  });
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a === b || (a.length === b.length && a.every((one, index) => one === b[index]));
}

/** pkg/catalog/inbound_traffic_policies.go, GetInboundMeshTrafficPolicy. */
function buildInbound(
  catalog: Catalog,
  pod: PodState,
  services: readonly MeshService[],
  routes: RouteTable | undefined,
  network: NetworkFilter | undefined,
  id: number,
): Inbound {
  const ingress = services.flatMap((service) => ingressOf(catalog, service));
  const own = uniqueById(services);
  const chains: readonly InboundChain[] = [
    ...own.flatMap(meshChain),
    ...ingress.flatMap(({ chains: ingressChains }) => ingressChains),
  ];
  const zero = chains.find(({ match }) => match.port < 1 || match.port > 65535);
  const clash = clashingChains(chains);
  const listenersRefused =
    zero &&
    `Envoy refuses all listeners of pod ${pod.namespace}/${pod.name}: Service ${zero.service.namespace}/${zero.service.name} has no endpoint for port ${String(zero.service.port)}, so that OSM writes target port 0`;
  const noListener =
    chains.length === 0
      ? `pod ${pod.namespace}/${pod.name} belongs to no Service`
      : clash &&
        `Envoy refuses the inbound listener of pod ${pod.namespace}/${pod.name}: ${inboundChainName(clash[0])} and ${inboundChainName(clash[1])} match the same connections`;
  // A pod that no Service has is given no routes at all.
  const served = own.length === 0 ? undefined : routes;
  const routesRefused = served && firstFault(served, emptyHeader);
  const meshRoutesRefused = served && firstFault(served, refusedPattern);

  const hosted = withRoots(catalog, own);
  const virtualHost = hostFinder(
    hosted.filter(({ protocol }) => !isTcp(protocol)),
    ({ targetPort }) => targetPort,
    (service) => service,
    () => true,
  );
  const awaited =
    listenersRefused === undefined && noListener === undefined
      ? [...new Set(chains.flatMap(({ match, use }) => (use.kind === "http" ? [match.port] : [])))]
      : [];
  const lost = lostConfigurations(
    awaited,
    (port) => meshRoutesRefused !== undefined || virtualHost(port, "") === "refused",
  );
  const ownRoutesRefused =
    routesRefused ??
    (lost.size === 0
      ? undefined
      : (meshRoutesRefused ??
        `Envoy refuses all routes of pod ${pod.namespace}/${pod.name}: two of its services share a host name`));
  return {
    id,
    account: accountOfPod(pod),
    chains: indexChains(chains),
    network,
    routes,
    ...(listenersRefused !== undefined && { listenersRefused }),
    ...(noListener !== undefined && { noListener }),
    ...(routesRefused !== undefined && { routesRefused }),
    ...(meshRoutesRefused !== undefined && { meshRoutesRefused }),
    ...(ownRoutesRefused !== undefined && { ownRoutesRefused }),
    virtualHost: (port, host) => (lost.has(port) ? "refused" : virtualHost(port, host)),
    ownNames: new Set(own.map(fullName)),
    ingress: ingress.flatMap(({ rules }) => rules),
  };
}

/** A chain's name as OSM writes it. */
export function inboundChainName({ use, service }: InboundChain): string {
  if (use.kind === "ingress") return use.name;
  return `inbound_${service.namespace}/${service.name}_${String(service.targetPort)}_${service.protocol}`;
}

function meshChain(service: MeshService): readonly InboundChain[] {
  const kind = chainKind(service.protocol);
  if (kind === undefined) return [];
  return [
    {
      match: { port: service.targetPort, serverNames: [fullName(service)], tls: true, applicationProtocols: ["osm"] },
      service,
      use: { kind },
    },
  ];
}

/**
 * The pod's services and, for each that is a backend of a split, the split's root with the backend's ports: the pod
 * answers to the root's names, one level up and no further (getUpstreamServicesIncludeApex).
 */
function withRoots(catalog: Catalog, services: readonly MeshService[]): readonly MeshService[] {
  const found = new Map<string, MeshService>();
  for (const service of services) {
    if (!found.has(service.id)) found.set(service.id, service);
    for (const split of catalog.splitsOfBackend(service)) {
      const { service: root, subdomain } = splitHostName(split.service, catalog.state);
      const name = subdomain === "" ? root : `${subdomain}.${root}`;
      const { namespace, port, targetPort, protocol } = service;
      const id = `${namespace}/${name}|${String(port)}|${String(targetPort)}|${protocol}`;
      if (!found.has(id)) found.set(id, { ...service, name, id });
    }
  }
  return [...found.values()];
}

/** The first of a table's routes that Envoy refuses. */
function firstFault(table: RouteTable, faultOf: (route: Route) => string | undefined): string | undefined {
  for (const route of table.rules) {
    // Without a method OSM makes no route of it.
    const fault = route.methods.length === 0 ? undefined : faultOf(route);
    if (fault === undefined) continue;
    const group = route.origins[0]?.group;
    const where = group === undefined ? "" : ` in HTTPRouteGroup ${group.namespace}/${group.name}`;
    return `Envoy refuses all routes of ${table.account}: ${fault}${where}`;
  }
  return undefined;
}

interface ServiceIngress {
  readonly chains: readonly InboundChain[];
  readonly rules: readonly IngressRule[];
}

/** pkg/catalog/ingress.go and pkg/envoy/lds/ingress.go. */
function ingressOf(catalog: Catalog, service: MeshService): readonly ServiceIngress[] {
  const { state } = catalog;
  const policy = state.ingresses.find(
    (one) =>
      one.namespace === service.namespace &&
      one.backends.some((backend) => backend.name === service.name && backend.port === service.targetPort),
  );
  if (policy === undefined) return [];
  const ranges = sourceRanges(catalog, policy);
  if (ranges === undefined) return [];
  const backends = policy.backends.filter(({ name, port }) => name === service.name && port === service.targetPort);
  // OSM collects the principals of all these backends in one set.
  const anyone = backends.some(
    ({ protocol, skipClientCertValidation }) =>
      protocol.toLowerCase() === "http" ||
      (skipClientCertValidation && policy.sources.some(({ kind }) => kind === "AuthenticatedPrincipal")),
  );
  const principals = policy.sources.filter(({ kind }) => kind === "AuthenticatedPrincipal").map(({ name }) => name);
  const chains = backends.flatMap(({ port, protocol, sniHosts, skipClientCertValidation }): readonly InboundChain[] => {
    const name = `ingress_${service.namespace}/${service.name}_${String(port)}_${protocol}`;
    const sourceIps = ranges.length > 0 ? { sourceIps: ranges } : {};
    switch (protocol.toLowerCase()) {
      case "http":
        return [{ match: { port, ...sourceIps }, service, use: { kind: "ingress", name, certificate: "plain" } }];
      case "https": {
        const serverNames = sniHosts.length > 0 ? { serverNames: sniHosts } : {};
        const certificate = skipClientCertValidation ? "unasked" : "required";
        return [
          {
            match: { port, tls: true, ...serverNames, ...sourceIps },
            service,
            use: { kind: "ingress", name, certificate },
          },
        ];
      }
      default:
        return [];
    }
  });
  // Envoy takes an empty list of principals, and the name *, for everybody.
  const open = anyone || principals.length === 0 || principals.includes("*");
  return [{ chains, rules: [{ service, policy, principals: open ? undefined : new Set(principals) }] }];
}

/** CIDRs that the sources of all IngressBackends stand for. */
export function ingressRanges(catalog: Catalog): readonly string[] {
  return [...new Set(catalog.state.ingresses.flatMap((policy) => sourceRanges(catalog, policy) ?? []))];
}

/** CIDRs that the policy's sources stand for; undefined where a Service has no endpoints, which voids the policy. */
function sourceRanges(catalog: Catalog, policy: IngressPolicy): readonly string[] | undefined {
  const ranges: string[] = [];
  for (const { kind, name, namespace } of policy.sources) {
    if (kind === "IPRange" && /^[^/]+\/\d{1,3}$/.test(name)) ranges.push(name);
    if (kind !== "Service") continue;
    const ips = endpointIps(catalog.state.endpoints, { namespace, name, targetPort: 0 });
    if (ips.length === 0) return undefined;
    for (const ip of ips) {
      const range = `${ip}/32`;
      if (!ranges.includes(range)) ranges.push(range);
    }
  }
  return ranges;
}
