import { type Finding, finding } from "../../analysis/finding";
import { type KubernetesObject } from "../../manifests";
import { listAt } from "../../manifests/inside";
import { type IstioMesh } from "../mesh";
import { notFollowed } from "../not-followed";
import { gatewayApiGroup } from "../state/gateway-api/kinds";

type Told = Pick<Finding, "rule" | "message" | "remedy">;

const byFilter: Told = {
  rule: "envoy-filter-not-read",
  message: "An EnvoyFilter is not read: it may change anything that is said here of the sidecars that it selects.",
  remedy: "Say it with Istio's own kinds where it can be said so; AKS lets EnvoyFilters be, and does not support them.",
};

const byPlugin: Told = {
  rule: "wasm-plugin-not-read",
  message: "A WasmPlugin is not read: it may refuse or change any request of the sidecars that it selects.",
  remedy: "Say it with Istio's own kinds where it can be said so.",
};

const byEntry: Told = {
  rule: "workload-entry-not-read",
  message:
    "A WorkloadEntry is not read: Services and ServiceEntries that select its labels lead to its address as well, where no sidecar may be.",
  remedy: "Write the address into the endpoints of a ServiceEntry.",
};

const byToken: Told = {
  rule: "token-header-not-read",
  message: "It writes claims into headers that AuthorizationPolicies ask for: what they hold then is not followed.",
  remedy: "Let the policies ask for request.auth.claims[…], which no caller can write itself.",
};

const byRoute: Told = {
  rule: "gateway-api-not-read",
  message:
    "Where the kinds of the Gateway API are installed, istiod routes connections of sidecars by it, and it is not read: of those to the Services that are its parents nothing is said.",
  remedy: "Say it by a VirtualService.",
};

const byGateway: Told = {
  rule: "gateway-api-not-read",
  message:
    "What comes in by it is not followed: the Gateway is not Istio's, or no object shows it, or this kind changes what others say.",
  remedy:
    "Show the Gateway and its GatewayClass as well; let the gateway's service account alone in, mostly GATEWAY-istio in the Gateway's namespace.",
};

const byIngress: Told = {
  rule: "sidecar-ingress-not-read",
  message:
    "The ports that a Sidecar's ingress opens are not followed: calls to them come to another port of the pod, whatever policies say of that one.",
  remedy: "Let Services lead to the ports that the application itself has, and take ingress out.",
};

const byListener: Told = {
  rule: "sidecar-listener-not-read",
  message:
    "A listener of the Sidecar takes calls otherwise than the ports of Services do: by another protocol, or at an address of its own. Routes and policies then decide otherwise, which is not followed.",
  remedy: "Write the protocol that the Services' ports have, or take port out; take bind and captureMode out.",
};

const byService: Told = {
  rule: "entry-of-service",
  message:
    "It has the name of a Service: istiod puts the ports of both together, which is not followed. What is said of the Service is as if the ServiceEntry were not there.",
  remedy: "Give the ServiceEntry a name of its own.",
};

const byAmbient: Told = {
  rule: "ambient-not-read",
  message:
    "Ambient mode is not followed: what may call the pods, and what they may call, is decided by their nodes and by waypoints. The AKS add-on has no ambient mode.",
  remedy: "On the add-on give the namespace the label istio.io/rev of its revision instead.",
};

/** What is said of objects that are not read, by their kinds. */
const told: Readonly<Record<string, Told>> = {
  EnvoyFilter: byFilter,
  WasmPlugin: byPlugin,
  WorkloadEntry: byEntry,
  RequestAuthentication: byToken,
  ServiceEntry: byService,
};

function toldOf(object: KubernetesObject): Told {
  const { kind, apiVersion } = object;
  if (kind === "Sidecar") return listAt(object, "spec", "ingress").length > 0 ? byIngress : byListener;
  return told[kind] ?? (apiVersion.startsWith(gatewayApiGroup) ? byRoute : byAmbient);
}

/**
 * What istiod reads and the analysis does not, and what may become otherwise by it: EnvoyFilters, but for the shadow rules and rates of a conversion;
 * plugins, workloads outside of the cluster, the Gateway API, and headers that are written of tokens.
 */
export function unreadFindings(mesh: IstioMesh): readonly Finding[] {
  return [
    ...mesh.unread
      .filter(({ layer, why }) => layer === "sidecar" && why === undefined)
      .map((one) => finding(mesh, one, [], { severity: "warning", ...toldOf(one.object) })),
    ...notFollowed(mesh.state).map((one) =>
      finding(mesh, one, [], { severity: "warning", rule: one.rule, message: one.why, remedy: one.remedy }),
    ),
    ...mesh.state.unfollowedGateways.map((one) => finding(mesh, one, [], { severity: "warning", ...byGateway })),
  ];
}
