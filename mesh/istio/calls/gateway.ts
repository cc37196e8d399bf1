import { type CallTree, type Content, end, failure, noRoute, undefinedChoice } from "../../analysis/call-tree";
import { type PodState } from "../../cluster/workloads";
import { pickChain } from "../../envoy/filter-chains";
import { describeObject } from "../../manifests";
import { type Reason } from "../../request/request";
import { authorization } from "../authorization/decision";
import { type Peer } from "../authorization/peer";
import { type IstioPlane } from "../plane";
import { type GatewayState } from "../state/gateways";
import { accountOf, type Calls, type Client, clientsOf } from "./client";
import { hostFor } from "./gateway-hosts";
import { type GatewayChain, listenerOf } from "./gateway-listeners";
import { throughDestinations, throughVirtualServices } from "./routes";
import { type Scope, scopeOf } from "./scope";
import { asAnswered, type Called, type Channel } from "./server";
import { hostOf } from "./virtual-hosts";

/**
 * What a gateway does with a connection to a port of its, by who calls. It opens the ports that Gateways say, in plain text whatever
 * PeerAuthentications say, or by TLS of the caller's own, and passes on by the routes that VirtualServices have for these Gateways
 * (pilot/pkg/networking/core/gateway.go).
 */
export function callGateway(
  plane: IstioPlane,
  pod: PodState,
  called: Called,
  channel: Channel,
  content: Content,
): (caller: Peer) => CallTree {
  const { routed } = content;
  const { ip, port, backend } = called;
  const always = (tree: CallTree) => (): CallTree => tree;
  const listener = listenerOf(plane, pod, port);
  if (listener === undefined) return always(failure(routed, `no Gateway opens port ${String(port)} of ${backend}`));
  const unfollowed = (text: string, servers: GatewayChain["servers"]): (() => CallTree) => {
    const because = [...reasonsOf(servers), { text }];
    return always(
      undefinedChoice<CallTree>(
        "not-followed",
        [end("allowed", because), failure(routed, undefined, because)],
        because,
      ),
    );
  };
  if (listener.clashes) {
    const text = `Envoy refuses what is said of port ${String(port)} of ${backend}: two servers or routes take the same server names`;
    return unfollowed(
      text,
      listener.chains.flatMap(({ servers }) => servers),
    );
  }
  const serverName = channel.kind === "plain" ? undefined : channel.serverName.toLowerCase();
  const chain = pickChain(listener.chains, {
    ip,
    port,
    sourceIp: "",
    ...(listener.readsNames && serverName !== undefined && { serverName }),
  });
  if (chain === undefined) {
    const names = serverName === undefined ? "plain text" : `the server name ${JSON.stringify(serverName)}`;
    const because = reasonsOf(listener.chains.flatMap(({ servers }) => servers));
    return always(failure(routed, `port ${String(port)} of ${backend} does not take ${names}`, because));
  }
  const [first] = chain.servers;
  const kind = first?.server.kind;
  if (kind === "other") {
    return unfollowed(
      `port ${String(port)} of ${backend} asks callers for certificates, or is TLS of another kind that is not followed here`,
      chain.servers,
    );
  }
  const sending = {
    destination: { ip, port },
    shadow: undefined,
    ...(serverName !== undefined && listener.readsNames && { serverName }),
  };
  const policies = plane.policiesOf(pod);
  const { settings } = plane.state;
  // No client certificate is asked for, so that nobody has an identity here.
  const anonymous = ({ ip: from }: Peer): Peer => ({ principal: undefined, ip: from });
  const endsTls = kind === "https" || kind === "tls";
  const because = reasonsOf(chain.servers);
  if (endsTls && channel.kind !== "own") {
    return always(failure(routed, `port ${String(port)} of ${backend} takes the caller's own TLS`, because));
  }
  const { rule } = chain;
  if (rule !== undefined && channel.kind === "mutual") {
    return unfollowed(
      `port ${String(port)} of ${backend} passes a sidecar's TLS on, which is not followed here`,
      chain.servers,
    );
  }
  if (rule !== undefined) {
    const inside: Content = { routed: false, authority: content.authority, tls: endsTls ? undefined : content.tls };
    const onward = throughGateway(plane, pod, called, because, (own) =>
      throughDestinations(
        plane,
        { ...own, port: first?.server.port ?? port, ip: undefined, gateways: new Set() },
        rule.service,
        rule.destinations,
        inside,
      ),
    );
    const answer = authorization(
      policies,
      { ...sending, serverName: sending.serverName, authority: undefined },
      settings,
      backend,
      onward,
    );
    return (caller) => asAnswered(answer(anonymous(caller)), routed);
  }
  const { authority } = content;
  if (authority === undefined || (kind === "http" && channel.kind !== "plain")) {
    const takes = endsTls ? "HTTP in TLS" : "HTTP in plain text";
    return always(failure(routed, `port ${String(port)} of ${backend} takes ${takes}`, because));
  }
  const { pathNormalization: form } = settings;
  const name = hostOf(authority);
  const onward = throughGateway(plane, pod, called, because, (own, reasons) => {
    const host = hostFor(plane, { ...own, pod }, chain.servers, name);
    if (host === undefined) return () => noRoute(`no route of the gateway ${backend} is for the host ${name}`, reasons);
    if (host.redirects && kind === "http") {
      const tree = { ...end("no-route", [...reasons, { text: "the Gateway sends plain text to HTTPS" }]), status: 301 };
      return () => tree;
    }
    const calls = throughVirtualServices(plane, { ...own, ip: undefined, authority }, host.routes);
    return calls ?? (() => noRoute(`no rule is for the host ${name} at the gateway ${backend}`, reasons));
  });
  const answer = authorization(
    policies,
    { ...sending, serverName: sending.serverName, authority },
    settings,
    backend,
    onward,
  );
  return (caller) => {
    const tree = answer(anonymous(caller));
    return form === "NONE" || tree.kind === "end" ? tree : { kind: "normalised", form, tree };
  };
}

/** Gateways whose calls are being followed, by their pods' addresses: one that leads to itself would never end. */
const following = new WeakMap<IstioPlane, Set<string>>();

/** What the gateway's own policies let in goes on as a call of its pod. */
function throughGateway(
  plane: IstioPlane,
  pod: PodState,
  { ip, backend }: Called,
  because: readonly Reason[],
  calls: (own: { readonly client: Client; readonly scope: Scope }, because: readonly Reason[]) => Calls,
): (reasons: readonly Reason[]) => CallTree {
  return (reasons) => {
    const all = [...because, ...reasons];
    let active = following.get(plane);
    if (active === undefined) following.set(plane, (active = new Set()));
    if (active.has(ip)) {
      const text = `${backend} leads to itself`;
      const ends = [end("allowed", all), failure(true, text, all)];
      return undefinedChoice<CallTree>("not-followed", ends, [...all, { text: `${text}, which is not followed here` }]);
    }
    active.add(ip);
    try {
      const client = clientsOf(plane, accountOf(pod)).find(({ pods }) => pods.includes(pod));
      if (client === undefined) return failure(true, `the pod ${backend} is not known`, all);
      return calls({ client, scope: client.scope ?? scopeOf(plane, pod.namespace, pod) }, all)(client);
    } finally {
      active.delete(ip);
    }
  };
}

function reasonsOf(servers: GatewayChain["servers"]): readonly Reason[] {
  return [...new Set(servers.map(({ gateway }) => gateway))].map(reasonOf);
}

function reasonOf({ object }: GatewayState): Reason {
  return { text: describeObject(object), object };
}
