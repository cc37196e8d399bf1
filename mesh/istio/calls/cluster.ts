import { type CallTree, type Content, end, failure, undefinedChoice } from "../../analysis/call-tree";
import { throughNetwork } from "../../analysis/network";
import { keyOf } from "../../cluster/keys";
import { type Labels, type PodState } from "../../cluster/workloads";
import { describeObject } from "../../manifests";
import { type NetworkEnd, type Passage } from "../../network-policies";
import { type Reason } from "../../request/request";
import { takesMutualTls } from "../injection";
import { isSubset, podLabels } from "../labels";
import { type IstioPlane } from "../plane";
import { type Endpoint, type HostPort, type KnownHost } from "../registry";
import { type Named } from "../state/named";
import { selectsWorkloads } from "../state/service-entries";
import { type ClientTlsMode, type PortTls } from "../state/destination-rules";
import { addressOfClient, type Calls, type Client, endOfClient, oneOf } from "./client";
import { destinationRulesFor } from "./destination-rules";
import { endsOf } from "./kube-proxy";
import { type Called, callServer, type Channel, notFollowed } from "./server";
import { interceptionOf, isGatewayPod } from "./interception";

/** A destination of a sidecar's: a host's port, all of its pods or a subset. */
export interface Cluster {
  readonly host: KnownHost;
  readonly port: HostPort;
  readonly subset: string;
  /** Whether the host has other pods as well. Default: false. */
  readonly isPart?: boolean;
}

const open: Passage = { passes: "yes", stoppedBy: [] };

/** What the network does with a connection to a pod's or another address. */
export function passageTo(
  { network }: IstioPlane,
  from: NetworkEnd | undefined,
  pod: PodState | undefined,
  { ip, port }: { readonly ip: string | undefined; readonly port: number },
): Passage {
  if (network === undefined || from === undefined) return open;
  return network.passage(from, pod === undefined ? { kind: "address", ip } : network.ends.of(pod), port);
}

const noLabels: Labels = {};

/** The calls of clients like one to a destination. */
export function throughCluster(
  plane: IstioPlane,
  client: Client,
  { host, port, subset }: Cluster,
  called: { readonly ip: string | undefined; readonly port: number },
  content: Content,
): Calls {
  const { routed } = content;
  const rules = destinationRulesFor(plane, client, host);
  const part = subset === "" ? undefined : rules.flatMap(({ subsets }) => subsets).find(({ name }) => name === subset);
  if (subset !== "" && part === undefined) {
    return always(failure(routed, `no DestinationRule has a subset ${subset} of ${host.host}`));
  }
  const mode = tlsMode(part?.tls, port.number) ?? tlsMode(rules.find(({ tls }) => tls !== undefined)?.tls, port.number);
  const because = rules.map(({ object }): Reason => ({ text: describeObject(object), object }));
  const unfollowed = host.entries.find(selectsWorkloads) ?? rules.find(({ otherWay }) => otherWay !== undefined);
  if (unfollowed !== undefined) return always(toUnfollowed(unfollowed, routed, `${host.host}:${String(port.number)}`));
  // What was called before a gateway is of no meaning there: it takes endpoints that istiod tells it of (core/cluster.go, convertResolution).
  const isPassedOn = host.passthrough && !client.pods.some(isGatewayPod);
  // A host without a resolution of its own leads to whatever was called, a Service's address too.
  const goesOn = isPassedOn && called.ip !== undefined;
  if (isOutside(host) && !goesOn && isPassedOn === host.passthrough)
    return toOutside(plane, host, port, called.ip, content);
  const all = plane.registry.endpoints(host, port);
  if (isPassedOn) return toCalled(plane, { host, port, subset }, called, mode, all, content);
  const { own, placed } = podLabels(part?.labels ?? noLabels);
  const isSelected = ({ ip }: Endpoint): boolean => isSubset(own, plane.podOfIp(ip)?.labels ?? noLabels);
  const selected = part === undefined ? all : all.filter(isSelected);
  const isPart = placed || selected.length < all.length;
  const what = subset === "" ? host.host : `subset ${subset} of ${host.host}`;
  // Of a headless Service istiod decides for all of its pods at once whether they are spoken to by mutual TLS, for gateways too.
  const whole = host.passthrough ? all : undefined;
  const empty = (): CallTree => {
    const text = `${what} has no endpoints on port ${String(port.number)}`;
    return failure(routed, text, subset === "" ? [] : because);
  };
  if (selected.length === 0) return always(empty());
  const calls = oneOf(
    "endpoint",
    alike(plane, selected).map(({ endpoint, weight }) => ({
      weight,
      calls: toEndpoint(plane, { host, port, subset, isPart }, endpoint, mode, whole, content),
    })),
  );
  if (!placed) return calls;
  const unknown = [...because, { text: `which pods are in ${what} depends on where their nodes are` }];
  return (one) => undefinedChoice<CallTree>("not-followed", [calls(one), empty()], unknown);
}

/** Calls that come to the same, whoever makes them. */
export function always(tree: CallTree): Calls {
  return () => tree;
}

/** A headless Service's name leads to pods' addresses, and the call goes to the one that was called, on the port that was. */
function toCalled(
  plane: IstioPlane,
  cluster: Cluster,
  { ip, port: calledPort }: { readonly ip: string | undefined; readonly port: number },
  mode: ClientTlsMode,
  all: readonly Endpoint[],
  content: Content,
): Calls {
  const { host } = cluster;
  const ends = ip === undefined ? [] : endsOf(plane, { ip, port: calledPort, host: host.host, asked: host.service });
  if (ends.length === 0)
    return always(failure(content.routed, `nothing is at the address that was called for ${host.host}`));
  return oneOf(
    "endpoint",
    ends.map((one) => ({ weight: 1, calls: toEndpoint(plane, cluster, one, mode, all, content) })),
  );
}

/** Endpoints of which one stands for all that answer alike. */
interface Alike {
  readonly endpoint: Endpoint;
  weight: number;
}

const knownAlike = new WeakMap<readonly Endpoint[], readonly Alike[]>();

function alike(plane: IstioPlane, endpoints: readonly Endpoint[]): readonly Alike[] {
  let found = knownAlike.get(endpoints);
  if (found === undefined) {
    const groups = new Map<string, Alike>();
    for (const endpoint of endpoints) {
      const key = endpointKey(plane, endpoint);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { endpoint, weight: 1 });
      else group.weight += 1;
    }
    knownAlike.set(endpoints, (found = [...groups.values()]));
  }
  return found;
}

/** Equal for endpoints that answer alike, whoever calls. */
function endpointKey(plane: IstioPlane, { ip, port }: Endpoint): string {
  const pod = plane.podOfIp(ip);
  if (pod === undefined) return ip;
  const account = keyOf(pod.namespace, pod.serviceAccount);
  const network = plane.network === undefined ? "" : `${plane.network.classOf(pod)} ${pod.ips.join()}`;
  return JSON.stringify([
    account,
    pod.labels,
    interceptionOf(pod),
    plane.state.hasSidecar(pod),
    port,
    network,
    plane.readsDestinations ? ip : "",
  ]);
}

/** What comes of calls for which an object says whom they reach in a way that is not followed. */
function toUnfollowed({ object }: Named, routed: boolean, backend: string): CallTree {
  const text = `whom they reach is said by ${describeObject(object)} in a way that is not followed here`;
  return notFollowed(routed, [{ text, object }], backend);
}

function isOutside({ entries: [entry] }: KnownHost): boolean {
  return entry !== undefined && entry.resolution !== "STATIC";
}

function toOutside(
  plane: IstioPlane,
  { host }: KnownHost,
  port: HostPort,
  ip: string | undefined,
  { routed }: Content,
): Calls {
  const outside = end(
    "allowed",
    [{ text: "the destination is outside the cluster" }],
    `${host}:${String(port.number)}`,
  );
  return (client) => {
    const passage = passageTo(plane, endOfClient(plane, client), undefined, { ip, port: port.targetPort });
    return throughNetwork(passage, routed, () => outside);
  };
}

function toEndpoint(
  plane: IstioPlane,
  { host, port, subset, isPart = false }: Cluster,
  endpoint: Endpoint,
  mode: ClientTlsMode,
  whole: readonly Endpoint[] | undefined,
  content: Content,
): Calls {
  const pod = plane.podOfIp(endpoint.ip);
  // Where calls go on to the very address, that is who answers.
  const name = host.passthrough && pod === undefined ? endpoint.ip : host.host;
  const backend =
    host.service === undefined ? `${name}:${String(port.number)}` : keyOf(host.namespace, host.service.name);
  const serverName = `outbound_.${String(port.number)}_.${subset}_.${host.host}`;
  const ends = whole?.map((one): PodEndpoint => ({ port: one.port, pod: plane.podOfIp(one.ip) }));
  const channel = channelTo(plane, host, endpoint, pod, mode, ends, serverName, content);
  if (
    channel.kind === "mutual" &&
    pod !== undefined &&
    // Of a Service without any pods istiod knows no account, and its clients look at the certificate's authority alone.
    ends !== undefined &&
    ends.length > 0 &&
    !ends.some((one) => isOfAccount(one.pod, pod))
  ) {
    return always(
      failure(
        content.routed,
        `the pod at ${endpoint.ip} has a certificate that is not of the accounts behind ${host.host}`,
      ),
    );
  }
  const called: Called = { ip: endpoint.ip, port: endpoint.port, backend, ...(isPart && { subset }) };
  const answer = callServer(plane, pod, called, channel, content);
  return (client) =>
    throughNetwork(passageTo(plane, endOfClient(plane, client), pod, endpoint), content.routed, () =>
      answer({ principal: client.principal, ip: addressOfClient(client) }),
    );
}

/** A port of a pod, as far as objects show the pod. */
interface PodEndpoint {
  readonly port: number;
  readonly pod: PodState | undefined;
}

function isOfAccount(one: PodState | undefined, { namespace, serviceAccount }: PodState): boolean {
  return one?.namespace === namespace && one.serviceAccount === serviceAccount;
}

/** What a client's sidecar speaks to a pod: mutual TLS where the pod can, unless a rule says otherwise. */
function channelTo(
  plane: IstioPlane,
  { namespace }: KnownHost,
  { port }: Endpoint,
  pod: PodState | undefined,
  mode: ClientTlsMode,
  whole: readonly PodEndpoint[] | undefined,
  serverName: string,
  { tls }: Content,
): Channel {
  const mutual: Channel = { kind: "mutual", serverName };
  const plain: Channel =
    tls === undefined ? { kind: "plain" } : { kind: "own", principal: tls.principal, serverName: tls.serverName };
  switch (mode) {
    case "DISABLE":
      return plain;
    case "ISTIO_MUTUAL":
      return mutual;
    case "SIMPLE":
    case "MUTUAL":
      return { kind: "own", principal: undefined, serverName: "" };
    case undefined: {
      const { settings, hasSidecar } = plane.state;
      if (!settings.autoMtls || plane.authentication.modeOfNamespace(namespace) === "DISABLE") return plain;
      // Calls to the very address that was called know nothing of the pod there: all of the Service's need a sidecar, and what
      // a workload's own PeerAuthentication says is not asked (push_context.go, BestEffortInferServiceMTLSMode).
      const ends = whole ?? [{ port, pod }];
      const able = ends.every(
        (one) =>
          one.pod !== undefined &&
          hasSidecar(one.pod) &&
          takesMutualTls(one.pod) &&
          // The injector gives gateways no label by which others would speak mutual TLS to them.
          !isGatewayPod(one.pod) &&
          (whole !== undefined || plane.authentication.modeOf(one.pod, one.port) !== "DISABLE"),
      );
      if (ends.length === 0 || !able) return plain;
      return mutual;
    }
  }
}

function tlsMode(tls: PortTls | undefined, port: number): ClientTlsMode {
  if (tls === undefined) return undefined;
  return tls.ports.has(port) ? tls.ports.get(port) : tls.mode;
}
