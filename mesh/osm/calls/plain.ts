import { type ControlPlane } from "../control-plane";
import { type Inbound } from "../proxy/inbound";
import { keyOf, type PodState, type ServiceState, type SplitPolicy } from "../state";
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
import { leavesInbound } from "./interception";
import { describe } from "./reasons";
import { type Source } from "./server";
import { throughNetwork } from "../../analysis/network";
import { type Passage } from "../../network-policies";
import { httpOnly } from "./rules";
import { type Reason } from "../../request/request";

/** Where a connection without the mesh's TLS goes. */
export interface PlainTarget {
  readonly ip: string | undefined;
  readonly host: string;
  readonly port: number;
  /** The Service whose name led there. */
  readonly service?: ServiceState;
}

/** A connection without the mesh's own TLS: from outside the mesh, or passed on as it is. */
export function callPlain(
  mesh: ControlPlane,
  target: PlainTarget,
  source: Source,
  content: Content,
  because: readonly Reason[],
): CallTree {
  const { ip, host, port, service } = target;
  const ends = ip === undefined ? undefined : plainEndpoints(mesh, ip, port, service);
  if (ends === undefined) {
    const text = "the destination is outside the cluster";
    const go = (): CallTree => end("allowed", [...because, { text }], `${host}:${String(port)}`);
    return throughNetwork(passageTo(mesh, source, ip, port), content.routed, go);
  }
  if (ends.length === 0) return failure(content.routed, `nothing listens at ${host}:${String(port)}`, because);
  return choice<CallTree>(
    "endpoint",
    ends.map((one) => ({
      weight: 1,
      tree: throughNetwork(passageTo(mesh, source, one.ip, one.port), content.routed, () =>
        plainToPod(mesh, one, source.ip, content, because),
      ),
    })),
  );
}

const passesFreely: Passage = { passes: "yes", stoppedBy: [] };

/** What the network does with a connection to an address; one that no pod has is outside of the cluster. */
export function passageTo(mesh: ControlPlane, { end: from }: Source, ip: string | undefined, port: number): Passage {
  if (mesh.network === undefined || from === undefined) return passesFreely;
  const [pod] = ip === undefined ? [] : mesh.podsOfIp(ip);
  return mesh.network.passage(from, pod === undefined ? { kind: "address", ip } : mesh.network.ends.of(pod), port);
}

interface PlainEndpoint {
  readonly pod: PodState | undefined;
  readonly ip: string;
  readonly port: number;
  /** `namespace/name` of the Service that was called, or of the pod where its address was. */
  readonly backend: string;
  readonly named: boolean;
  /** Whether an application listens there. */
  readonly open: boolean;
}

/** Where kube-proxy sends the connection; undefined where the address is no Service's and no pod's. */
function plainEndpoints(
  mesh: ControlPlane,
  ip: string,
  port: number,
  asked: ServiceState | undefined,
): readonly PlainEndpoint[] | undefined {
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
            named: true,
            open: true,
          })),
        ),
    );
  }
  const [pod] = mesh.podsOfIp(ip);
  // A headless Service's name gives its pods' addresses, and nobody translates the port.
  if (asked !== undefined) {
    return [{ pod, ip, port, backend: keyOf(asked.namespace, asked.name), named: true, open: mesh.listens(ip, port) }];
  }
  return pod && [{ pod, ip, port, backend: keyOf(pod.namespace, pod.name), named: false, open: true }];
}

function plainToPod(
  mesh: ControlPlane,
  { pod, ip, port, backend, named, open }: PlainEndpoint,
  sourceIp: string,
  { routed, authority, tls }: Content,
  because: readonly Reason[],
): CallTree {
  const fails = (text: string): CallTree => failure(routed, text, because);
  const outside = pod === undefined || !mesh.state.hasSidecar(pod);
  const excluded = !outside && leavesInbound(mesh, pod, port);
  if (!open && (outside || excluded)) return fails(`nothing listens on port ${String(port)} of ${backend}`);
  if (outside) {
    const inMesh = pod !== undefined && mesh.state.isMonitored(pod.namespace);
    const text = inMesh ? `no sidecar is injected into the pods of ${backend}` : `${backend} is not in the mesh`;
    return end("allowed", [...because, { text }], backend);
  }
  if (excluded) {
    return end("allowed", [...because, { text: `port ${String(port)} bypasses the sidecar of ${backend}` }], backend);
  }
  const inbound = mesh.inbound(pod);
  const fault = inbound.listenersRefused ?? inbound.noListener;
  if (fault !== undefined) return fails(fault);
  const chain = inbound.chains.pick({ ip, port, sourceIp, ...(tls && { serverName: tls.serverName }) });
  if (chain?.use.kind !== "ingress") {
    return fails(
      tls === undefined
        ? `the sidecar of ${backend} takes no plain text from the caller`
        : `the sidecar of ${backend} takes no TLS of the caller's own${toName(inbound, tls)}`,
    );
  }
  const { certificate } = chain.use;
  if (tls !== undefined && certificate === "plain") return fails(`${chain.use.name} speaks no TLS`);
  if (certificate === "required" && tls?.principal === undefined) {
    return fails(`${chain.use.name} asks for a client certificate of the mesh's authority, and the caller shows none`);
  }
  // A certificate that nobody asks for is not sent.
  const shown = certificate === "required" ? tls?.principal : undefined;
  return ingressAnswer(mesh, inbound, authority, named ? backend : undefined, shown);
}

/** How a server name reads in a reason. */
function toName(inbound: Inbound, { serverName }: OwnTls): string {
  if (serverName === "") return " without a server name";
  const ofMesh = inbound.ownNames.has(serverName);
  return ofMesh ? ` to ${serverName}: that name is for sidecars; send another one, or none` : ` to ${serverName}`;
}

/** The ingress routes: every request matches, and the first rule decides; OSM's list of services has no order. */
export function ingressAnswer(
  mesh: ControlPlane,
  inbound: Inbound,
  authority: string | undefined,
  called: string | undefined,
  principal: string | undefined,
): CallTree {
  if (authority === undefined) return end("refused", [{ text: "the ingress listener speaks HTTP" }]);
  return httpOnly(whereRoutesArrive(mesh, inbound, () => throughIngressRoutes(inbound, called, principal)));
}

function throughIngressRoutes(inbound: Inbound, called: string | undefined, principal: string | undefined): CallTree {
  return undefinedChoice<CallTree>(
    "route-order",
    inbound.ingress.map(({ service, policy, principals }) => {
      const backend = called ?? keyOf(service.namespace, service.name);
      return isAmong(principals, principal)
        ? end("allowed", [describe(policy)], backend)
        : end("denied", [describe(policy), { text: deniedText(principal) }], backend);
    }),
  );
}

function isAmong(principals: ReadonlySet<string> | undefined, principal: string | undefined): boolean {
  return principals === undefined || (principal !== undefined && principals.has(principal));
}

function deniedText(principal: string | undefined): string {
  return principal === undefined
    ? "it asks for a certificate that the caller does not show"
    : `its sources do not name the caller's certificate, ${principal}`;
}

/** Answers 404 where Envoy refuses the whole answer that a server's routes come in, with those for its own calls. */
export function whereRoutesArrive(mesh: ControlPlane, inbound: Inbound, go: () => CallTree): CallTree {
  if (inbound.routesRefused !== undefined) return noRoute(inbound.routesRefused);
  const { configurations } = mesh.outbound(inbound.account);
  if (configurations.every(({ routesRefused, refusedSplit }) => routesRefused === undefined && !refusedSplit))
    return go();
  const faults = new Map(
    configurations.map(({ routesRefused, refusedSplit }) => [routesRefused ?? refusedSplit, refusedSplit]),
  );
  return undefinedChoice<CallTree>(
    "split",
    [...faults].map(([fault, split]) =>
      fault === undefined ? go() : typeof fault === "string" ? noRoute(fault) : refusedBy(split ?? fault),
    ),
  );
}

/** No route arrives, for the split's sake. */
export function refusedBy(split: SplitPolicy): CallTree {
  return noRoute("its weights add up to 0, so that Envoy refuses every HTTP route of the sidecars that know its root", [
    describe(split),
  ]);
}
