import { type OsmMesh } from "../mesh";
import { type Inbound } from "../proxy/inbound";
import { keyOf, type PodState } from "../state";
import { type CallTree, choice, end } from "./call-tree";
import { describe } from "./reasons";
import { type Reason } from "./request";

/** Where a connection without the mesh's TLS goes. */
export interface PlainTarget {
  readonly ip: string | undefined;
  readonly host: string;
  readonly port: number;
}

/** A connection without the mesh's TLS: from outside the mesh, or passed on as it is. */
export function callPlain(
  mesh: OsmMesh,
  target: PlainTarget,
  sourceIp: string,
  authority: string | undefined,
  because: readonly Reason[],
): CallTree {
  const { ip, host, port } = target;
  const ends = ip === undefined ? undefined : plainEndpoints(mesh, ip, port);
  if (ends === undefined) {
    return end("allowed", [...because, { text: "the destination is outside the cluster" }], `${host}:${String(port)}`);
  }
  if (ends.length === 0) return end("refused", [...because, { text: `nothing listens at ${host}:${String(port)}` }]);
  return choice<CallTree>(
    "endpoint",
    ends.map((one) => ({ weight: 1, tree: plainToPod(mesh, one, sourceIp, authority, because) })),
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
  const service = mesh.serviceOfIp(ip);
  if (service !== undefined) {
    const backend = keyOf(service.namespace, service.name);
    const spec = service.ports.find((one) => one.port === port);
    const endpoints = mesh.state.endpoints.get(backend);
    if (spec === undefined || endpoints === undefined) return [];
    return endpoints.subsets.flatMap(({ ports, addresses }) =>
      ports
        .filter(({ name }) => name === spec.name)
        .flatMap((one) =>
          addresses.map((address) => ({
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
  authority: string | undefined,
  because: readonly Reason[],
): CallTree {
  if (pod === undefined || !mesh.state.isMonitored(pod.namespace)) {
    return end("allowed", [...because, { text: `${backend} is not in the mesh` }], backend);
  }
  if (mesh.state.switches.inboundPortExclusions.includes(port)) {
    return end("allowed", [...because, { text: `port ${String(port)} bypasses the sidecar of ${backend}` }], backend);
  }
  const inbound = mesh.inbound(pod);
  const fault = inbound.listenersRefused ?? inbound.noListener;
  if (fault !== undefined) return end("refused", [...because, { text: fault }]);
  if (inbound.chains.pick({ ip, port, sourceIp }) === undefined) {
    return end("refused", [...because, { text: `the sidecar of ${backend} takes no plain text from the caller` }]);
  }
  return ingressAnswer(inbound, authority);
}

/** The ingress routes: every request matches, and the first rule decides; OSM's list of services has no order. */
export function ingressAnswer(inbound: Inbound, authority: string | undefined): CallTree {
  if (authority === undefined) return end("refused", [{ text: "the ingress listener speaks HTTP" }]);
  if (inbound.routesRefused !== undefined) return end("no-route", [{ text: inbound.routesRefused }]);
  const tree = choice<CallTree>(
    "route-order",
    inbound.ingress.map(({ service, policy, anyone }) => {
      const backend = keyOf(service.namespace, service.name);
      return {
        weight: 1,
        tree: anyone
          ? end("allowed", [describe(policy)], backend)
          : end(
              "denied",
              [describe(policy), { text: "it asks for a certificate that the caller does not show" }],
              backend,
            ),
      };
    }),
  );
  return { kind: "http", tree };
}
