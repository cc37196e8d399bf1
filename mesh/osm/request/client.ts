import { type OsmMesh } from "../mesh";
import { inRange } from "../proxy/filter-chains";
import { type Inbound } from "../proxy/inbound";
import { type Outbound, type Upstream } from "../proxy/outbound";
import { type AccountKey, type MeshService, type PodState, provesIdentity, type SplitPolicy } from "../state";
import { type CallTree, choice, end, failure, noRoute } from "./call-tree";
import { callPlain } from "./plain";
import { describe } from "./reasons";
import { callServer } from "./server";

/** Who calls. */
export interface Client {
  /** `name.namespace`, as in its certificate. */
  readonly identity: string;
  /** The account that OSM takes it for. */
  readonly account: AccountKey;
  /** Whether its namespace is in the mesh, so that it has a sidecar. */
  readonly inMesh: boolean;
  readonly pods: readonly PodState[];
}

/** Where a connection goes; without an address it leaves the cluster. */
export interface Target {
  readonly ip: string | undefined;
  readonly host: string;
  readonly port: number;
}

/**
 * A call from a pod to an address.
 *
 * @param authority Host header; undefined for a bare TCP connection.
 */
export function callAddress(mesh: OsmMesh, client: Client, target: Target, authority: string | undefined): CallTree {
  const sourceIp = client.pods[0]?.ips[0] ?? "";
  if (!client.inMesh) {
    return callPlain(mesh, target, sourceIp, authority, [
      { text: `namespace ${client.account.split("/")[0] ?? ""} is not in the mesh: the caller has no sidecar` },
    ]);
  }
  if (bypasses(mesh, client, target)) {
    return callPlain(mesh, target, sourceIp, authority, [{ text: "the call bypasses the caller's sidecar" }]);
  }
  // A pod's own services can break all that its sidecar is told, so that pods of one account may differ.
  const faults = faultsOf(mesh, client);
  return choice<CallTree>(
    "endpoint",
    faults.map(({ inbound, weight }) => ({
      weight,
      tree:
        inbound?.listenersRefused === undefined
          ? callFromSidecar(mesh, client, target, sourceIp, authority, inbound?.routesRefused)
          : end("refused", [{ text: inbound.listenersRefused }]),
    })),
  );
}

interface PodFault {
  readonly inbound: Inbound | undefined;
  weight: number;
}

const soundPod: readonly PodFault[] = [{ inbound: undefined, weight: 1 }];
const knownFaults = new WeakMap<Client, readonly PodFault[]>();

/** The client's pods by what is broken in what their sidecars are told. */
function faultsOf(mesh: OsmMesh, client: Client): readonly PodFault[] {
  let found = knownFaults.get(client);
  if (found === undefined) {
    const faults = new Map<string, PodFault>();
    for (const pod of client.pods) {
      const inbound = mesh.inbound(pod);
      const key = `${inbound.listenersRefused ?? ""}\0${inbound.routesRefused ?? ""}`;
      const known = faults.get(key);
      if (known === undefined) faults.set(key, { inbound, weight: 1 });
      else known.weight += 1;
    }
    found = faults.size === 0 ? soundPod : [...faults.values()];
    knownFaults.set(client, found);
  }
  return found;
}

/** Ports and addresses that the init container's iptables rules leave to themselves. */
function bypasses(mesh: OsmMesh, client: Client, target: Target): boolean {
  const { outboundPortExclusions, outboundIpExclusions, outboundIpInclusions } = mesh.state.switches;
  const { ip } = target;
  const annotations = client.pods[0]?.annotations;
  const listed = (name: string): readonly string[] => {
    const text = annotations?.[`openservicemesh.io/${name}`];
    return text === undefined ? [] : text.split(",").map((item) => item.trim());
  };
  if (outboundPortExclusions.includes(target.port)) return true;
  if (listed("outbound-port-exclusion-list").includes(String(target.port))) return true;
  if (ip === undefined) return false;
  const excluded = [...outboundIpExclusions, ...listed("outbound-ip-range-exclusion-list")];
  if (excluded.some((range) => inRange(ip, range))) return true;
  const included = [...outboundIpInclusions, ...listed("outbound-ip-range-inclusion-list")];
  return included.length > 0 && !included.some((range) => inRange(ip, range));
}

function callFromSidecar(
  mesh: OsmMesh,
  client: Client,
  target: Target,
  sourceIp: string,
  authority: string | undefined,
  podRoutesRefused: string | undefined,
): CallTree {
  const outbound = mesh.outbound(client.account);
  if (outbound.noListener !== undefined) return end("refused", [{ text: outbound.noListener }]);
  const chain = outbound.chains.pick({
    ip: target.ip ?? "",
    port: target.port,
    sourceIp,
    ...(authority !== undefined && { applicationProtocol: "http/1.1" }),
  });
  if (chain === undefined) {
    if (outbound.passthrough) {
      return callPlain(mesh, target, sourceIp, authority, [
        { text: "mesh-wide egress lets the call pass as plain text (MeshConfig spec.traffic.enableEgress)" },
      ]);
    }
    return end("refused", [
      { text: `no TrafficTarget lets ${client.account} reach ${target.host}:${String(target.port)}` },
    ]);
  }
  const { use } = chain;
  if (use.kind === "tcp") return throughUpstream(mesh, client, use.upstream, sourceIp, undefined);
  if (use.kind === "egress-tcp") return callPlain(mesh, target, sourceIp, authority, use.policies.map(describe));
  if (authority === undefined) {
    return end("refused", [{ text: `${chain.name()} speaks HTTP: bytes that are not HTTP end the connection` }]);
  }
  const tree = withRoutes(outbound, podRoutesRefused, () =>
    use.kind === "egress-http"
      ? throughEgress(mesh, outbound, target, sourceIp, authority)
      : throughVirtualHost(mesh, client, outbound, target, sourceIp, authority),
  );
  return { kind: "http", tree };
}

function throughVirtualHost(
  mesh: OsmMesh,
  client: Client,
  outbound: Outbound,
  target: Target,
  sourceIp: string,
  authority: string,
): CallTree {
  const upstream = outbound.virtualHost(target.port, authority);
  if (upstream === "refused") {
    return noRoute("Envoy refuses the caller's routes: two services on the port share a host name");
  }
  if (upstream === undefined) {
    return noRoute(
      `${JSON.stringify(authority)} is no host name by which ${client.account} may call a service on port ${String(target.port)}`,
    );
  }
  return throughUpstream(mesh, client, upstream, sourceIp, authority);
}

/** Answers 404 where the sidecar has no routes at all, and both ways where that depends on which split counts. */
function withRoutes(outbound: Outbound, podRoutesRefused: string | undefined, go: () => CallTree): CallTree {
  if (podRoutesRefused !== undefined) return noRoute(podRoutesRefused);
  const [always] = outbound.refusedRoutes;
  if (always !== undefined) return refusedBy(always);
  const [maybe] = outbound.maybeRefusedRoutes;
  if (maybe === undefined) return go();
  return choice<CallTree>("split", [
    { weight: 1, tree: go() },
    { weight: 1, tree: refusedBy(maybe) },
  ]);
}

function refusedBy(split: SplitPolicy): CallTree {
  return noRoute("its weights add up to 0, so that Envoy refuses every HTTP route of the sidecars that know its root", [
    describe(split),
  ]);
}

function throughUpstream(
  mesh: OsmMesh,
  client: Client,
  upstream: Upstream,
  sourceIp: string,
  authority: string | undefined,
): CallTree {
  const http = authority !== undefined;
  return choice<CallTree>(
    "split",
    upstream.distributions.map(({ split, clusters }) => {
      const because = split === undefined ? [] : [describe(split)];
      // A lone TCP cluster is used whatever its weight.
      const used = !http && clusters.length === 1 ? clusters : clusters.filter(({ weight }) => weight > 0);
      if (used.length === 0) return { weight: 1, tree: failure(http, "the split leaves no backend", because) };
      const branches = used.map(({ cluster, backend, weight }) => ({
        weight: Math.max(weight, 1),
        tree: throughCluster(mesh, client, upstream, cluster, backend, sourceIp, authority),
      }));
      return { weight: 1, tree: choice<CallTree>("split", branches, because) };
    }),
  );
}

function throughCluster(
  mesh: OsmMesh,
  client: Client,
  upstream: Upstream,
  cluster: string,
  backend: string,
  sourceIp: string,
  authority: string | undefined,
): CallTree {
  const http = authority !== undefined;
  const service = mesh.outbound(client.account).clusters.get(cluster);
  if (service === undefined) {
    return failure(http, `no TrafficTarget lets ${client.account} reach the backend ${backend}`);
  }
  const ips = allowedEndpoints(mesh, client, service);
  if (ips.length === 0) {
    const text =
      mesh.endpointIps(service).length > 0
        ? `no TrafficTarget with kind ServiceAccount on both sides lets ${client.account} reach the pods of ${backend}`
        : `${backend} has no endpoints`;
    return failure(http, text, upstream.targets.map(describe));
  }
  const call = (ip: string): CallTree =>
    callServer(mesh, client, { service, backend, ip, port: service.targetPort, sourceIp }, authority);
  const [only = ""] = ips;
  if (ips.length === 1) return call(only);
  // Pods that are told the same answer the same.
  const groups = new Map<string, { readonly ip: string; weight: number }>();
  for (const ip of ips) {
    const [pod] = mesh.catalog.podsOfIp(ip);
    const key =
      pod === undefined ? "" : `${mesh.inbound(pod).id}|${String(provesIdentity(mesh.catalog, service.service, pod))}`;
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
function allowedEndpoints(mesh: OsmMesh, client: Client, service: MeshService): readonly string[] {
  const ips = mesh.endpointIps(service);
  if (mesh.state.switches.permissive) return ips;
  const reachable = mesh.targets.reachableAccounts(client.account);
  return ips.filter((ip) =>
    mesh.catalog.podsOfIp(ip).some((pod) => reachable.has(`${pod.namespace}/${pod.serviceAccount}`)),
  );
}

function throughEgress(
  mesh: OsmMesh,
  outbound: Outbound,
  target: Target,
  sourceIp: string,
  authority: string,
): CallTree {
  const host = outbound.egressHost(target.port, authority);
  if (host === "refused") return noRoute("Envoy refuses the caller's egress routes: two policies name the same host");
  if (host === undefined) return noRoute(`no Egress names the host ${JSON.stringify(authority)}`);
  const because = [describe(host.policy)];
  const onward = callPlain(mesh, { ...target, host: host.host }, sourceIp, authority, because);
  return { kind: "egress-routes", routes: host.routes, onward, because };
}
