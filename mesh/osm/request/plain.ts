import { type OsmMesh } from "../mesh";
import { type Inbound } from "../proxy/inbound";
import { pickChain } from "../proxy/filter-chains";
import { keyOf, type PodState } from "../state";
import { type Target } from "./client";
import { type HttpRequest } from "./match";
import { choice, type OutcomeTree } from "./outcome-tree";
import { type Reason } from "./request";
import { describe } from "./reasons";

/** A connection without the mesh's TLS: from outside the mesh, or passed on as it is. */
export function callPlain(
  mesh: OsmMesh,
  target: Target,
  sourceIp: string,
  request: HttpRequest | undefined,
  because: readonly Reason[],
): OutcomeTree {
  const { ip, port } = target;
  if (ip === undefined) {
    return {
      outcome: "allowed",
      backend: `${target.host}:${String(port)}`,
      because: [...because, { text: "the destination is outside the cluster" }],
    };
  }
  const ends = plainEndpoints(mesh, ip, port);
  if (ends === undefined) {
    return {
      outcome: "allowed",
      backend: `${ip}:${String(port)}`,
      because: [...because, { text: "the destination is outside the cluster" }],
    };
  }
  if (ends.length === 0) {
    return { outcome: "refused", because: [...because, { text: `nothing listens at ${target.host}:${String(port)}` }] };
  }
  return choice(
    "endpoint",
    ends.map((end) => ({ weight: 1, tree: plainToPod(mesh, end, sourceIp, request, because) })),
  );
}

interface PlainEndpoint {
  readonly pod: PodState | undefined;
  readonly ip: string;
  readonly port: number;
  readonly backend: string;
}

/** Where kube-proxy sends the connection; undefined where the address is no Service's and no pod's. */
function plainEndpoints(mesh: OsmMesh, ip: string, port: number): readonly PlainEndpoint[] | undefined {
  const { state } = mesh;
  for (const service of state.services.values()) {
    if (service.clusterIp !== ip) continue;
    const backend = keyOf(service.namespace, service.name);
    const spec = service.ports.find((one) => one.port === port);
    const endpoints = state.endpoints.get(backend);
    if (spec === undefined || endpoints === undefined) return [];
    return endpoints.subsets.flatMap((subset) =>
      subset.ports
        .filter(({ name }) => name === spec.name)
        .flatMap((one) =>
          subset.addresses.map((address) => ({
            pod: mesh.podsOfIp(address.ip)[0],
            ip: address.ip,
            port: one.port,
            backend,
          })),
        ),
    );
  }
  const [pod] = mesh.podsOfIp(ip);
  return pod === undefined ? undefined : [{ pod, ip, port, backend: keyOf(pod.namespace, pod.name) }];
}

function plainToPod(
  mesh: OsmMesh,
  { pod, ip, port, backend }: PlainEndpoint,
  sourceIp: string,
  request: HttpRequest | undefined,
  because: readonly Reason[],
): OutcomeTree {
  if (pod === undefined || !mesh.state.isMonitored(pod.namespace)) {
    return { outcome: "allowed", backend, because: [...because, { text: `${backend} is not in the mesh` }] };
  }
  if (mesh.state.switches.inboundPortExclusions.includes(port)) {
    return {
      outcome: "allowed",
      backend,
      because: [...because, { text: `port ${String(port)} bypasses the sidecar of ${backend}` }],
    };
  }
  const inbound = mesh.inbound(pod);
  const fault = inbound.listenersRefused ?? inbound.noListener;
  if (fault !== undefined) return { outcome: "refused", because: [...because, { text: fault }] };
  const chain = pickChain(inbound.chains, { ip, port, sourceIp });
  if (chain === undefined) {
    return {
      outcome: "refused",
      because: [...because, { text: `the sidecar of ${backend} takes no plain text from the caller` }],
    };
  }
  return ingressAnswer(inbound, request);
}

/** The ingress routes: every request matches, and the first rule decides; OSM's list of services has no order. */
export function ingressAnswer(inbound: Inbound, request: HttpRequest | undefined): OutcomeTree {
  if (request === undefined) {
    return { outcome: "refused", because: [{ text: "the ingress listener speaks HTTP" }] };
  }
  if (inbound.routesRefused !== undefined) {
    return { outcome: "no-route", because: [{ text: inbound.routesRefused }] };
  }
  return choice(
    "route-order",
    inbound.ingress.map(({ service, policy, anyone }) => {
      const backend = keyOf(service.namespace, service.name);
      const tree: OutcomeTree = anyone
        ? { outcome: "allowed", backend, because: [describe(policy)] }
        : { outcome: "denied", backend, because: [describe(policy), { text: "it asks for a certificate" }] };
      return { weight: 1, tree };
    }),
  );
}
