import { type CallTree, type Content, end, failure, noRoute, undefinedChoice } from "../../analysis/call-tree";
import { type PodState } from "../../cluster/workloads";
import { describeObject } from "../../manifests";
import { type Reason } from "../../request/request";
import { authorization } from "../authorization/decision";
import { type Peer } from "../authorization/peer";
import { matchesHost } from "../host-patterns";
import { type IstioPlane } from "../plane";
import { type GatewayState } from "../state/gateways";
import { isExportedTo } from "../state/named";
import { type VirtualServiceState } from "../state/virtual-services";
import { accountOf, clientsOf } from "./client";
import { isPlain, type OpenPort, serversOf } from "./gateway-servers";
import { throughVirtualServices } from "./routes";
import { scopeOf } from "./scope";
import { type Called, type Channel } from "./server";
import { hostOf, reach, resolveName } from "./virtual-hosts";

/** The name of `namespace/name` in a server's hosts, which may begin with `*`. */
export function servedName(entry: string): string {
  return entry.slice(entry.indexOf("/") + 1);
}

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
  { routed, authority, tls }: Content,
): (caller: Peer) => CallTree {
  const answer = (tree: CallTree) => (): CallTree => tree;
  const { ip, port, backend } = called;
  const open = serversOf(plane, pod).opened.filter(({ target }) => target === port);
  if (open.length === 0) return answer(failure(routed, `no Gateway opens port ${String(port)} of ${backend}`));
  const because = open.map(({ gateway }): Reason => reasonOf(gateway));
  const secure = open.every(({ server }) => server.endsTls);
  if (!secure && !open.every(({ server }) => isPlain(server))) {
    const text = `port ${String(port)} of ${backend} is TLS or bytes, which are not followed through a gateway here`;
    return answer(
      undefinedChoice<CallTree>(
        "not-followed",
        [end("allowed", because), failure(routed, text, because)],
        [...because, { text }],
      ),
    );
  }
  const taken = secure ? forServerName(open, channel) : channel.kind === "plain" && tls === undefined ? open : [];
  if (taken.length === 0 || authority === undefined) {
    const takes = secure ? "HTTP in TLS to a name that a Gateway has" : "HTTP in plain text";
    return answer(failure(routed, `port ${String(port)} of ${backend} takes ${takes}`, because));
  }
  const form = plane.state.settings.pathNormalization;
  const sending = {
    serverName: secure ? tls?.serverName : undefined,
    authority,
    destination: { ip, port },
    shadow: undefined,
  };
  return (caller) => {
    const onward = (reasons: readonly Reason[]): CallTree => passedOn(plane, pod, called, taken, authority, reasons);
    // No client certificate is asked for, so that nobody has an identity here.
    const peer: Peer = { principal: undefined, ip: caller.ip };
    const tree = authorization(plane.policiesOf(pod), sending, plane.state.settings, backend, onward)(peer);
    return form === "NONE" || tree.kind === "end" ? tree : { kind: "normalised", form, tree };
  };
}

/** The servers that end a caller's own TLS: of those with its server name the ones that say it most narrowly, as Envoy chooses filter chains. */
function forServerName(open: readonly OpenPort[], channel: Channel): readonly OpenPort[] {
  if (channel.kind !== "own") return [];
  const matching = open.flatMap((one) =>
    one.server.hosts
      .map(servedName)
      .flatMap((name) => (matchesHost(name, channel.serverName.toLowerCase()) ? [{ one, rank: rank(name) }] : [])),
  );
  const best = Math.max(...matching.map((found) => found.rank));
  return [...new Set(matching.filter((found) => found.rank === best).map(({ one }) => one))];
}

/** Gateways whose requests are being followed, by their pods' addresses: one that leads to itself would never end. */
const following = new WeakMap<IstioPlane, Set<string>>();

/** A request that the gateway's own policies let in: by the VirtualServices of its Gateways. */
function passedOn(
  plane: IstioPlane,
  pod: PodState,
  { ip, backend }: Called,
  open: readonly OpenPort[],
  authority: string,
  because: readonly Reason[],
): CallTree {
  if (open.some(({ server }) => server.redirects)) {
    return { ...end("no-route", [...because, { text: "the Gateway sends plain text to HTTPS" }]), status: 301 };
  }
  const name = hostOf(authority);
  const services = servicesFor(plane, pod, open, name);
  if (services.length === 0) {
    return noRoute(`no route of the gateway ${backend} is for the host ${name}`, because);
  }
  let active = following.get(plane);
  if (active === undefined) following.set(plane, (active = new Set()));
  if (active.has(ip)) {
    const text = `${backend} leads to itself`;
    const ends = [end("allowed", because), failure(true, text, because)];
    return undefinedChoice<CallTree>("not-followed", ends, [
      ...because,
      { text: `${text}, which is not followed here` },
    ]);
  }
  active.add(ip);
  try {
    const client = clientsOf(plane, accountOf(pod)).find(({ pods }) => pods.includes(pod));
    if (client === undefined) return failure(true, `the pod ${backend} is not known`, because);
    const routing = {
      client,
      scope: client.scope ?? scopeOf(plane, pod.namespace, pod),
      port: open[0]?.server.port ?? 0,
      ip: undefined,
      authority,
      gateways: new Set(open.map(({ gateway }) => `${gateway.namespace}/${gateway.name}`)),
    };
    const calls = throughVirtualServices(plane, routing, services);
    if (calls !== undefined) return calls(client);
    const named = services.map(({ object }) => describeObject(object)).join(", ");
    return noRoute(`${named}: no rule is for the gateway ${backend}`, because);
  } finally {
    active.delete(ip);
  }
}

/**
 * The VirtualServices that count for a host, in istiod's order: those with its name, or else with the longest pattern that takes it in; of these
 * the ones for a namespace's own gateways first, and then the oldest (model/push_context.go, VirtualServicesForGateway).
 */
function servicesFor(
  plane: IstioPlane,
  pod: PodState,
  open: readonly OpenPort[],
  name: string,
): readonly VirtualServiceState[] {
  const found = plane.state.virtualServices.flatMap((service) =>
    isExportedTo(service, pod.namespace)
      ? domainsOf(service, open).flatMap((domain) => (matchesHost(domain, name) ? [{ service, domain }] : []))
      : [],
  );
  const best = Math.max(...found.map(({ domain }) => rank(domain)));
  const counting = new Set(found.filter(({ domain }) => rank(domain) === best).map(({ service }) => service));
  return [...counting].sort((a, b) => reach(a) - reach(b));
}

/** A name before any pattern, of patterns the longer first. */
function rank(domain: string): number {
  return domain.startsWith("*") ? domain.length : Number.MAX_SAFE_INTEGER;
}

/** What a VirtualService's hosts and those of its Gateways' servers have in common: of two patterns the narrower. */
export function domainsOf(service: VirtualServiceState, open: readonly OpenPort[]): readonly string[] {
  return open.flatMap(({ gateway, server }) => {
    if (!service.gateways.includes(`${gateway.namespace}/${gateway.name}`)) return [];
    return server.hosts.flatMap((entry) => {
      const slash = entry.indexOf("/");
      const space = slash < 0 ? "*" : entry.slice(0, slash);
      const pattern = servedName(entry);
      if (space !== "*" && (space === "." ? gateway.namespace : space) !== service.namespace) return [];
      return service.hosts.flatMap((one) => {
        const host = resolveName(one, service.namespace);
        return matchesHost(pattern, host) ? [host] : matchesHost(host, pattern) ? [pattern] : [];
      });
    });
  });
}

function reasonOf({ object }: GatewayState): Reason {
  return { text: describeObject(object), object };
}
