import { type ControlPlane } from "../control-plane";
import { fullName } from "../proxy/hostnames";
import { type Inbound, type InboundChain, inboundChainName } from "../proxy/inbound";
import { type AccountKey, type MeshService, type PodState, provesIdentity } from "../state";
import { type CallTree, choice, type Content, end, failure, noRoute } from "../../analysis/call-tree";
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
export function callServer(mesh: ControlPlane, client: Caller, endpoint: Endpoint, content: Content): CallTree {
  const { ip, port, source } = endpoint;
  const go = (): CallTree => {
    const [pod] = mesh.catalog.podsOfIp(ip);
    if (pod === undefined) return failure(content.routed, `nothing at ${ip} speaks the mesh's TLS`);
    const ways = waysIn(mesh, client.pods, pod, ip, port);
    return choice<CallTree>(
      "endpoint",
      ways.map(({ weight, guarded }) => ({ weight, tree: answer(mesh, client, pod, endpoint, content, guarded) })),
    );
  };
  return throughNetwork(passageTo(mesh, source, ip, port), content.routed, go);
}

/** Who calls through a sidecar. */
interface Caller {
  readonly identity: string;
  readonly account: AccountKey;
  /** Its pods, as far as objects show some. */
  readonly pods: readonly PodState[];
}

/**
 * Whether the callers' connections to a pod meet its sidecar: those of other pods, and those of the pod to itself. What a sidecar
 * sends to its own pod goes over the loopback interface, where the injector's rules take it back whatever is excluded.
 */
export function waysIn(
  mesh: ControlPlane,
  callers: readonly PodState[],
  pod: PodState,
  ip: string,
  port: number,
): readonly { readonly weight: number; readonly guarded: boolean }[] {
  if (meetsSidecar(mesh, pod, port)) return [{ weight: 1, guarded: true }];
  const itIsCaller = callers.some(({ ips }) => ips.includes(ip));
  if (!itIsCaller || !mesh.state.hasSidecar(pod)) return [{ weight: 1, guarded: false }];
  const itself = { weight: 1, guarded: true };
  return callers.length === 1 ? [itself] : [itself, { weight: callers.length - 1, guarded: false }];
}

function answer(
  mesh: ControlPlane,
  client: Caller,
  pod: PodState,
  { ip, port, service, backend, source }: Endpoint,
  { routed, authority }: Content,
  guarded: boolean,
): CallTree {
  if (!guarded) {
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
