import { type OsmMesh } from "../mesh";
import { fullName } from "../proxy/hostnames";
import { type Inbound, type InboundChain } from "../proxy/inbound";
import { pickChain } from "../proxy/filter-chains";
import { type Route, type RouteTable } from "../proxy/routes";
import { type MeshService, provesIdentity } from "../state";
import { type Client, failure, noRoute } from "./client";
import { type HttpRequest, routeMatches } from "./match";
import { choice, type OutcomeTree } from "./outcome-tree";
import { type Reason } from "./request";
import { describe, routeReasons } from "./reasons";
import { ingressAnswer } from "./plain";

/** A pod that a client's sidecar connects to. */
export interface Endpoint {
  /** The cluster's service: its full name is the TLS server name. */
  readonly service: MeshService;
  /** `namespace/name` of the Service that answers. */
  readonly backend: string;
  readonly ip: string;
  readonly port: number;
  readonly sourceIp: string;
}

/** A call that arrives at a pod's sidecar over mutual TLS. */
export function callServer(
  mesh: OsmMesh,
  client: Client,
  endpoint: Endpoint,
  request: HttpRequest | undefined,
): OutcomeTree {
  const { ip, port, service, backend, sourceIp } = endpoint;
  const [pod] = mesh.catalog.podsOfIp(ip);
  if (pod === undefined) return failure(request, `nothing at ${ip} speaks the mesh's TLS`);
  const inbound = mesh.inbound(pod);
  const fault = inbound.listenersRefused ?? inbound.noListener;
  if (fault !== undefined) return failure(request, fault);
  if (!provesIdentity(mesh.catalog, service.service, pod)) {
    return failure(request, `pod ${pod.namespace}/${pod.name} has no certificate for ${backend}`);
  }
  const chain = pickChain(inbound.chains, {
    ip,
    port,
    sourceIp,
    serverName: fullName(service),
    applicationProtocol: "osm",
  });
  if (chain === undefined) {
    return failure(
      request,
      `pod ${pod.namespace}/${pod.name} does not take calls to ${backend} on port ${String(port)}`,
    );
  }
  if (chain.use.kind === "ingress") return ingressAnswer(inbound, request);
  const entry = admit(inbound, client, chain);
  if (entry === undefined) {
    return failure(
      request,
      `no TrafficTarget lets ${client.account} in on port ${String(chain.match.port)} of ${inbound.account}`,
    );
  }
  if (chain.use.kind === "tcp") return { outcome: "allowed", backend, because: entry };
  if (request === undefined) {
    return failure(request, `${chain.name} speaks HTTP: bytes that are not HTTP end the connection`);
  }
  return withServerRoutes(mesh, inbound, () => {
    const host = inbound.virtualHost(chain.match.port, request.authority);
    if (host === "refused")
      return noRoute(`Envoy refuses the routes of ${inbound.account}: two services share a host name`);
    if (host === undefined) {
      return noRoute(`${JSON.stringify(request.authority)} is no host name of ${backend}`);
    }
    if (inbound.routes === undefined) return { outcome: "allowed", backend, because: entry };
    return throughRoutes(inbound.routes, client, backend, request, entry);
  });
}

/** The network filter: reasons why it lets the caller in, or undefined where it does not. */
function admit(inbound: Inbound, client: Client, chain: InboundChain): readonly Reason[] | undefined {
  if (inbound.network === undefined) return [{ text: "permissive mode (MeshConfig spec.traffic)" }];
  const admitting = inbound.network.filter(
    ({ principals, ports }) => principals?.has(client.identity) !== false && ports?.has(chain.match.port) !== false,
  );
  if (admitting.length === 0) return undefined;
  return chain.use.kind === "tcp" ? admitting.map(({ target }) => describe(target)) : [];
}

/** Answers 404 where the server's sidecar has no routes at all. */
function withServerRoutes(mesh: OsmMesh, inbound: Inbound, go: () => OutcomeTree): OutcomeTree {
  if (inbound.routesRefused !== undefined) return noRoute(inbound.routesRefused);
  const { refusedRoutes, maybeRefusedRoutes } = mesh.outbound(inbound.account);
  const broken = (split: (typeof refusedRoutes)[number]): OutcomeTree =>
    noRoute(`its weights add up to 0, so that Envoy refuses every HTTP route of ${inbound.account}`, [describe(split)]);
  const [always] = refusedRoutes;
  if (always !== undefined) return broken(always);
  const [maybe] = maybeRefusedRoutes;
  if (maybe === undefined) return go();
  return choice("split", [
    { weight: 1, tree: go() },
    { weight: 1, tree: broken(maybe) },
  ]);
}

/** The routes that may be the first to match: the first one of every TrafficTarget that has a matching one. */
export function possibleWinners(table: RouteTable, request: HttpRequest): readonly Route[] {
  const matching = new Set(table.routes.filter((route) => routeMatches(route, request)));
  if (matching.size <= 1) return [...matching];
  const winners = new Set<Route>();
  for (const { routes } of table.byTarget) {
    const first = routes.find((route) => matching.has(route));
    if (first !== undefined) winners.add(first);
  }
  return [...winners];
}

function throughRoutes(
  table: RouteTable,
  client: Client,
  backend: string,
  request: HttpRequest,
  entry: readonly Reason[],
): OutcomeTree {
  const winners = possibleWinners(table, request);
  if (winners.length === 0) {
    return noRoute(`no route of ${table.account} matches ${request.method} ${request.path} with these headers`, entry);
  }
  return choice(
    "route-order",
    winners.map(({ principals, origins }) => {
      const allowed = principals?.has(client.identity) !== false;
      // Of an allowed call, the targets that name the caller; of a denied one, those whose route it is.
      const naming = origins.filter(
        ({ target }) =>
          !allowed ||
          principals === undefined ||
          target.sources.some((source) => `${source.name}.${source.namespace}` === client.identity),
      );
      const because = [...entry, ...naming.flatMap(routeReasons)];
      const tree: OutcomeTree = allowed
        ? { outcome: "allowed", backend, because }
        : {
            outcome: "denied",
            backend,
            because: [...because, { text: `${client.account} is not among the sources of the route that matches` }],
          };
      return { weight: 1, tree };
    }),
  );
}
