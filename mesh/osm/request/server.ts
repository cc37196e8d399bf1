import { type OsmMesh } from "../mesh";
import { fullName } from "../proxy/hostnames";
import { type Inbound, type InboundChain } from "../proxy/inbound";
import { type AccountKey, type MeshService, provesIdentity, type SplitPolicy } from "../state";
import { type CallTree, choice, end, failure, noRoute } from "./call-tree";
import { ingressAnswer } from "./plain";
import { describe } from "./reasons";
import { type Reason } from "./request";

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
  client: { readonly identity: string; readonly account: AccountKey },
  endpoint: Endpoint,
  authority: string | undefined,
): CallTree {
  const { ip, port, service, backend, sourceIp } = endpoint;
  const http = authority !== undefined;
  const [pod] = mesh.catalog.podsOfIp(ip);
  if (pod === undefined) return failure(http, `nothing at ${ip} speaks the mesh's TLS`);
  const inbound = mesh.inbound(pod);
  const fault = inbound.listenersRefused ?? inbound.noListener;
  if (fault !== undefined) return failure(http, fault);
  if (!provesIdentity(mesh.catalog, service.service, pod)) {
    return failure(http, `pod ${pod.namespace}/${pod.name} has no certificate for ${backend}`);
  }
  const serverName = fullName(service);
  const chain = inbound.chains.pick({ ip, port, sourceIp, serverName, applicationProtocol: "osm" });
  if (chain === undefined) {
    return failure(http, `pod ${pod.namespace}/${pod.name} takes no calls to ${backend} on port ${String(port)}`);
  }
  if (chain.use.kind === "ingress") return ingressAnswer(inbound, authority);
  const entry = admit(inbound, client.identity, chain);
  if (entry === undefined) {
    return failure(
      http,
      `no TrafficTarget lets ${client.account} in on port ${String(chain.match.port)} of ${inbound.account}`,
    );
  }
  if (chain.use.kind === "tcp") return end("allowed", entry, backend);
  if (authority === undefined) {
    return failure(false, `${chain.name()} speaks HTTP: bytes that are not HTTP end the connection`);
  }
  return withServerRoutes(mesh, inbound, () => {
    const host = inbound.virtualHost(chain.match.port, authority);
    if (host === "refused")
      return noRoute(`Envoy refuses the routes of ${inbound.account}: two services share a host name`);
    if (host === undefined) return noRoute(`${JSON.stringify(authority)} is no host name of ${backend}`);
    if (inbound.routes === undefined) return end("allowed", entry, backend);
    return { kind: "server-routes", table: inbound.routes, identity: client.identity, backend };
  });
}

/** The network filter: reasons why it lets the caller in, or undefined where it does not. */
function admit(inbound: Inbound, identity: string, chain: InboundChain): readonly Reason[] | undefined {
  if (inbound.network === undefined) return [{ text: "permissive mode (MeshConfig spec.traffic)" }];
  const admitting = inbound.network.admitting(identity, chain.match.port);
  if (admitting.length === 0) return undefined;
  return chain.use.kind === "tcp" ? admitting.map(describe) : [];
}

/** Answers 404 where the server's sidecar has no routes at all. */
function withServerRoutes(mesh: OsmMesh, inbound: Inbound, go: () => CallTree): CallTree {
  if (inbound.routesRefused !== undefined) return noRoute(inbound.routesRefused);
  const { refusedRoutes, maybeRefusedRoutes } = mesh.outbound(inbound.account);
  const broken = (split: SplitPolicy): CallTree =>
    noRoute(`its weights add up to 0, so that Envoy refuses every HTTP route of ${inbound.account}`, [describe(split)]);
  const [always] = refusedRoutes;
  if (always !== undefined) return broken(always);
  const [maybe] = maybeRefusedRoutes;
  if (maybe === undefined) return go();
  return choice<CallTree>("split", [
    { weight: 1, tree: go() },
    { weight: 1, tree: broken(maybe) },
  ]);
}
