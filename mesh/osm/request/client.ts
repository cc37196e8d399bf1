import { type OsmMesh } from "../mesh";
import { inRange, pickChain } from "../proxy/filter-chains";
import { type Distribution, endpointIps, type Outbound, type Upstream } from "../proxy/outbound";
import { type AccountKey, type PodState, type SplitPolicy } from "../state";
import { callPlain } from "./plain";
import { type HttpRequest, routeMatches } from "./match";
import { choice, type OutcomeTree } from "./outcome-tree";
import { type Reason } from "./request";
import { describe, targetReason } from "./reasons";
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

/** A call from a pod to an address. Without a request it is a bare TCP connection. */
export function callAddress(
  mesh: OsmMesh,
  client: Client,
  target: Target,
  request: HttpRequest | undefined,
): OutcomeTree {
  const sourceIp = client.pods[0]?.ips[0] ?? "";
  if (!client.inMesh) {
    return callPlain(mesh, target, sourceIp, request, [
      { text: `namespace ${client.account.split("/")[0] ?? ""} is not in the mesh: the caller has no sidecar` },
    ]);
  }
  if (bypasses(mesh, client, target)) {
    return callPlain(mesh, target, sourceIp, request, [{ text: "the call bypasses the caller's sidecar" }]);
  }
  // A pod's own services can break all that its sidecar is told, so that pods of one account may differ.
  const faults = new Map<string, number>();
  for (const pod of client.pods) {
    const { listenersRefused, routesRefused } = mesh.inbound(pod);
    const key = JSON.stringify([listenersRefused ?? null, routesRefused ?? null]);
    faults.set(key, (faults.get(key) ?? 0) + 1);
  }
  if (faults.size === 0) faults.set("[null,null]", 1);
  return choice(
    "endpoint",
    [...faults].map(([key, weight]) => {
      const [listeners, routes] = JSON.parse(key) as [string | null, string | null];
      const tree: OutcomeTree =
        listeners === null
          ? callFromSidecar(mesh, client, target, sourceIp, request, routes)
          : { outcome: "refused", because: [{ text: listeners }] };
      return { weight, tree };
    }),
  );
}

/** Ports and addresses that the init container's iptables rules leave to themselves. */
function bypasses(mesh: OsmMesh, client: Client, target: Target): boolean {
  const { outboundPortExclusions, outboundIpExclusions, outboundIpInclusions } = mesh.state.switches;
  const { ip } = target;
  const listed = (name: string): readonly string[] =>
    (client.pods[0]?.annotations[`openservicemesh.io/${name}`] ?? "")
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  const ports = [...outboundPortExclusions.map(String), ...listed("outbound-port-exclusion-list")];
  if (ports.includes(String(target.port))) return true;
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
  request: HttpRequest | undefined,
  podRoutesRefused: string | null,
): OutcomeTree {
  const outbound = mesh.outbound(client.account);
  if (outbound.noListener !== undefined) {
    return { outcome: "refused", because: [{ text: outbound.noListener }] };
  }
  const chain = pickChain(outbound.chains, {
    ip: target.ip ?? "",
    port: target.port,
    sourceIp,
    ...(request !== undefined && { applicationProtocol: "http/1.1" }),
  });
  if (chain === undefined) {
    if (outbound.passthrough) {
      return callPlain(mesh, target, sourceIp, request, [
        { text: "mesh-wide egress lets the call pass as plain text (MeshConfig spec.traffic.enableEgress)" },
      ]);
    }
    return {
      outcome: "refused",
      because: [{ text: `no TrafficTarget lets ${client.account} reach ${target.host}:${String(target.port)}` }],
    };
  }
  const { use } = chain;
  switch (use.kind) {
    case "tcp":
      return throughUpstream(mesh, client, use.upstream, sourceIp, undefined, use.upstream.distributions);
    case "egress-tcp":
      return callPlain(mesh, target, sourceIp, request, use.policies.map(describe));
    default:
  }
  if (request === undefined) {
    return {
      outcome: "refused",
      because: [{ text: `${chain.name} speaks HTTP: bytes that are not HTTP end the connection` }],
    };
  }
  return withRoutes(outbound, podRoutesRefused, () => {
    if (use.kind === "egress-http") return throughEgress(mesh, outbound, use.port, target, sourceIp, request);
    const upstream = outbound.virtualHost(target.port, request.authority);
    if (upstream === "refused") {
      return noRoute("Envoy refuses the caller's routes: two services on the port share a host name");
    }
    if (upstream === undefined) {
      return noRoute(
        `${JSON.stringify(request.authority)} is no host name by which ${client.account} may call a service on port ${String(target.port)}`,
      );
    }
    return throughUpstream(mesh, client, upstream, sourceIp, request, upstream.distributions);
  });
}

/** Answers 404 where the sidecar has no routes at all, and both ways where that depends on which split counts. */
function withRoutes(outbound: Outbound, podRoutesRefused: string | null, go: () => OutcomeTree): OutcomeTree {
  if (podRoutesRefused !== null) return noRoute(podRoutesRefused);
  const [always] = outbound.refusedRoutes;
  if (always !== undefined) return refusedBy(always);
  const [maybe] = outbound.maybeRefusedRoutes;
  if (maybe === undefined) return go();
  return choice("split", [
    { weight: 1, tree: go() },
    { weight: 1, tree: refusedBy(maybe) },
  ]);
}

function refusedBy(split: SplitPolicy): OutcomeTree {
  const reason = describe(split);
  return {
    outcome: "no-route",
    because: [
      reason,
      { text: "its weights add up to 0, so that Envoy refuses every HTTP route of the sidecars that know its root" },
    ],
  };
}

/** A sidecar's answer where no route matches. */
export function noRoute(text: string, because: readonly Reason[] = []): OutcomeTree {
  return { outcome: "no-route", because: [...because, { text }] };
}

function throughUpstream(
  mesh: OsmMesh,
  client: Client,
  upstream: Upstream,
  sourceIp: string,
  request: HttpRequest | undefined,
  distributions: readonly Distribution[],
): OutcomeTree {
  return choice(
    "split",
    distributions.map(({ split, clusters }) => {
      const because = split === undefined ? [] : [describe(split)];
      const live = clusters.filter(({ weight }) => weight > 0);
      // A lone TCP cluster is used whatever its weight.
      const used = request === undefined && clusters.length === 1 ? clusters : live;
      if (used.length === 0) return { weight: 1, tree: failure(request, "the split leaves no backend", because) };
      const tree = choice(
        "split",
        used.map(({ cluster, backend, weight }) => ({
          weight: Math.max(weight, used.length === 1 ? 1 : 0),
          tree: throughCluster(mesh, client, upstream, cluster, backend, sourceIp, request),
        })),
        because.length > 0 ? because : undefined,
      );
      return { weight: 1, tree };
    }),
  );
}

/** An HTTP call gets 503; a TCP connection ends. */
export function failure(request: HttpRequest | undefined, text: string, because: readonly Reason[] = []): OutcomeTree {
  return { outcome: request === undefined ? "refused" : "unavailable", because: [...because, { text }] };
}

function throughCluster(
  mesh: OsmMesh,
  client: Client,
  upstream: Upstream,
  cluster: string,
  backend: string,
  sourceIp: string,
  request: HttpRequest | undefined,
): OutcomeTree {
  const outbound = mesh.outbound(client.account);
  const service = outbound.clusters.get(cluster);
  if (service === undefined) {
    return failure(request, `no TrafficTarget lets ${client.account} reach the backend ${backend}`);
  }
  const ips = allowedEndpoints(mesh, client, cluster);
  if (ips.length === 0) {
    const known = endpointIps(mesh.catalog, service).length > 0;
    return failure(
      request,
      known
        ? `no TrafficTarget with service accounts on both sides lets ${client.account} reach the pods of ${backend}`
        : `${backend} has no endpoints`,
      upstream.targets.map(targetReason),
    );
  }
  const port = Number(cluster.slice(cluster.lastIndexOf("|") + 1));
  const groups = new Map<string, { weight: number; tree: OutcomeTree }>();
  for (const ip of ips) {
    const tree = callServer(mesh, client, { service, backend, ip, port, sourceIp }, request);
    const key = JSON.stringify(tree, (name, value: unknown) => (name === "object" ? undefined : value));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { weight: 1, tree });
    else group.weight += 1;
  }
  return choice("endpoint", [...groups.values()]);
}

/** pkg/catalog/endpoint.go, ListAllowedUpstreamEndpointsForService. */
function allowedEndpoints(mesh: OsmMesh, client: Client, cluster: string): readonly string[] {
  const [path = "", port = ""] = cluster.split("|");
  const [namespace = "", name = ""] = path.split("/");
  const ips = [...new Set(endpointIps(mesh.catalog, { namespace, name, targetPort: Number(port) }))];
  if (mesh.state.switches.permissive) return ips;
  const reachable = mesh.targets.reachableAccounts(client.account);
  return ips.filter((ip) =>
    mesh.catalog.podsOfIp(ip).some((pod) => reachable.has(`${pod.namespace}/${pod.serviceAccount}`)),
  );
}

function throughEgress(
  mesh: OsmMesh,
  outbound: Outbound,
  port: number,
  target: Target,
  sourceIp: string,
  request: HttpRequest,
): OutcomeTree {
  const host = outbound.egressHost(port, request.authority);
  if (host === "refused") return noRoute("Envoy refuses the caller's egress routes: two policies name the same host");
  if (host === undefined) return noRoute(`no Egress names the host ${JSON.stringify(request.authority)}`);
  const because = [describe(host.policy)];
  const route = host.routes.find((one) => routeMatches(one, request));
  if (route === undefined) return noRoute("none of its routes matches", because);
  const tree = callPlain(mesh, { ...target, host: host.host }, sourceIp, request, because);
  return tree;
}
