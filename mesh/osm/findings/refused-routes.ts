import { TooComplexError } from "../../regex/automaton";
import { exampleRequest, requestsMeeting } from "../../request/request-set";
import { type OsmMesh } from "../mesh";
import { fullName } from "../proxy/hostnames";
import { chainKind, type EgressFault, type Upstream } from "../proxy/outbound";
import { refusedPattern } from "../proxy/refused-routes";
import { passes } from "../proxy/routes";
import { decide } from "../../analysis/decide";
import { type CallRequest } from "../../request/request";
import { accountOfPod, identityOf, keyOf, type PodState } from "../state";
import { type Finding, finding, shownBy } from "../../analysis/finding";

/** Route configurations that Envoy refuses and that cost the sidecar routes which come in one answer with them. */
export function refusedRouteFindings(mesh: OsmMesh): readonly Finding[] {
  const found: Finding[] = [];
  const seen = new Set<string>();
  for (const pod of mesh.state.pods) {
    if (!mesh.state.isMonitored(pod.namespace)) continue;
    const key = keyOf(pod.namespace, pod.serviceAccount);
    const { ownRoutesRefused, routesRefused } = mesh.inbound(pod);
    // A header without a name or a pattern has a finding of its own.
    if (ownRoutesRefused === undefined || routesRefused !== undefined || seen.has(`own ${key}`)) continue;
    seen.add(`own ${key}`);
    found.push(...ownCalls(mesh, pod, ownRoutesRefused));
  }
  for (const egress of mesh.state.egresses) {
    for (const { key } of egress.sources) {
      if (seen.has(`egress ${key}`)) continue;
      seen.add(`egress ${key}`);
      found.push(...egressRoutes(mesh, key));
    }
  }
  return found;
}

/** What a refused route of a pod's server half costs the pod's own calls. */
function ownCalls(mesh: OsmMesh, pod: PodState, fault: string): readonly Finding[] {
  const from = keyOf(pod.namespace, pod.serviceAccount);
  const request = lostCall(mesh, from, (text) => text === fault);
  if (request === undefined) return [];
  const origin = mesh.inbound(pod).routes?.rules.find((route) => refusedPattern(route) !== undefined)?.origins[0];
  return [
    finding(mesh, origin?.group, origin === undefined ? [] : ["spec", "matches", origin.match.index], {
      severity: "error",
      rule: "own-calls-lost",
      message: `${fault}. The routes for its own calls come in one answer with these and do not arrive: the HTTP calls that ${from} makes get 404 too.`,
      request,
      remedy:
        origin === undefined
          ? "Give the services of one pod different names, and a split's root and its backends the same ports."
          : "Write a pattern that RE2 reads.",
    }),
  ];
}

/** What a refused egress route configuration costs its caller. */
function egressRoutes(mesh: OsmMesh, from: string): readonly Finding[] {
  const [namespace = "", name = ""] = from.split("/");
  if (!mesh.state.isMonitored(namespace) || !mesh.state.switches.egressPolicy) return [];
  const faults = new Map<string, EgressFault>();
  for (const { refusedEgress } of mesh.outbound(from).configurations) {
    for (const fault of refusedEgress()) faults.set(`${fault.policy.name} ${String(fault.port)}`, fault);
  }
  return [...faults.values()].flatMap(({ policy, port, text }): readonly Finding[] => {
    const lost = lostCall(mesh, from, (reason) => reason.startsWith("Envoy refuses routes of the caller"));
    const [host = ""] = policy.hosts;
    const own: CallRequest = { from, to: `${host}:${String(port)}`, protocol: "http", method: "GET", path: "/" };
    const request = lost ?? shownBy(mesh, [own], "no-route");
    if (request === undefined) return [];
    return [
      finding(mesh, policy, ["spec"], {
        severity: "error",
        rule: "egress-routes-refused",
        message: `Envoy refuses the egress routes of port ${String(port)} for ${namespace}/${name}: ${text}. Its calls on that port get 404${lost === undefined ? "" : ", and so do its HTTP calls to services of the mesh, whose routes come in one answer with these"}.`,
        request,
        remedy: "Let only one Egress give an account a host on a port, once, with patterns that RE2 reads.",
      }),
    ];
  });
}

/** A call to a service of the mesh that the service's own routes would let in, and that ends for the reason told. */
function lostCall(mesh: OsmMesh, from: string, isReason: (text: string) => boolean): CallRequest | undefined {
  const [namespace = "", name = ""] = from.split("/");
  const pod = mesh.catalog.podsOfAccount(from)[0];
  const account = pod === undefined ? from : accountOfPod(pod);
  for (const upstream of mesh.outbound(account).upstreams) {
    const request = passingCall(mesh, from, identityOf(namespace, name), upstream);
    if (request === undefined) continue;
    const { outcome, outcomes = [outcome], because } = decide(mesh, request);
    if (outcomes.includes("no-route") && because.some(({ text }) => isReason(text))) return request;
  }
  return undefined;
}

/** A request that the routes of a service's sidecars let in, from that identity. */
function passingCall(mesh: OsmMesh, from: string, identity: string, { service }: Upstream): CallRequest | undefined {
  if (chainKind(service.protocol) !== "http") return undefined;
  const to = `${fullName(service)}:${String(service.port)}`;
  for (const pod of mesh.endpointIps(service).flatMap((ip) => mesh.catalog.podsOfIp(ip))) {
    const { routes, routesRefused, meshRoutesRefused, noListener, listenersRefused } = mesh.inbound(pod);
    if ((routesRefused ?? meshRoutesRefused ?? noListener ?? listenersRefused) !== undefined) continue;
    if (routes === undefined) return { from, to, protocol: "http", method: "GET", path: "/" };
    for (const route of routes.rules) {
      if (!passes(route, identity)) continue;
      const example = exampleOf(route, to);
      if (example !== undefined) return { from, to, protocol: "http", ...example };
    }
  }
  return undefined;
}

function exampleOf(route: Parameters<typeof requestsMeeting>[0], to: string): ReturnType<typeof exampleRequest> {
  try {
    return exampleRequest(requestsMeeting(route, to));
  } catch (error) {
    if (error instanceof TooComplexError) return undefined;
    throw error;
  }
}
