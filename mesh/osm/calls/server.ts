import { type ControlPlane } from "../control-plane";
import { fullName } from "../proxy/hostnames";
import { type Inbound, type InboundChain, inboundChainName } from "../proxy/inbound";
import { type AccountKey, type MeshService, provesIdentity } from "../state";
import { type CallTree, type Content, end, failure, noRoute } from "../../analysis/call-tree";
import { meetsSidecar } from "./interception";
import { ingressAnswer, passageTo, whereRoutesArrive } from "./plain";
import { describe } from "./reasons";
import { httpOnly, serverRules } from "./rules";
import { throughNetwork } from "../../analysis/network";
import { type NetworkEnd } from "../../network-policies";
import { type Reason } from "../../request/request";

/** Where a connection comes from. */
export interface Source {
  readonly ip: string;
  /** The caller to the network; undefined where no network policy is there. */
  readonly end: NetworkEnd | undefined;
}

/** A pod that a client's sidecar connects to. */
export interface Endpoint {
  /** The cluster's service: its full name is the TLS server name. */
  readonly service: MeshService;
  /** `namespace/name` of the Service that answers. */
  readonly backend: string;
  readonly ip: string;
  readonly port: number;
  readonly source: Source;
}

/** A call that arrives at a pod's sidecar over mutual TLS. */
export function callServer(
  mesh: ControlPlane,
  client: { readonly identity: string; readonly account: AccountKey },
  endpoint: Endpoint,
  content: Content,
): CallTree {
  const { ip, port, source } = endpoint;
  const go = (): CallTree => answer(mesh, client, endpoint, content);
  return throughNetwork(passageTo(mesh, source, ip, port), content.routed, go);
}

function answer(
  mesh: ControlPlane,
  client: { readonly identity: string; readonly account: AccountKey },
  { ip, port, service, backend, source }: Endpoint,
  { routed, authority }: Content,
): CallTree {
  const [pod] = mesh.catalog.podsOfIp(ip);
  if (pod === undefined) return failure(routed, `nothing at ${ip} speaks the mesh's TLS`);
  if (!meetsSidecar(mesh, pod, port)) {
    return failure(
      routed,
      `no sidecar takes calls to port ${String(port)} of pod ${pod.namespace}/${pod.name}: it cannot read the mesh's TLS`,
    );
  }
  const inbound = mesh.inbound(pod);
  const fault = inbound.listenersRefused ?? inbound.noListener;
  if (fault !== undefined) return failure(routed, fault);
  if (!provesIdentity(mesh.catalog, service.service, pod)) {
    return failure(routed, `pod ${pod.namespace}/${pod.name} has no certificate for ${backend}`);
  }
  const serverName = fullName(service);
  const chain = inbound.chains.pick({ ip, port, sourceIp: source.ip, serverName, applicationProtocol: "osm" });
  if (chain === undefined) {
    return failure(routed, `pod ${pod.namespace}/${pod.name} takes no calls to ${backend} on port ${String(port)}`);
  }
  if (chain.use.kind === "ingress") return ingressAnswer(mesh, inbound, authority, backend, undefined);
  const entry = admit(inbound, client.identity, chain);
  if (entry === undefined) {
    return failure(
      routed,
      `no TrafficTarget lets ${client.account} in on port ${String(chain.match.port)} of ${inbound.account}`,
    );
  }
  if (chain.use.kind === "tcp") return end("allowed", entry, backend);
  if (authority === undefined) {
    return failure(false, `${inboundChainName(chain)} speaks HTTP: bytes that are not HTTP end the connection`);
  }
  const tree = whereRoutesArrive(mesh, inbound, () => {
    if (inbound.meshRoutesRefused !== undefined) return noRoute(inbound.meshRoutesRefused);
    const host = inbound.virtualHost(chain.match.port, authority);
    if (host === "refused")
      return noRoute(`Envoy refuses the routes of ${inbound.account}: two services share a host name`);
    if (host === undefined) return noRoute(`${JSON.stringify(authority)} is no host name of ${backend}`);
    if (inbound.routes === undefined) return end("allowed", entry, backend);
    return serverRules(inbound.routes, client.identity, backend, authority);
  });
  return routed ? tree : httpOnly(tree);
}

/** The network filter: reasons why it lets the caller in, or undefined where it does not. */
function admit(inbound: Inbound, identity: string, chain: InboundChain): readonly Reason[] | undefined {
  if (inbound.network === undefined) return [{ text: "permissive mode (MeshConfig spec.traffic)" }];
  const admitting = inbound.network.admitting(identity, chain.match.port);
  if (admitting.length === 0) return undefined;
  return chain.use.kind === "tcp" ? admitting.map(describe) : [];
}
