import { type CallTree } from "../analysis/call-tree";
import { clusterObjectFindings } from "../analysis/cluster-objects";
import { unreadIpv6 } from "../analysis/ipv6";
import { type Mesh, type ServicePort, type Unread } from "../analysis/mesh";
import { networkPolicyAdmission, unreadNetworkPolicies } from "../analysis/network-policy-objects";
import { type AccountKey, keyOf } from "../cluster/keys";
import { memoOnce } from "../cluster/look-up";
import { type AskedService } from "../cluster/dns";
import { type Manifests } from "../manifests";
import { textAt } from "../manifests/inside";
import { admissionFindings, istioGroups } from "./admission";
import { authoritiesFor } from "./authorities";
import { boundary } from "./boundary";
import { limitsOf } from "./call-limits";
import { callerClasses } from "./caller-classes";
import { callFrom } from "./calls/call";
import { accountOf } from "./calls/client";
import { istioExtent } from "./extent";
import { ambientLabel } from "./injection";
import { findings } from "./findings";
import { istioKinds } from "./kinds";
import { type IstioPlane, istioPlane } from "./plane";
import { matchesHost } from "./host-patterns";
import { notFollowed } from "./not-followed";
import { type EgressState } from "./state/sidecars";
import { hostOfService, servicePorts } from "./registry";
import { allCallers, relation } from "./relation";

/** A mesh of Istio's sidecars. */
export interface IstioMesh extends Mesh, IstioPlane {}

/**
 * Works out what Istio 1.31's sidecars would do for the objects; 1.28 to 1.30, with the patches of 2026, do the same.
 *
 * @param asked Services that requests will name; they are assumed to exist where the objects have no Service at all.
 */
export function istioMesh(
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
  asked: readonly AskedService[] = [],
): IstioMesh {
  const plane = istioPlane(manifests, asked);
  const { state, registry } = plane;
  const callers = memoOnce(() => allCallers(plane));
  const classes = memoOnce(() => callerClasses(plane, callers()));
  const whole = memoOnce(() => relation(plane, callers(), classes()));
  const authorities = new Map<string, readonly string[]>();
  const trees = new Map<string, CallTree>();
  const mesh: IstioMesh = {
    ...plane,
    assumptions: state.assumptions,
    unmetAssumptions: () => new Map(),
    unread: [
      ...unreadNetworkPolicies(manifests),
      ...unreadIpv6(manifests),
      ...unreadFilters(state),
      ...unreadHeaders(state),
      ...unreadRoutes(state),
      ...unreadKinds(state),
      ...unreadSidecars(plane),
      ...entriesOfServices(plane),
      ...notFollowed(state),
      ...unreadAmbient(manifests.objects),
    ],
    problems: state.problems,
    positions: state.positions,
    extent: istioExtent(state.settings.pathNormalization),
    pathNormalization: state.settings.pathNormalization,
    everyone: undefined,
    access: whole,
    boundary: memoOnce(() => boundary(plane)),
    callTree: (from, to, sent) => {
      const who = from.kind === "outside" ? from.address : keyOf(from.namespace, from.serviceAccount);
      const key = [who, to.host, to.port, sent.authority ?? "\0", sent.serverName ?? "\0", sent.principal ?? "\0"].join(
        "\0",
      );
      let tree = trees.get(key);
      if (tree === undefined) trees.set(key, (tree = callFrom(plane, from, to, sent)));
      return tree;
    },
    authorities: (to, answeredBy) => {
      const key = [to.service, ...(to.service === "" ? [to.host, to.port, to.tls?.serverName] : []), answeredBy].join();
      let found = authorities.get(key);
      if (found === undefined) authorities.set(key, (found = authoritiesFor(plane, to, answeredBy)));
      return found;
    },
    likeness: ({ service, port }) => {
      const host = hostOfService(plane, service);
      const found = host?.ports.find(({ number }) => number === port);
      return host === undefined || found === undefined ? (caller) => caller : classes().keyAt(host, found);
    },
    limitsOf: (call) => limitsOf(plane, call),
    // The relation has all that passes: sidecars are told of every Service, and policies decide.
    hasOtherWays: () => false,
    ownCalls: () => ownCalls(plane),
    knownAccounts: memoOnce(() => {
      if (state.podsAssumed && state.accounts.size === 0) return undefined;
      return new Set([...whole().callers, ...state.accounts, ...state.pods.map(accountOf)]);
    }),
    accountsBehind: ({ service }) => {
      const host = hostOfService(plane, service);
      if (host === undefined) return [];
      const pods = host.ports
        .flatMap((port) => registry.endpoints(host, port))
        .flatMap(({ ip }) => plane.podOfIp(ip) ?? []);
      return [...new Set(pods.map(accountOf))];
    },
    admissionFindings: memoOnce(() => [
      ...admissionFindings(manifests),
      ...clusterObjectFindings(manifests, istioKinds, istioGroups),
      ...networkPolicyAdmission(manifests),
    ]),
    findings: memoOnce(() => findings(mesh, manifests)),
  };
  return mesh;
}

/** Changes of Envoy's configuration, but for the shadow rules and rates of a conversion. Those of the root namespace are for all pods. */
function unreadFilters({ envoyFilters, rootNamespace }: IstioPlane["state"]): readonly Unread[] {
  return envoyFilters
    .filter(({ shadow, rates }) => shadow === undefined && rates === undefined)
    .map(({ object, namespace }) => ({
      object,
      namespace: namespace === rootNamespace ? undefined : namespace,
      layer: "sidecar",
    }));
}

/** RequestAuthentications that write what a token says into headers which policies ask for. */
function unreadHeaders({ requestAuthentications, authorizationPolicies }: IstioPlane["state"]): readonly Unread[] {
  const writing = requestAuthentications.filter(({ writes }) => writes.length > 0);
  if (writing.length === 0) return [];
  const asked = new Set(
    authorizationPolicies.flatMap(({ rules }) => rules.flatMap(({ when }) => when.map(({ key }) => key.toLowerCase()))),
  );
  return writing
    .filter(({ writes }) => writes.some((name) => asked.has(`request.headers[${name}]`)))
    .map(({ object }) => ({ object, namespace: undefined, layer: "sidecar" }));
}

/** Routes of the Gateway API that take over connections to Services. */
function unreadRoutes({ serviceRoutes }: IstioPlane["state"]): readonly Unread[] {
  return serviceRoutes.map(({ object, namespace, services, leadsElsewhere }) => ({
    object,
    namespace: leadsElsewhere || services.some((one) => one.namespace !== namespace) ? undefined : namespace,
    layer: "sidecar",
  }));
}

/** Objects of kinds that are not read; those of the root namespace are for all pods. */
function unreadKinds({ unread, rootNamespace }: IstioPlane["state"]): readonly Unread[] {
  return unread.map(({ object, namespace }) => ({
    object,
    namespace: namespace === rootNamespace ? undefined : namespace,
    layer: "sidecar",
  }));
}

/**
 * Sidecars that say which ports their pods take calls on, and those whose listeners take calls otherwise than the Services' ports would have them: requests
 * as bytes, bytes as requests, by their Host headers or by the address alone, or at another address (pilot/pkg/networking/core/listener.go,
 * buildSidecarOutboundListeners).
 */
function unreadSidecars({ state: { sidecars, rootNamespace }, registry }: IstioPlane): readonly Unread[] {
  const takes = ({ hosts }: EgressState, name: string): boolean =>
    hosts.some((host) => matchesHost(host.slice(host.indexOf("/") + 1), name));
  const isOther = (listener: EgressState, forAllPorts: EgressState | undefined): boolean => {
    const { port, protocol, isApart } = listener;
    if (isApart || protocol === undefined) return isApart;
    return registry.hosts.some(({ host, ports }) => {
      const found = ports.find((one) => one.number === port && one.protocol !== "udp");
      if (found === undefined) return false;
      if (found.protocol !== protocol && takes(listener, host)) return true;
      // What is found out of a port that the list for all ports opens is half known to this one.
      return found.protocol === "auto" && forAllPorts !== undefined && takes(forAllPorts, host);
    });
  };
  return sidecars
    .filter(({ hasIngress, egress }) => {
      const forAllPorts = egress.find(({ port }) => port === undefined);
      return hasIngress || egress.some((listener) => isOther(listener, forAllPorts));
    })
    .map(({ object, namespace }) => ({
      object,
      namespace: namespace === rootNamespace ? undefined : namespace,
      layer: "sidecar",
    }));
}

/** ServiceEntries that have the name of a Service: istiod puts the ports of both together, which is not followed. */
function entriesOfServices({ state, registry }: IstioPlane): readonly Unread[] {
  return state.serviceEntries
    .filter(({ hosts }) => hosts.some((host) => registry.find(host)?.service !== undefined))
    .map(({ object }) => ({ object, namespace: undefined, layer: "sidecar" }));
}

/** Namespaces and workloads in ambient mode. */
function unreadAmbient(objects: Manifests["objects"]): readonly Unread[] {
  return objects
    .filter((object) => {
      const { kind } = object;
      const path = kind === "Namespace" || kind === "Pod" ? [] : ["spec", "template"];
      return textAt(object, ...path, "metadata", "labels", ambientLabel) === "ambient";
    })
    .map((object) => ({
      object,
      namespace: object.kind === "Namespace" ? object.metadata.name : object.metadata.namespace,
      layer: "sidecar",
    }));
}

/** The pods behind a headless Service's name reach themselves by it, around their own sidecars. */
function* ownCalls({
  registry,
  podOfIp,
}: IstioPlane): Iterable<{ readonly caller: AccountKey; readonly service: ServicePort }> {
  for (const host of registry.hosts) {
    if (host.service === undefined || !host.passthrough) continue;
    for (const port of host.ports) {
      for (const { ip } of registry.endpoints(host, port)) {
        const pod = podOfIp(ip);
        if (pod === undefined) continue;
        for (const service of servicePorts(host, port)) yield { caller: accountOf(pod), service };
      }
    }
  }
}
