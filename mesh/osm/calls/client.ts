import { type ControlPlane } from "../control-plane";
import { type Inbound } from "../proxy/inbound";
import {
  type EgressHost,
  type OutboundConfiguration,
  outboundChainName,
  type Upstream,
  type WeightedCluster,
} from "../proxy/outbound";
import { type AccountKey, keyOf, type MeshService, type PodState, provesIdentity, type ServiceState } from "../state";
import { runningAsSidecar, takenForSidecar } from "../../cluster/container-users";
import { resolveHost } from "../../cluster/dns";
import {
  type CallTree,
  choice,
  type Content,
  end,
  failure,
  noRoute,
  type OwnTls,
  undefinedChoice,
} from "../../analysis/call-tree";
import { callerClass } from "./caller-classes";
import { leavesOutbound, sidecarUser } from "./interception";
import { callPlain, refusedBy } from "./plain";
import { describe } from "./reasons";
import { refusal } from "./refusal";
import { egressRules, httpOnly } from "./rules";
import { type Network } from "../../network-policies/network";
import { callServer, type Source, waysIn } from "./server";

/** Who calls. */
export interface Client {
  /** The account by its real name. */
  readonly key: AccountKey;
  /** `name.namespace`, as in its certificate. */
  readonly identity: string;
  /** The account that OSM takes it for. */
  readonly account: AccountKey;
  /** Whether any of its pods has a sidecar. */
  readonly inMesh: boolean;
  readonly pods: readonly PodState[];
  /** Its pods by what is broken in what their sidecars are told. */
  readonly faults: readonly PodFault[];
}

/** Pods of one account that are told the same; none where no object shows a pod. */
export interface PodFault {
  readonly inbound: Inbound | undefined;
  /** How many they are. */
  weight: number;
}

/** Where a connection goes; without an address it leaves the cluster. */
export interface Target {
  readonly ip: string | undefined;
  readonly host: string;
  readonly port: number;
  /** The Service whose name led there. */
  readonly service?: ServiceState;
  /** The caller's own TLS; undefined for none. */
  readonly tls?: OwnTls;
}

/**
 * A call from a pod to an address.
 *
 * @param authority Host header; undefined for a bare TCP connection.
 */
export function callAddress(
  mesh: ControlPlane,
  client: Client,
  target: Target,
  authority: string | undefined,
): CallTree {
  const own = target.ip === undefined ? [] : client.pods.filter(({ ips }) => ips.includes(target.ip ?? ""));
  const others = own.length === 0 ? client : without(mesh, client, own);
  // netfilter leaves a pod's calls to its own address alone: they reach the application without any sidecar.
  const toItself = own.map(() => ({ weight: 1, tree: callItself(mesh, target) }));
  if (own.length > 0 && others.pods.length === 0) return choice<CallTree>("endpoint", toItself);
  return choice<CallTree>("endpoint", [
    ...toItself,
    { weight: Math.max(others.pods.length, 1), tree: callFromPods(mesh, others, target, authority) },
  ]);
}

const knownOthers = new WeakMap<Client, Map<string, Client>>();

/** The client without some of its pods. */
function without(mesh: ControlPlane, client: Client, pods: readonly PodState[]): Client {
  let found = knownOthers.get(client);
  if (found === undefined) knownOthers.set(client, (found = new Map()));
  const key = pods.map(({ namespace, name }) => `${namespace}/${name}`).join();
  let rest = found.get(key);
  if (rest === undefined) {
    const left = client.pods.filter((pod) => !pods.includes(pod));
    rest = { ...client, pods: left, faults: podFaults(mesh, left) };
    found.set(key, rest);
  }
  return rest;
}

function callItself(mesh: ControlPlane, target: Target): CallTree {
  const { ip = "", port, service } = target;
  const because = [{ text: "a pod's calls to its own address bypass its sidecar" }];
  if (service === undefined) return end("allowed", because, target.host);
  if (mesh.listens(ip, port)) return end("allowed", because, keyOf(service.namespace, service.name));
  return end("refused", [...because, { text: `nothing listens on port ${String(port)} of ${target.host}` }]);
}

/** Address of a caller of which no object shows a pod: the last of those that are assumed. */
const unseenPod = "10.255.255.254";

function callFromPods(mesh: ControlPlane, client: Client, target: Target, authority: string | undefined): CallTree {
  const [first] = client.pods;
  const why = aroundSidecar(mesh, client, first, target);
  const past = takenContainers(first);
  const others = client.pods.filter(
    (pod) => aroundSidecar(mesh, client, pod, target) !== why || takenContainers(pod).join() !== past.join(),
  );
  if (others.length > 0) {
    const alike = client.pods.filter((pod) => !others.includes(pod));
    return choice<CallTree>(
      "endpoint",
      [alike, others].map((left) => ({
        weight: client.pods.length - left.length,
        tree: callFromPods(mesh, without(mesh, client, left), target, authority),
      })),
    );
  }
  const [apart, ...same] = callerGroups(mesh, client.pods);
  if (apart !== undefined && same.length > 0) {
    return choice<CallTree>(
      "endpoint",
      [apart, ...same].map((alike) => {
        const left = client.pods.filter((pod) => !alike.includes(pod));
        return { weight: alike.length, tree: callFromPods(mesh, without(mesh, client, left), target, authority) };
      }),
    );
  }
  const [namespace = ""] = client.key.split("/");
  const source: Source = {
    ip: first?.ips[0] ?? unseenPod,
    end: first === undefined ? mesh.network?.ends.unseen(namespace) : mesh.network?.ends.of(first),
  };
  const plain = (because: string): CallTree =>
    callPlain(mesh, target, source, { routed: false, authority, tls: target.tls }, [{ text: because }]);
  if (why !== undefined) return plain(why);
  const through = (): CallTree => fromSidecars(mesh, client, target, source, authority);
  if (first === undefined || past.length === 0) return through();
  const taken = plain(takenForSidecar(client.key, past, sidecarUser));
  return runningAsSidecar(first, sidecarUser).all ? taken : undefinedChoice<CallTree>("endpoint", [taken, through()]);
}

function takenContainers(pod: PodState | undefined): readonly string[] {
  return pod === undefined ? [] : runningAsSidecar(pod, sidecarUser).containers;
}

function fromSidecars(
  mesh: ControlPlane,
  client: Client,
  target: Target,
  source: Source,
  authority: string | undefined,
): CallTree {
  // A pod's own services can break all that its sidecar is told, so that pods of one account may differ.
  return choice<CallTree>(
    "endpoint",
    client.faults.map(({ inbound, weight }) => ({
      weight,
      tree:
        inbound?.listenersRefused === undefined
          ? callFromSidecar(mesh, client, target, source, authority, inbound?.ownRoutesRefused)
          : end("refused", [{ text: inbound.listenersRefused }]),
    })),
  );
}

/** The pods in groups of which each is one caller to all that looks at the caller's address or labels. */
function callerGroups(mesh: ControlPlane, pods: readonly PodState[]): readonly (readonly PodState[])[] {
  if (pods.length < 2 || (mesh.network === undefined && mesh.state.ingresses.length === 0)) return [pods];
  const groups = new Map<string, PodState[]>();
  for (const pod of pods) {
    const key = callerClass(mesh, pod);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pod]);
    else group.push(pod);
  }
  return [...groups.values()];
}

const soundPod: readonly PodFault[] = [{ inbound: undefined, weight: 1 }];

/** Pods by what is broken in what their sidecars are told. */
export function podFaults(mesh: ControlPlane, pods: readonly PodState[]): readonly PodFault[] {
  const faults = new Map<string, PodFault>();
  for (const pod of pods) {
    const inbound = mesh.inbound(pod);
    const key = `${inbound.listenersRefused ?? ""}\0${inbound.ownRoutesRefused ?? ""}`;
    const known = faults.get(key);
    if (known === undefined) faults.set(key, { inbound, weight: 1 });
    else known.weight += 1;
  }
  return faults.size === 0 ? soundPod : [...faults.values()];
}

/** Why a pod's call does not meet a sidecar of its own; undefined where it does. The pod is undefined where no object shows one. */
function aroundSidecar(
  mesh: ControlPlane,
  client: Client,
  pod: PodState | undefined,
  target: Target,
): string | undefined {
  if (pod === undefined ? !client.inMesh : !mesh.state.hasSidecar(pod)) {
    const [namespace = ""] = client.account.split("/");
    return mesh.state.isMonitored(namespace)
      ? `no sidecar is injected into pods of ${client.account}`
      : `namespace ${namespace} is not in the mesh: the caller has no sidecar`;
  }
  return leavesOutbound(mesh, pod, target) ? "the call bypasses the caller's sidecar" : undefined;
}

function callFromSidecar(
  mesh: ControlPlane,
  client: Client,
  target: Target,
  source: Source,
  authority: string | undefined,
  podRoutesRefused: string | undefined,
): CallTree {
  return undefinedChoice<CallTree>(
    "split",
    mesh
      .outbound(client.account)
      .configurations.map((outbound) =>
        callConfigured(mesh, client, outbound, target, source, authority, podRoutesRefused),
      ),
  );
}

function callConfigured(
  mesh: ControlPlane,
  client: Client,
  outbound: OutboundConfiguration,
  target: Target,
  source: Source,
  authority: string | undefined,
  podRoutesRefused: string | undefined,
): CallTree {
  if (outbound.knowsNothing) return refusal(mesh, client, target);
  if (outbound.noListener !== undefined) return end("refused", [{ text: outbound.noListener }]);
  const chain = outbound.chains.pick({
    ip: target.ip ?? "",
    port: target.port,
    sourceIp: source.ip,
    ...(target.tls && { serverName: target.tls.serverName }),
    // Of what is inside of the caller's own TLS the sidecar sees nothing.
    ...(authority !== undefined && target.tls === undefined && { applicationProtocol: "http/1.1" }),
  });
  if (chain === undefined) {
    if (outbound.passthrough) {
      return callPlain(mesh, target, source, { routed: false, authority, tls: target.tls }, [
        { text: "mesh-wide egress lets the call pass as plain text (MeshConfig spec.traffic.enableEgress)" },
      ]);
    }
    return refusal(mesh, client, target);
  }
  const { use } = chain;
  if (use.kind === "tcp") {
    // What is inside of the caller's own TLS no sidecar reads, at the other end neither.
    const inside = target.tls === undefined ? authority : undefined;
    return throughUpstream(mesh, client, outbound, use.upstream, source, { routed: false, authority: inside });
  }
  if (use.kind === "egress-tcp") {
    return callPlain(mesh, target, source, { routed: false, authority, tls: target.tls }, use.policies.map(describe));
  }
  if (authority === undefined || target.tls !== undefined) {
    return end("refused", [
      { text: `${outboundChainName(chain)} speaks HTTP: bytes that are not HTTP end the connection` },
    ]);
  }
  const tree = withRoutes(outbound, podRoutesRefused, () =>
    use.kind === "egress-http"
      ? throughEgress(mesh, client, outbound, target.port, source, authority)
      : throughVirtualHost(mesh, client, outbound, target, source, authority),
  );
  return httpOnly(tree);
}

function throughVirtualHost(
  mesh: ControlPlane,
  client: Client,
  outbound: OutboundConfiguration,
  target: Target,
  source: Source,
  authority: string,
): CallTree {
  const upstream = outbound.virtualHost(target.port, authority);
  if (upstream === "refused") {
    return noRoute("Envoy refuses routes of the caller: two of one port share a host name, or a later Egress is wrong");
  }
  if (upstream === undefined) {
    return noRoute(
      `${JSON.stringify(authority)} is no host name by which ${client.account} may call a service on port ${String(target.port)}`,
    );
  }
  return throughUpstream(mesh, client, outbound, upstream, source, { routed: true, authority });
}

/** Answers 404 where the sidecar has no routes at all. */
function withRoutes(
  outbound: OutboundConfiguration,
  podRoutesRefused: string | undefined,
  go: () => CallTree,
): CallTree {
  const refused = podRoutesRefused ?? outbound.routesRefused;
  if (refused !== undefined) return noRoute(refused);
  return outbound.refusedSplit === undefined ? go() : refusedBy(outbound.refusedSplit);
}

function throughUpstream(
  mesh: ControlPlane,
  client: Client,
  outbound: OutboundConfiguration,
  upstream: Upstream,
  source: Source,
  content: Content,
): CallTree {
  const { routed } = content;
  const { split, clusters } = outbound.distributionOf(upstream);
  const because = split === undefined ? [] : [describe(split)];
  // A lone TCP cluster is used whatever its weight.
  const used =
    !routed && clusters.length === 1
      ? clusters
      : (routed ? distinct(clusters) : clusters).filter(({ weight }) => weight > 0);
  if (used.length === 0) return failure(routed, "the split leaves no backend", because);
  const branches = used.map(({ cluster, backend, weight }) => ({
    weight: Math.max(weight, 1),
    tree: throughCluster(mesh, client, outbound, upstream, cluster, backend, source, content),
  }));
  return choice<CallTree>("split", branches, because);
}

/** Equal for pods that the network treats alike, whoever calls. */
function networkClass(network: Network, pod: PodState): string {
  return JSON.stringify([pod.namespace, network.classOf(pod), pod.namedPorts, pod.ips]);
}

/** OSM keeps a route's clusters in a set: the same backend with the same weight counts once. */
function distinct(clusters: readonly WeightedCluster[]): readonly WeightedCluster[] {
  if (clusters.length < 2) return clusters;
  return [...new Map(clusters.map((one) => [`${one.cluster} ${String(one.weight)}`, one])).values()];
}

function throughCluster(
  mesh: ControlPlane,
  client: Client,
  outbound: OutboundConfiguration,
  upstream: Upstream,
  cluster: string,
  backend: string,
  source: Source,
  content: Content,
): CallTree {
  const { routed } = content;
  const service = outbound.clusterOf(cluster)?.service;
  if (service === undefined) {
    return failure(routed, `no TrafficTarget lets ${client.account} reach the backend ${backend}`);
  }
  const ips = allowedEndpoints(mesh, client, service);
  if (ips.length === 0) {
    const text =
      mesh.endpointIps(service).length > 0
        ? `no TrafficTarget with kind ServiceAccount on both sides lets ${client.account} reach the pods of ${backend}`
        : `${backend} has no endpoints`;
    return failure(routed, text, upstream.targets.map(describe));
  }
  const call = (ip: string): CallTree =>
    callServer(mesh, client, { service, backend, ip, port: service.targetPort, source }, content);
  const [only = ""] = ips;
  if (ips.length === 1) return call(only);
  // Pods that are told the same answer the same.
  const groups = new Map<string, { readonly ip: string; weight: number }>();
  for (const ip of ips) {
    const [pod] = mesh.catalog.podsOfIp(ip);
    const ways = pod === undefined ? [] : waysIn(mesh, client.pods, pod, ip, service.targetPort);
    const told =
      pod === undefined || ways.every(({ guarded }) => !guarded)
        ? ""
        : `${String(ways.length)}|${String(ways[0]?.guarded)}|${mesh.inbound(pod).id}|${String(provesIdentity(mesh.catalog, service.service, pod))}`;
    const key =
      mesh.network === undefined ? told : `${told} ${pod === undefined ? ip : networkClass(mesh.network, pod)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ip, weight: 1 });
    else group.weight += 1;
  }
  return choice<CallTree>(
    "endpoint",
    [...groups.values()].map(({ ip, weight }) => ({ weight, tree: call(ip) })),
  );
}

/** pkg/catalog/endpoint.go, ListAllowedUpstreamEndpointsForService. */
function allowedEndpoints(mesh: ControlPlane, client: Client, service: MeshService): readonly string[] {
  const ips = mesh.endpointIps(service);
  if (mesh.state.switches.permissive) return ips;
  return ips.filter((ip) =>
    mesh.catalog
      .podsOfIp(ip)
      .some((pod) => mesh.targets.reaches(client.account, keyOf(pod.namespace, pod.serviceAccount))),
  );
}

function throughEgress(
  mesh: ControlPlane,
  client: Client,
  outbound: OutboundConfiguration,
  port: number,
  source: Source,
  authority: string,
): CallTree {
  const host = outbound.egressHost(port, authority);
  if (host === "refused") {
    return noRoute(
      "Envoy refuses egress routes of the caller: a host that comes twice or a pattern that it cannot take",
    );
  }
  if (outbound.refusedEgress().some((fault) => fault.port !== port)) {
    const lost = noRoute("Envoy refuses egress routes of the caller, and those that it is given after them");
    const arrived =
      host === undefined ? unnamed(authority) : throughEgressHost(mesh, client, host, port, source, authority);
    return undefinedChoice<CallTree>("route-order", [lost, arrived]);
  }
  return host === undefined ? unnamed(authority) : throughEgressHost(mesh, client, host, port, source, authority);
}

function unnamed(authority: string): CallTree {
  return noRoute(`no Egress names the host ${JSON.stringify(authority)}`);
}

function throughEgressHost(
  mesh: ControlPlane,
  client: Client,
  host: EgressHost,
  port: number,
  source: Source,
  authority: string,
): CallTree {
  const because = [describe(host.policy)];
  // The cluster resolves the policy's host itself, wherever the connection was to go.
  const [namespace = ""] = client.account.split("/");
  const destination = resolveHost(mesh.state, namespace, host.host);
  const service = destination.kind === "service" ? destination.service : undefined;
  const ips = destination.kind === "outside" ? [undefined] : destination.kind === "unknown" ? [] : destination.ips;
  const onward =
    ips.length === 0
      ? failure(true, `${host.host} does not resolve`, because)
      : choice<CallTree>(
          "endpoint",
          ips.map((ip) => ({
            weight: 1,
            tree: callPlain(
              mesh,
              { ip, host: host.host, port, ...(service && { service }) },
              source,
              { routed: true, authority },
              because,
            ),
          })),
        );
  return egressRules(host, onward, because);
}
