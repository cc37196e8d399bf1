import {
  accountOf,
  type AccountKey,
  backendTargetPort,
  type Catalog,
  type EgressPolicy,
  keyOf,
  lookUp,
  memo,
  memoOnce,
  type MeshService,
  type RouteMatch,
  routeMatch,
  type SplitPolicy,
  type TargetPolicy,
} from "../state";
import { endpointIps } from "../../cluster/endpoints";
import { isHeadless } from "../../cluster/workloads";
import { type ChainIndex, indexChains } from "../../envoy/filter-chain-index";
import { type ChainMatch, clashingChains } from "../../envoy/filter-chains";
import { findDomain } from "../../envoy/domains";
import { egressPolicies } from "./egress-policies";
import { hostFinder } from "./hostnames";
import { emptyHeader, lostConfigurations, refusedPattern } from "./refused-routes";
import { type TargetIndex } from "./targets";

/** A cluster and its relative weight. */
export interface WeightedCluster {
  /** `namespace/name|targetPort`. */
  readonly cluster: string;
  /** `namespace/name`. */
  readonly backend: string;
  readonly weight: number;
}

/** One way to share out a service's traffic: with several splits on one root it is undefined which one counts. */
export interface Distribution {
  readonly split?: SplitPolicy;
  readonly clusters: readonly WeightedCluster[];
}

/** A service that a client's sidecar knows. */
export interface Upstream {
  readonly service: MeshService;
  /** The name of its cluster. */
  readonly cluster: string;
  /** Addresses that its name resolves to. */
  readonly ips: readonly string[];
  readonly distributions: readonly Distribution[];
  /** TrafficTargets that let the client's sidecar know it. Empty in permissive mode. */
  readonly targets: readonly TargetPolicy[];
}

/** A filter chain of a client's outbound listener. */
export interface OutboundChain {
  readonly match: ChainMatch;
  readonly use:
    | { readonly kind: "http"; readonly upstream: Upstream }
    | { readonly kind: "tcp"; readonly upstream: Upstream; readonly clusters: readonly WeightedCluster[] }
    | { readonly kind: "egress-http"; readonly name: string }
    | { readonly kind: "egress-tcp"; readonly name: string; readonly policies: readonly EgressPolicy[] };
}

/** A virtual host for a destination outside the mesh. */
export interface EgressHost {
  readonly host: string;
  readonly policy: EgressPolicy;
  readonly routes: readonly RouteMatch[];
}

/** Why Envoy refuses the egress routes of a port. */
export interface EgressFault {
  /** The policy that is at fault, or the later of two. */
  readonly policy: EgressPolicy;
  readonly port: number;
  readonly text: string;
}

/** What OSM programs into the sidecars of one service account for the calls that they make. */
export interface Outbound {
  readonly account: AccountKey;
  readonly upstreams: readonly Upstream[];
  /** One for each choice among TrafficSplits that share a root: OSM takes the first of a list without an order. */
  readonly configurations: readonly OutboundConfiguration[];
}

/** What a sidecar is told once it is clear which TrafficSplits count. */
export interface OutboundConfiguration {
  /** How the traffic of an upstream is shared out. */
  distributionOf(upstream: Upstream): Distribution;
  readonly chains: ChainIndex<OutboundChain>;
  /** Unmatched connections pass as they are. */
  readonly passthrough: boolean;
  /** Nothing lets the caller reach any service: it has no listener. */
  readonly knowsNothing: boolean;
  /** Why Envoy refuses the listener: every connection is refused. */
  readonly noListener?: string;
  /** The service behind a cluster that it knows. */
  clusterOf(name: string): Upstream | undefined;
  /** The service that a Host header names on a port; "refused" where the port's routes do not arrive. */
  virtualHost(port: number, host: string): Upstream | undefined | "refused";
  egressHost(port: number, host: string): EgressHost | undefined | "refused";
  /** Egress route configurations that Envoy refuses: each takes those with it that come before it. */
  refusedEgress(): readonly EgressFault[];
  /** An egress route that Envoy cannot read, so that no route at all arrives. */
  readonly routesRefused?: string;
  /** A split whose weights Envoy refuses; then no HTTP route at all arrives. */
  readonly refusedSplit?: SplitPolicy;
}

/** Builds, and remembers, the outbound half of every account's sidecars. */
export function outboundOf(catalog: Catalog, index: TargetIndex): (account: AccountKey) => Outbound {
  const upstreamOf = memo((service: MeshService) => upstream(catalog, service));
  if (!catalog.state.switches.permissive) {
    return memo((account) => buildOutbound(catalog, account, allowedUpstreams(catalog, index, account, upstreamOf)));
  }
  // In permissive mode only the namespace, by the short names, and the account's own Egress objects tell accounts apart.
  let everyone: readonly Upstream[] | undefined;
  const alike = new Map<string, Outbound>();
  return memo((account) => {
    const egresses = egressPolicies(catalog.state, account).map(({ namespace, name }) => keyOf(namespace, name));
    const key = [account.split("/")[0], ...egresses].join("\0");
    let outbound = alike.get(key);
    if (outbound === undefined) {
      everyone ??= catalog.allMeshServices().map((service) => withTargets(upstreamOf(service), []));
      outbound = buildOutbound(catalog, account, everyone);
      alike.set(key, outbound);
    }
    return { ...outbound, account };
  });
}

type BareUpstream = Omit<Upstream, "targets">;

/** Written out: objects made by spreading have a shape each, which makes every later look at them slow. */
function withTargets(
  { service, cluster, ips, distributions }: BareUpstream,
  targets: readonly TargetPolicy[],
): Upstream {
  return { service, cluster, ips, distributions, targets };
}

/** pkg/catalog/outbound_traffic_policies.go, one round of GetOutboundMeshTrafficPolicy. */
function upstream(catalog: Catalog, service: MeshService): BareUpstream {
  const ips = isHeadless(service.service)
    ? [...new Set(endpointIps(catalog.state.endpoints, service))]
    : [service.service.clusterIp];
  const splits = catalog.splitsOfRoot(service);
  const cluster = clusterName(service);
  const distributions =
    splits.length === 0
      ? [{ clusters: [{ cluster, backend: backendName(service), weight: 100 }] }]
      : splits.map((split): Distribution => ({ split, clusters: splitClusters(catalog, service, split) }));
  return { service, cluster, ips, distributions };
}

function splitClusters(catalog: Catalog, root: MeshService, split: SplitPolicy): readonly WeightedCluster[] {
  return split.backends.flatMap(({ service: name, weight }) => {
    const targetPort = backendTargetPort(catalog, root.namespace, name, root.port);
    if (targetPort === undefined) return [];
    const backend = keyOf(root.namespace, name);
    return [{ cluster: `${backend}|${String(targetPort)}`, backend, weight }];
  });
}

/** `namespace/name|targetPort`. */
export function clusterName(service: Pick<MeshService, "namespace" | "name" | "targetPort">): string {
  return `${service.namespace}/${service.name}|${String(service.targetPort)}`;
}

function backendName(service: MeshService): string {
  return keyOf(service.namespace, service.name);
}

function buildOutbound(catalog: Catalog, account: AccountKey, upstreams: readonly Upstream[]): Outbound {
  return {
    account,
    upstreams,
    configurations: splitChoices(upstreams).map((choice) => buildConfiguration(catalog, account, upstreams, choice)),
  };
}

/** By root, `namespace/name`, the index of the distribution that counts; 0 for roots that are not in it. */
type SplitChoice = ReadonlyMap<string, number>;

/** Combinations of competing splits at most; beyond, each root varies alone. */
const mostCombinations = 64;

function splitChoices(upstreams: readonly Upstream[]): readonly SplitChoice[] {
  const roots = new Map<string, number>();
  for (const { service, distributions } of upstreams) {
    if (distributions.length > 1) roots.set(backendName(service), distributions.length);
  }
  if (roots.size === 0) return [new Map()];
  const indices = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
  if ([...roots.values()].reduce((product, count) => product * count, 1) > mostCombinations) {
    return [...roots].flatMap(([root, count]) => indices(count).map((index) => new Map([[root, index]])));
  }
  return [...roots].reduce<readonly SplitChoice[]>(
    (choices, [root, count]) =>
      choices.flatMap((choice) => indices(count).map((index) => new Map([...choice, [root, index]]))),
    [new Map()],
  );
}

function buildConfiguration(
  catalog: Catalog,
  account: AccountKey,
  upstreams: readonly Upstream[],
  choice: SplitChoice,
): OutboundConfiguration {
  const { state } = catalog;
  const { switches } = state;
  const distributionOf = ({ service, distributions }: Upstream): Distribution =>
    distributions[(distributions.length > 1 && choice.get(backendName(service))) || 0] ?? { clusters: [] };
  const egresses = switches.egressPolicy ? egressPolicies(catalog.state, account) : [];
  const chains = [...upstreams.flatMap((one) => meshChain(one, distributionOf(one))), ...egressChains(egresses)];
  const noListener = listenerFault(chains);
  let refusedSplit: SplitPolicy | undefined;
  for (const one of upstreams) {
    if (isTcp(one.service.protocol)) continue;
    const { split, clusters } = distributionOf(one);
    if (split !== undefined && !clusters.some(({ weight }) => weight > 0)) refusedSplit ??= split;
  }

  const [namespace = ""] = account.split("/");
  const routesRefused = unreadableEgress(catalog, egresses);
  const egressHosts = memo((port: number) => egressHostMap(catalog, egresses, port));
  const virtualHost = hostFinder(
    upstreams.filter(({ service }) => !isTcp(service.protocol)),
    ({ service }) => service.port,
    ({ service }) => service,
    (service) => service.namespace === namespace,
  );
  const portsOf = (kind: OutboundChain["use"]["kind"]): readonly number[] => [
    ...new Set(chains.flatMap(({ match, use }) => (use.kind === kind ? [match.port] : []))),
  ];
  // Egress routes come after those of the mesh, in an order of their own that is a Go map's.
  const refusedEgress = memoOnce(() =>
    portsOf("egress-http").flatMap((port) => {
      const { fault } = egressHosts(port);
      return fault === undefined ? [] : [fault];
    }),
  );
  const lost = memoOnce(() => {
    const isRefused = (port: number): boolean => virtualHost(port, "") === "refused";
    return refusedEgress().length > 0 ? new Set(portsOf("http")) : lostConfigurations(portsOf("http"), isRefused);
  });
  return {
    distributionOf,
    chains: indexChains(chains),
    passthrough: switches.egress,
    knowsNothing: chains.length === 0 && !switches.egress,
    ...(noListener !== undefined && { noListener }),
    ...(routesRefused !== undefined && { routesRefused }),
    clusterOf: lookUp(upstreams, ({ cluster }) => cluster),
    virtualHost: (port, host) => (lost().has(port) ? "refused" : virtualHost(port, host)),
    egressHost: (port, host) => {
      const { hosts, fault } = egressHosts(port);
      return fault === undefined ? findDomain(hosts, host.toLowerCase()) : "refused";
    },
    refusedEgress,
    ...(refusedSplit && { refusedSplit }),
  };
}

/** pkg/catalog/outbound_traffic_policies.go, ListOutboundServicesForIdentity: the kinds of the subjects are not asked. */
function allowedUpstreams(
  catalog: Catalog,
  index: TargetIndex,
  account: AccountKey,
  upstreamOf: (service: MeshService) => BareUpstream,
): readonly Upstream[] {
  const found = new Map<string, { bare: BareUpstream; targets: TargetPolicy[] }>();
  for (const target of index.ofSource(account)) {
    const { destination } = target;
    const server = accountOf(destination.namespace, destination.name);
    for (const service of catalog.servicesOfAccount(server)) {
      const known = found.get(service.id);
      if (known === undefined) found.set(service.id, { bare: upstreamOf(service), targets: [target] });
      else known.targets.push(target);
    }
  }
  return Array.from(found.values(), ({ bare, targets }) => withTargets(bare, targets));
}

/** The protocols for which OSM makes no HTTP routes; it compares them with case. */
export function isTcp(protocol: string): boolean {
  return protocol === "tcp" || protocol === "tcp-server-first";
}

/** What kind of filter chain a protocol gets, without regard to case; undefined for none. */
export function chainKind(protocol: string): "http" | "tcp" | undefined {
  switch (protocol.toLowerCase()) {
    case "http":
    case "grpc":
      return "http";
    case "tcp":
    case "tcp-server-first":
      return "tcp";
    default:
      return undefined;
  }
}

function meshChain(upstream: Upstream, { clusters }: Distribution): readonly OutboundChain[] {
  const { service, ips } = upstream;
  const kind = chainKind(service.protocol);
  if (kind === undefined || ips.length === 0) return [];
  const match = { port: service.port, ips };
  if (kind === "http") return [{ match, use: { kind, upstream } }];
  // Without any backend the chain cannot be built; that alone is left out.
  if (clusters.length === 0) return [];
  return [{ match, use: { kind, upstream, clusters } }];
}

/** A chain's name as OSM writes it. */
export function outboundChainName({ use }: OutboundChain): string {
  if (use.kind === "egress-http" || use.kind === "egress-tcp") return use.name;
  const { namespace, name, port, protocol } = use.upstream.service;
  return `outbound_${namespace}/${name}_${String(port)}_${protocol}`;
}

/** Why Envoy refuses the outbound listener, or undefined where it does not. */
function listenerFault(chains: readonly OutboundChain[]): string | undefined {
  const clash = clashingChains(chains);
  if (clash !== undefined) {
    return `Envoy refuses the caller's listener: ${outboundChainName(clash[0])} and ${outboundChainName(clash[1])} match the same connections`;
  }
  for (const chain of chains) {
    const { use } = chain;
    if (use.kind !== "tcp") continue;
    if (use.clusters.length > 1 && use.clusters.some(({ weight }) => weight === 0))
      return `Envoy refuses the caller's listener: ${outboundChainName(chain)} has a TCP backend of weight 0`;
  }
  return undefined;
}

/** Protocols that Envoy's HTTP inspector tells and that OSM's egress chains ask for (pkg/envoy/lds/egress.go). */
const inspectedProtocols = ["http/1.0", "http/1.1", "h2c"] as const;

/** pkg/catalog/egress.go and pkg/envoy/lds/egress.go. Equal matches of several policies are one. */
function egressChains(egresses: readonly EgressPolicy[]): readonly OutboundChain[] {
  const chains = new Map<string, OutboundChain>();
  for (const egress of egresses) {
    const ranges = egress.ipAddresses.filter((range) => inRangeSyntax(range)).map(withoutFullPrefix);
    for (const { number: port, protocol } of egress.ports) {
      const name = `egress-${protocol.toLowerCase()}.${String(port)}`;
      // The catalogue reads protocols without regard to case, the listener with it.
      switch (protocol) {
        case "http":
          chains.set(name, {
            match: { port, applicationProtocols: inspectedProtocols },
            use: { kind: "egress-http", name },
          });
          break;
        case "tcp":
        case "tcp-server-first":
        case "https": {
          const serverNames = protocol === "https" ? egress.hosts : [];
          const key = JSON.stringify([name, [...new Set(egress.ipAddresses)].sort(), [...new Set(serverNames)].sort()]);
          const known = chains.get(key);
          const others = known?.use.kind === "egress-tcp" ? known.use.policies : [];
          chains.set(key, {
            match: {
              port,
              ...(ranges.length > 0 && { ips: ranges }),
              ...(serverNames.length > 0 && { serverNames }),
            },
            use: { kind: "egress-tcp", name, policies: [...others, egress] },
          });
          break;
        }
        default:
          break;
      }
    }
  }
  return [...chains.values()];
}

function inRangeSyntax(range: string): boolean {
  return /^[^/]+\/\d{1,3}$/.test(range);
}

/** An IPv4 range of one address as that address, which is how chains of the mesh name theirs. */
function withoutFullPrefix(range: string): string {
  return range.replace(/^(\d+\.\d+\.\d+\.\d+)\/32$/, "$1");
}

function egressHostMap(
  catalog: Catalog,
  egresses: readonly EgressPolicy[],
  port: number,
): { readonly hosts: ReadonlyMap<string, EgressHost>; readonly fault?: EgressFault } {
  const hosts = new Map<string, EgressHost>();
  for (const policy of egresses) {
    for (const one of policy.ports) {
      // Without a host there is no virtual host that could hold a route.
      if (one.number !== port || one.protocol.toLowerCase() !== "http" || policy.hosts.length === 0) continue;
      const routes = egressRoutes(catalog, policy);
      const [text] = routes.flatMap((route) => refusedPattern(route) ?? []);
      if (text !== undefined) return { hosts, fault: { policy, port, text } };
      for (const host of policy.hosts) {
        for (const name of [host.toLowerCase(), `${host.toLowerCase()}:${String(port)}`]) {
          const other = hosts.get(name);
          if (other !== undefined) {
            const twice = other.policy === policy ? "twice in it" : `in Egress ${other.policy.name} too`;
            return { hosts, fault: { policy, port, text: `the host ${host} is ${twice}` } };
          }
          hosts.set(name, { host, policy, routes });
        }
      }
    }
  }
  return { hosts };
}

function unreadableEgress(catalog: Catalog, egresses: readonly EgressPolicy[]): string | undefined {
  for (const policy of egresses) {
    if (policy.hosts.length === 0 || !policy.ports.some(({ protocol }) => protocol.toLowerCase() === "http")) continue;
    for (const route of egressRoutes(catalog, policy)) {
      const header = emptyHeader(route);
      if (header !== undefined)
        return `Envoy refuses all routes: ${header} in Egress ${policy.namespace}/${policy.name}`;
    }
  }
  return undefined;
}

const anyRequest = routeMatch("", ".*", ["*"]);

function egressRoutes(catalog: Catalog, policy: EgressPolicy): readonly RouteMatch[] {
  const groups = policy.matches.filter(
    ({ apiGroup, kind }) => apiGroup === "specs.smi-spec.io/v1alpha4" && kind === "HTTPRouteGroup",
  );
  if (groups.length === 0) return [anyRequest];
  return groups.flatMap(({ name }) => catalog.state.routeGroups.get(keyOf(policy.namespace, name))?.matches ?? []);
}
