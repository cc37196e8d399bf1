import {
  type CallTree,
  choice,
  type Content,
  end,
  type End,
  failure,
  noRoute,
  undefinedChoice,
} from "../../analysis/call-tree";
import { type Caller, type Sent } from "../../analysis/mesh";
import { throughNetwork } from "../../analysis/network";
import { type Address, isAddress, isWholeName, resolveHost } from "../../cluster/dns";
import { runningAsSidecar, takenForSidecar } from "../../cluster/container-users";
import { keyOf } from "../../cluster/keys";
import { memo, memoOnce } from "../../cluster/look-up";
import { type ServiceState } from "../../cluster/workloads";
import { nearNames } from "../../manifests/near-names";
import { type NetworkEnd } from "../../network-policies";
import { type Reason } from "../../request/request";
import { type Peer } from "../authorization/peer";
import { ingressServices } from "../ingress";
import { type IstioPlane } from "../plane";
import { type Alias, type PortOfHost } from "../registry";
import { addressOfClient, type Client, clientsOf, endOfClient } from "./client";
import { passageTo, throughCluster } from "./cluster";
import { byGatewayApi } from "./gateway-api";
import { isGatewayPod, leavesOutbound, sidecarUser } from "./interception";
import { endsOf } from "./kube-proxy";
import { hasHttpListener, isPortTold, listenersAt, ownListener } from "./listeners";
import { isForCaller, throughAlias, throughDestinations, throughHost, throughUnknownHost } from "./routes";
import { type Scope } from "./scope";
import { callServer, type Channel, inAmbientMode } from "./server";
import { fullNames, hostOf, type NamedHost, namedHost, virtualServicesFor } from "./virtual-hosts";

/** Where a connection goes; without an address it leaves the cluster. */
interface Target {
  readonly ip: string | undefined;
  readonly host: string;
  readonly port: number;
  /** The Service whose name led there. */
  readonly service: ServiceState | undefined;
  /** The listeners that sidecars have of the address. */
  readonly listeners: readonly PortOfHost[];
  /** The name in the Host header; empty without one. */
  readonly named: string;
}

/** Where a connection comes from. */
interface Origin {
  readonly ip: string;
  readonly end: NetworkEnd | undefined;
}

/** What happens to all the calls of a caller to an address that are sent alike. */
export function callFrom(plane: IstioPlane, caller: Caller, address: Address, sent: Sent): CallTree {
  return callsTo(plane, address, sent)(caller);
}

/** The same by who calls. */
export function callsTo(plane: IstioPlane, { host, port }: Address, sent: Sent): (caller: Caller) => CallTree {
  const { serverName, principal } = sent;
  const content: Content = {
    routed: false,
    authority: sent.authority,
    ...(serverName !== undefined && { tls: { serverName, principal } }),
  };
  const named = sent.authority === undefined ? "" : hostOf(sent.authority);
  const targetsFor = memo((namespace: string) => targetsOf(plane, namespace, { host, port }, named));
  const isWhole = isWholeName(host);
  const entering = memoOnce(() => ingressTargets(plane, { host, port }, named));
  const treeFor = (caller: Caller): CallTree => {
    const targets =
      (caller.kind === "outside" ? entering() : undefined) ??
      targetsFor(isWhole || caller.kind !== "account" ? "" : caller.namespace);
    if ("kind" in targets) return targets;
    const [only] = targets;
    if (targets.length === 1 && only !== undefined) return callAddress(plane, caller, only, content);
    return choice<CallTree>(
      "endpoint",
      targets.map((target) => ({ weight: 1, tree: callAddress(plane, caller, target, content) })),
    );
  };
  return (caller) => {
    const alias = aliasNamed(plane, caller.kind === "account" ? caller.namespace : "", host);
    const tree = treeFor(caller);
    return alias?.last === undefined ? tree : withReasons(tree, [{ text: chainOf(alias) }]);
  };
}

/** The ExternalName Service that a name means to pods of a namespace. */
function aliasNamed({ registry }: IstioPlane, namespace: string, host: string): Alias | undefined {
  if (registry.aliases.length === 0) return undefined;
  for (const name of fullNames(host.toLowerCase().replace(/\.$/, ""), namespace)) {
    const found = registry.find(name) === undefined ? registry.alias(name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** How a name leads to another by ExternalName Services. */
function chainOf({ through, last }: Alias): string {
  const [first = "", ...others] = [...through, last ?? ""];
  return `${first} is another name of ${others.join(", which is one of ")} (ExternalName)`;
}

/** Where a name leads that pods of a namespace call, or why it leads nowhere. */
function targetsOf(
  plane: IstioPlane,
  namespace: string,
  { host, port }: Address,
  named: string,
): End | readonly Target[] {
  const destination = resolveHost(plane.state, namespace, host);
  const alias = aliasNamed(plane, namespace, host);
  if (alias !== undefined && alias.last === undefined) {
    return end("refused", [{ text: `${host} leads back to itself (ExternalName ${alias.through.join(", ")})` }]);
  }
  const meant = alias?.last ?? host;
  if (destination.kind === "unknown" || (destination.kind === "outside" && isOfCluster(plane, meant))) {
    return end("refused", [{ text: noServiceOf(plane, namespace, meant, alias !== undefined) }]);
  }
  const ips: readonly (string | undefined)[] = destination.kind === "outside" ? [undefined] : destination.ips;
  if (ips.length === 0) return end("refused", [{ text: `${host} has no endpoints, so that its name leads nowhere` }]);
  const service = destination.kind === "service" ? destination.service : undefined;
  return ips.map((ip) => {
    const listeners = ip === undefined ? [] : listenersAt(plane, ip, port);
    return { ip, host, port, service, listeners, named };
  });
}

/** Where a name that no Service has leads from outside of the cluster; undefined where no gateway serves it. */
function ingressTargets(plane: IstioPlane, { host, port }: Address, named: string): readonly Target[] | undefined {
  if (resolveHost(plane.state, "", host).kind !== "outside") return undefined;
  const services = ingressServices(plane, host.toLowerCase(), port);
  if (services.length === 0) return undefined;
  return services.map((service) => ({ ip: service.clusterIp, host, port, service, listeners: [], named }));
}

const knownNamespaces = new WeakMap<IstioPlane, ReadonlySet<string>>();

/** Whether a name without a known top level is that of a namespace: no host outside is called so. */
function isOfCluster(plane: IstioPlane, host: string): boolean {
  const [, namespace = "", ...rest] = host.toLowerCase().split(".");
  if (rest.length > 0 || plane.registry.find(host) !== undefined) return false;
  let found = knownNamespaces.get(plane);
  if (found === undefined) {
    const { namespaces, pods, services, authorizationPolicies } = plane.state;
    found = new Set([
      ...namespaces.keys(),
      ...[...pods, ...services.values(), ...authorizationPolicies].map((one) => one.namespace),
    ]);
    knownNamespaces.set(plane, found);
  }
  return found.has(namespace);
}

/** Why a name, of an ExternalName Service or of a call, leads to no Service. */
function noServiceOf(plane: IstioPlane, namespace: string, name: string, isAlias: boolean): string {
  if (isAlias && isAddress(name)) return `${name} is an address: an ExternalName leads to names`;
  const whole = `${name}.svc.cluster.local`;
  if (isAlias && plane.registry.find(whole) !== undefined)
    return `DNS looks for ${name} outside of the cluster; ${whole} is a Service`;
  return `no Service has the name ${name}${didYouMean(plane, namespace, name)}`;
}

function didYouMean({ state }: IstioPlane, own: string, host: string): string {
  const [name = "", namespace = own] = host.toLowerCase().split(".");
  const near = nearNames(keyOf(namespace, name), state.services.keys()).map((key) =>
    key.split("/").reverse().join("."),
  );
  return near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
}

function callAddress(plane: IstioPlane, caller: Caller, target: Target, content: Content): CallTree {
  if (caller.kind === "outside") {
    const origin: Origin = { ip: caller.address, end: { kind: "anybody", ip: caller.address } };
    return callPlain(plane, origin, target, content, [
      { text: "the caller is outside of the mesh: it has no sidecar" },
    ]);
  }
  const clients = clientsOf(plane, keyOf(caller.namespace, caller.serviceAccount));
  const [only] = clients;
  if (clients.length === 1 && only !== undefined && !callsItself(only, target))
    return fromPods(plane, only, target, content);
  return choice<CallTree>(
    "endpoint",
    clients.flatMap((client) => fromClient(plane, client, target, content)),
  );
}

function callsItself({ pods }: Client, { ip }: Target): boolean {
  return ip !== undefined && pods.some(({ ips }) => ips.includes(ip));
}

/** Of pods that call alike those that call themselves apart from the others. */
function fromClient(
  plane: IstioPlane,
  client: Client,
  target: Target,
  content: Content,
): readonly { readonly weight: number; readonly tree: CallTree }[] {
  const { ip } = target;
  const own = ip === undefined ? [] : client.pods.filter(({ ips }) => ips.includes(ip));
  const others = client.pods.length - own.length;
  const branches = own.map(() => ({ weight: 1, tree: callItself(plane, target) }));
  if (own.length > 0 && others === 0) return branches;
  return [...branches, { weight: Math.max(others, 1), tree: fromPods(plane, client, target, content) }];
}

function callItself(plane: IstioPlane, { ip = "", port, host, service }: Target): CallTree {
  const because = [{ text: "a pod's calls to its own address bypass its sidecar" }];
  if (!plane.listens(ip, port)) {
    return end("refused", [...because, { text: `nothing listens on port ${String(port)} of ${host}` }]);
  }
  return end("allowed", because, service === undefined ? host : keyOf(service.namespace, service.name));
}

function fromPods(plane: IstioPlane, client: Client, target: Target, content: Content): CallTree {
  const { scope } = client;
  if (client.pods[0] !== undefined && plane.state.isAmbient(client.pods[0])) {
    const { service, host, port } = target;
    const backend = service === undefined ? `${host}:${String(port)}` : keyOf(service.namespace, service.name);
    return inAmbientMode(false, client.key, backend);
  }
  if (scope === undefined) {
    const because = [{ text: `the pods of ${client.key} have no sidecar` }];
    return callPlain(plane, originOf(plane, client), target, content, because);
  }
  if (leavesOutbound(client.pods[0], target)) {
    const because = [{ text: `annotations of the pods of ${client.key} let the call pass their sidecar by` }];
    return callPlain(plane, originOf(plane, client), target, content, because);
  }
  const [pod] = client.pods;
  const led = pod !== undefined && isGatewayPod(pod) ? ledByGateway(plane, client, target, content) : undefined;
  if (led !== undefined) return led;
  const past = pod === undefined ? undefined : runningAsSidecar(pod, sidecarUser);
  if (past === undefined || past.containers.length === 0) return throughSidecar(plane, client, scope, target, content);
  const plain = callPlain(plane, originOf(plane, client), target, content, [
    { text: takenForSidecar(client.key, past.containers, sidecarUser) },
  ]);
  if (past.all) return plain;
  return undefinedChoice<CallTree>("endpoint", [plain, throughSidecar(plane, client, scope, target, content)]);
}

/** What a route of a gateway comes to that leads to a Service: routes of sidecars are not asked. */
function ledByGateway(
  plane: IstioPlane,
  client: Client,
  { service, ip, port }: Target,
  content: Content,
): CallTree | undefined {
  const host = service && plane.registry.hostOf(service);
  const found = host?.ports.find(({ number }) => number === port);
  if (host === undefined || found === undefined) return undefined;
  const routed = content.authority !== undefined;
  return throughCluster(plane, client, { host, port: found, subset: "" }, { ip, port }, { ...content, routed })(client);
}

function originOf(plane: IstioPlane, client: Client): Origin {
  return { ip: addressOfClient(client), end: endOfClient(plane, client) };
}

function throughSidecar(plane: IstioPlane, client: Client, scope: Scope, target: Target, content: Content): CallTree {
  const own = ownListener(plane, client, scope, target, content);
  const { authority, tls } = content;
  const readable = authority !== undefined && tls === undefined;
  if (own !== undefined && !(own.port.protocol === "auto" && readable)) {
    return (
      byGatewayApi(plane, scope, own, content.routed) ?? throughConnection(plane, client, scope, target, own, content)
    );
  }
  const shared = own === undefined && hasHttpListener(plane, scope, target.port);
  if (own === undefined && !shared) {
    return passedOn(plane, client, scope, target, content, whyUnknown(plane, client, scope, target, content));
  }
  if (!readable) {
    // Its listener looks at the first bytes, and its other chain is the one for addresses that nobody knows.
    const why = `port ${String(target.port)} is HTTP to ${client.key}: bytes that are not HTTP go past its routes`;
    return passedOn(plane, client, scope, target, content, why);
  }
  const routing = { client, scope, port: target.port, ip: target.ip, authority };
  // A port that is found out has one host only, and any name leads there.
  const named: NamedHost | undefined = own ?? namedHost(plane, scope, target.port, target.named);
  const tree =
    named === undefined
      ? (throughUnknownHost(plane, routing, target.named) ??
        passedOn(
          plane,
          client,
          scope,
          target,
          { ...content, routed: true },
          `no host that ${client.key} is told of has the name ${JSON.stringify(authority)}`,
        ))
      : named.alias !== undefined
        ? throughAlias(plane, routing, named.alias, named)
        : throughHost(plane, routing, named.host, named.port);
  return readAsHttp(plane, tree);
}

/** Why a connection comes to no host that a sidecar is told of. */
function whyUnknown(plane: IstioPlane, { key }: Client, scope: Scope, { port }: Target, { tls }: Content): string {
  if (!isPortTold(plane, scope, port)) return `no host that ${key} is told of has port ${String(port)}`;
  const hosts = `of the hosts that ${key} is told of on port ${String(port)}`;
  if (tls === undefined) return `none ${hosts} is called at this address without TLS`;
  return tls.serverName === ""
    ? `none ${hosts} is called by TLS without a server name`
    : `none ${hosts} has the server name ${JSON.stringify(tls.serverName)}, or this address`;
}

/** A sidecar has read the request: it knows no CONNECT, and has brought the path into its normal form. */
function readAsHttp(plane: IstioPlane, tree: CallTree): CallTree {
  const form = plane.state.settings.pathNormalization;
  const read: CallTree = form === "NONE" ? tree : { kind: "normalised", form, tree };
  return { kind: "http", tree: read, connect };
}

const connect = noRoute("Istio writes no route that Envoy would give a CONNECT to");

/** A connection to one host's port, that is not read: by the VirtualServices' rules for connections, or else to the host. */
function throughConnection(
  plane: IstioPlane,
  client: Client,
  scope: Scope,
  { ip, port }: Target,
  { host, port: hostPort }: PortOfHost,
  content: Content,
): CallTree {
  for (const service of virtualServicesFor(plane, scope, host.host, port).connections) {
    const serverName = content.tls?.serverName;
    const rules = serverName === undefined || service.tls.length === 0 ? service.tcp : service.tls;
    for (const { matches, destinations } of rules) {
      const isMet =
        matches.length === 0 ||
        matches.some(
          (match) =>
            isForCaller(match, { client, scope, port }) &&
            (match.sniHosts.length === 0 || (serverName !== undefined && match.sniHosts.includes(serverName))),
        );
      if (isMet) return throughDestinations(plane, { client, scope, port, ip }, service, destinations, content)(client);
    }
  }
  return throughCluster(plane, client, { host, port: hostPort, subset: "" }, { ip, port }, content)(client);
}

/** A call to what the sidecar does not know: on to wherever it goes, as plain text, or an answer of its own. */
function passedOn(
  plane: IstioPlane,
  client: Client,
  { allowAny, sidecar }: Scope,
  target: Target,
  content: Content,
  text: string,
): CallTree {
  if (allowAny) {
    const because = [{ text: `${text}: it is passed on in plain text (ALLOW_ANY)` }];
    return callPlain(plane, originOf(plane, client), target, content, because);
  }
  const because: readonly Reason[] = [
    ...(sidecar === undefined
      ? []
      : [{ text: `Sidecar ${sidecar.namespace}/${sidecar.name}`, object: sidecar.object }]),
    { text: `${text}, and nothing else is let out (REGISTRY_ONLY)` },
  ];
  return content.routed ? { ...end("unavailable", because), status: 502 } : end("refused", because);
}

/** Whether an address is no Service's and no pod's, so that it is outside of the cluster. */
function isBeyond(plane: IstioPlane, ip: string, asked: ServiceState | undefined): boolean {
  return asked === undefined && plane.serviceOfIp(ip) === undefined && plane.podOfIp(ip) === undefined;
}

/** A connection without a sidecar's TLS, to wherever kube-proxy leads it. */
function callPlain(
  plane: IstioPlane,
  { ip: from, end: network }: Origin,
  { ip, host, port, service: asked }: Target,
  content: Content,
  because: readonly Reason[],
): CallTree {
  const { tls, routed } = content;
  if (ip === undefined || isBeyond(plane, ip, asked)) {
    const go = (): CallTree =>
      end("allowed", [...because, { text: "the destination is outside the cluster" }], `${host}:${String(port)}`);
    return throughNetwork(passageTo(plane, network, undefined, { ip, port }), routed, go);
  }
  const channel: Channel =
    tls === undefined ? { kind: "plain" } : { kind: "own", principal: tls.principal, serverName: tls.serverName };
  const called = endsOf(plane, { ip, port, host, asked });
  if (called.length === 0) return failure(routed, `nothing listens at ${host}:${String(port)}`, because);
  return choice<CallTree>(
    "endpoint",
    called.map((one) => {
      const pod = plane.podOfIp(one.ip);
      return {
        weight: 1,
        tree: throughNetwork(passageTo(plane, network, pod, one), routed, () =>
          withReasons(callServer(plane, pod, one, channel, content)(nobody(from)), because),
        ),
      };
    }),
  );
}

/** A caller without a sidecar, which has no identity of the mesh. */
function nobody(ip: string): Peer {
  return { principal: undefined, ip };
}

function withReasons(tree: CallTree, because: readonly Reason[]): CallTree {
  switch (tree.kind) {
    case "end":
    case "choice":
      return { ...tree, because: [...because, ...tree.because] };
    case "rules":
      return {
        ...tree,
        because: (rule) => [...because, ...tree.because(rule)],
        otherwise: { ...tree.otherwise, because: [...because, ...tree.otherwise.because] },
      };
    default:
      return { ...tree, tree: withReasons(tree.tree, because) };
  }
}
