import { assumeCluster } from "../../cluster/assumptions";
import { type AskedService } from "../../cluster/dns";
import { type GivenObjects, nothingGiven, readGiven } from "../../cluster/given";
import { type IngressState } from "../../cluster/ingresses";
import { keyOf } from "../../cluster/keys";
import { type EndpointsState, type NamespaceState, type PodState, type ServiceState } from "../../cluster/workloads";
import { type KubernetesObject, type Manifests, nowhere, type Positions, type Problem } from "../../manifests";
import { textAt } from "../../manifests/inside";
import { keep } from "../../manifests/keep";
import { type Reader, readers } from "../../manifests/reader";
import { type NetworkPolicy, networkPolicyVersion, readNetworkPolicy } from "../../network-policies";
import { aksRootNamespace, isAmbient, sidecarRule, upstreamRootNamespace } from "../injection";
import { type IstioKind, istioKinds } from "../kinds";
import { oldestFirst } from "./age";
import { assumedGateways } from "./assumed-gateways";
import { assumedWorkloads } from "./assumed-workloads";
import { type AuthorizationPolicyState, readAuthorizationPolicy } from "./authorization-policies";
import { type DestinationRuleState, readDestinationRule } from "./destination-rules";
import { type EnvoyFilterState, readEnvoyFilter } from "./envoy-filters";
import { managedGateways } from "./gateway-api/assumed";
import { convertGatewayApi } from "./gateway-api/conversion";
import { type KubernetesGatewayState, readKubernetesGateway } from "./gateway-api/gateway";
import { readReferenceGrant, type ReferenceGrantState } from "./gateway-api/grants";
import { gatewayApiGroup, isRouteKind, istioController, unreadGatewayKinds } from "./gateway-api/kinds";
import { readRoute, type RouteState } from "./gateway-api/routes";
import { type Refusal } from "./gateway-api/attachment";
import { serviceRouteOf, type ServiceRouteState } from "./gateway-api/service-routes";
import { defaultSettings, meshConfigName, type MeshSettings, readMeshSettings } from "./mesh-config";
import { type GatewayState, readGateway } from "./gateways";
import { type InjectorState, readInjector } from "./injectors";
import { type Named, namedOf } from "./named";
import { type PeerAuthenticationState, readPeerAuthentication } from "./peer-authentications";
import { readRequestAuthentication, type RequestAuthenticationState } from "./request-authentications";
import { readServiceEntry, type ServiceEntryState } from "./service-entries";
import { readSidecar, type SidecarState } from "./sidecars";
import { readUnread } from "./unread-kinds";
import { readVirtualService, type VirtualServiceState } from "./virtual-services";

/** Everything that istiod would see, as it reads it: objects of one kind the oldest first. */
export interface IstioState {
  readonly settings: MeshSettings;
  readonly rootNamespace: string;
  readonly namespaces: ReadonlyMap<string, NamespaceState>;
  readonly authorizationPolicies: readonly AuthorizationPolicyState[];
  readonly peerAuthentications: readonly PeerAuthenticationState[];
  readonly requestAuthentications: readonly RequestAuthenticationState[];
  readonly virtualServices: readonly VirtualServiceState[];
  readonly destinationRules: readonly DestinationRuleState[];
  readonly serviceEntries: readonly ServiceEntryState[];
  readonly sidecars: readonly SidecarState[];
  /** Changes of Envoy's configuration, which are not read. */
  readonly envoyFilters: readonly EnvoyFilterState[];
  readonly gateways: readonly GatewayState[];
  /** Routes of the Gateway API that take calls to Services over. */
  readonly serviceRoutes: readonly ServiceRouteState[];
  /** What of the Gateway API's routes does not come to be. */
  readonly routeRefusals: readonly Refusal[];
  /** What of the Gateway API is not followed. */
  readonly unfollowedGateways: readonly Named[];
  /** Objects of other kinds that may change what is said here. */
  readonly unread: readonly Named[];
  /** Webhooks that give pods their sidecars, as far as the objects show any. */
  readonly injectors: readonly InjectorState[];
  readonly networkPolicies: readonly NetworkPolicy[];
  /** Ingresses of whatever controller, but for routes of the Gateway API. */
  readonly ingressObjects: readonly IngressState[];
  readonly pods: readonly PodState[];
  /** Whether no object shows a pod, so that `pods` are those that the policies speak of. */
  readonly podsAssumed: boolean;
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly endpoints: ReadonlyMap<string, EndpointsState>;
  /** ServiceAccount objects, `namespace/name`. */
  readonly accounts: ReadonlySet<string>;
  /** Whether the injector gives the pod a sidecar, or gave it one where the pod runs. */
  hasSidecar(pod: Pick<PodState, "namespace" | "labels" | "annotations" | "hostNetwork" | "running">): boolean;
  /** Whether the pod is in ambient mode, which is not followed. */
  isAmbient(pod: PodState): boolean;
  readonly assumptions: readonly string[];
  readonly problems: readonly Problem[];
  readonly positions: Positions;
}

interface Given extends GivenObjects {
  readonly authorizationPolicies: Map<string, AuthorizationPolicyState>;
  readonly peerAuthentications: Map<string, PeerAuthenticationState>;
  readonly requestAuthentications: Map<string, RequestAuthenticationState>;
  readonly virtualServices: Map<string, VirtualServiceState>;
  readonly destinationRules: Map<string, DestinationRuleState>;
  readonly serviceEntries: Map<string, ServiceEntryState>;
  readonly sidecars: Map<string, SidecarState>;
  readonly envoyFilters: Map<string, EnvoyFilterState>;
  readonly gateways: Map<string, GatewayState>;
  readonly kubernetesGateways: Map<string, KubernetesGatewayState>;
  readonly kubernetesRoutes: Map<string, RouteState>;
  readonly referenceGrants: Map<string, ReferenceGrantState>;
  readonly gatewayClasses: Set<string>;
  readonly unreadGateways: Map<string, Named>;
  readonly unread: Map<string, Named>;
  readonly injectors: Map<string, InjectorState>;
  readonly networkPolicies: Map<string, NetworkPolicy>;
  readonly meshConfigs: Map<string, Partial<MeshSettings>>;
}

/** Reads objects as istiod would. Objects of other kinds are passed over, and said. */
export function istioState(
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
  asked: readonly AskedService[] = [],
): IstioState {
  const positions = manifests.positions ?? nowhere;
  const problems: Problem[] = [...(manifests.problems ?? [])];
  const given: Given = {
    ...nothingGiven(),
    authorizationPolicies: new Map(),
    peerAuthentications: new Map(),
    requestAuthentications: new Map(),
    virtualServices: new Map(),
    destinationRules: new Map(),
    serviceEntries: new Map(),
    sidecars: new Map(),
    envoyFilters: new Map(),
    gateways: new Map(),
    kubernetesGateways: new Map(),
    kubernetesRoutes: new Map(),
    referenceGrants: new Map(),
    gatewayClasses: new Set(),
    unreadGateways: new Map(),
    unread: new Map(),
    injectors: new Map(),
    networkPolicies: new Map(),
    meshConfigs: new Map(),
  };
  const passedOver = new Map<string, number>();
  const readerOf = readers(positions, problems);
  for (const object of manifests.objects) {
    const reader = readerOf(object);
    const key = keyOf(object.metadata.namespace ?? "", object.metadata.name);
    if (!readObject(object, key, reader, given)) passedOver.set(object.kind, (passedOver.get(object.kind) ?? 0) + 1);
  }

  const assumptions: string[] = [...(manifests.notes ?? [])];
  const { settings, rootNamespace } = configured(given, assumptions);
  const { namespaces } = given;
  const injectors = [...given.injectors.values()];
  if (namespaces.size === 0) assumptions.push("No Namespace: all namespaces are taken to be in the mesh.");
  const kubernetes = convertGatewayApi(given);
  const virtualServices = [...given.virtualServices.values(), ...kubernetes.virtualServices];
  const spoken = assumedWorkloads({ ...given, virtualServices, rootNamespace }, asked, assumptions);
  const gateways = oldestFirst([...given.gateways.values(), ...kubernetes.gateways]);
  const addOn = assumedGateways({ ...given, gateways }, assumptions);
  const managed = managedGateways(kubernetes.managed, given.services, assumptions);
  const podsAssumed = given.pods.size + given.workloads.size === 0;
  const cluster = assumeCluster(
    {
      ...given,
      pods: new Map([...given.pods, ...spoken.pods, ...addOn.pods, ...managed.pods]),
      services: new Map([...given.services, ...spoken.services, ...addOn.services, ...managed.services]),
      destinations: [],
      shared: [],
    },
    [],
    assumptions,
  );
  if (passedOver.size > 0) {
    const kinds = [...passedOver].map(([kind, count]) => `${String(count)} ${kind}`).sort();
    assumptions.push(`Passed over, because the mesh does not read them: ${kinds.join(", ")}.`);
  }
  const hasSidecar = sidecarRule(namespaces, rootNamespace, injectors);
  return {
    ...cluster,
    podsAssumed,
    settings,
    rootNamespace,
    namespaces,
    authorizationPolicies: oldestFirst([...given.authorizationPolicies.values()]),
    peerAuthentications: oldestFirst([...given.peerAuthentications.values()]),
    requestAuthentications: oldestFirst([...given.requestAuthentications.values()]),
    virtualServices: exportedBy(settings.virtualServicesExportedTo, oldestFirst(virtualServices)),
    destinationRules: exportedBy(
      settings.destinationRulesExportedTo,
      oldestFirst([...given.destinationRules.values()]),
    ),
    serviceEntries: exportedBy(settings.servicesExportedTo, oldestFirst([...given.serviceEntries.values()])),
    sidecars: oldestFirst([...given.sidecars.values()]),
    envoyFilters: [...given.envoyFilters.values()],
    gateways,
    serviceRoutes: [...given.kubernetesRoutes.values()].flatMap((route) => serviceRouteOf(route) ?? []),
    routeRefusals: kubernetes.refusals,
    unfollowedGateways: [...kubernetes.unfollowed, ...given.unreadGateways.values()],
    unread: [...given.unread.values()],
    injectors,
    networkPolicies: [...given.networkPolicies.values()],
    ingressObjects: [...given.ingressObjects.values()],
    accounts: given.accounts,
    hasSidecar,
    isAmbient: (pod) => isAmbient(namespaces, pod) && !hasSidecar(pod),
    assumptions,
    problems,
    positions,
  };
}

/** Objects that do not say whom they are for, for whom the mesh's configuration says. */
function exportedBy<T extends { readonly exportTo: readonly string[] }>(
  byDefault: readonly string[],
  all: readonly T[],
): readonly T[] {
  if (byDefault.length === 0) return all;
  return all.map((one) => (one.exportTo.length > 0 ? one : { ...one, exportTo: byDefault }));
}

/** The mesh's configuration, and where it is. The add-on is assumed where nothing tells. */
function configured(
  given: Given,
  assumptions: string[],
): { readonly settings: MeshSettings; readonly rootNamespace: string } {
  const used = new Set([
    ...given.namespaces.keys(),
    ...[...given.meshConfigs.keys()].map(namespaceOfKey),
    ...[
      ...given.authorizationPolicies.values(),
      ...given.peerAuthentications.values(),
      ...given.requestAuthentications.values(),
    ].map(({ namespace }) => namespace),
  ]);
  const home =
    !used.has(aksRootNamespace) && used.has(upstreamRootNamespace) ? upstreamRootNamespace : aksRootNamespace;
  const ofHome = [...given.meshConfigs].filter(([key]) => namespaceOfKey(key) === home);
  // The revision's own ConfigMap wins over the shared one.
  const ordered = ofHome.sort(([a], [b]) => Number(b.includes("shared")) - Number(a.includes("shared")));
  const settings = ordered.reduce<MeshSettings>((all, [, more]) => ({ ...all, ...more }), defaultSettings);
  if (ofHome.length === 0) {
    assumptions.push(
      "No ConfigMap of the mesh: Istio's defaults are taken, with calls to unknown hosts passed on (ALLOW_ANY) and paths normalised (BASE).",
    );
  }
  const rootNamespace = settings.rootNamespace ?? home;
  if (!used.has(rootNamespace)) {
    assumptions.push(`Nothing shows the mesh's root namespace: it is taken to be ${rootNamespace}, as on AKS.`);
  }
  return { settings, rootNamespace };
}

function namespaceOfKey(key: string): string {
  return key.slice(0, key.indexOf("/"));
}

const groups: ReadonlySet<string> = new Set(["security.istio.io", "networking.istio.io"]);

/** False for a kind that the mesh does not read. */
function readObject(object: KubernetesObject, key: string, reader: Reader, given: Given): boolean {
  const [group = "", version = ""] = object.apiVersion.split("/");
  if (group === gatewayApiGroup) return readGatewayObject(object, key, reader, given);
  const unread = readUnread(reader);
  if (unread !== undefined) {
    keep(given.unread, `${object.kind} ${key}`, reader, unread);
    return true;
  }
  if (groups.has(group)) return readIstioObject(object, version, key, reader, given);
  switch (object.kind) {
    case "Guarantee":
      return true;
    case "NetworkPolicy":
      if (object.apiVersion !== networkPolicyVersion) return false;
      keep(given.networkPolicies, key, reader, readNetworkPolicy(reader));
      return true;
    case "MutatingWebhookConfiguration": {
      const injector = readInjector(reader);
      if (injector === undefined) return false;
      keep(given.injectors, key, reader, injector);
      return true;
    }
    case "ConfigMap": {
      if (!meshConfigName.test(object.metadata.name)) return false;
      const settings = readMeshSettings(reader);
      if (settings === undefined) return false;
      keep(given.meshConfigs, key, reader, settings);
      return true;
    }
    default:
      return readGiven(object, key, reader, given);
  }
}

/** Of the Gateway API. */
function readGatewayObject(object: KubernetesObject, key: string, reader: Reader, given: Given): boolean {
  const { kind } = object;
  const ofKind = `${kind} ${key}`;
  if (isRouteKind(kind)) keep(given.kubernetesRoutes, ofKind, reader, readRoute(reader, kind));
  else if (unreadGatewayKinds.has(kind)) keep(given.unreadGateways, ofKind, reader, namedOf(reader));
  else if (kind === "Gateway") keep(given.kubernetesGateways, key, reader, readKubernetesGateway(reader));
  else if (kind === "ReferenceGrant") keep(given.referenceGrants, key, reader, readReferenceGrant(reader));
  else if (kind === "GatewayClass") {
    if (textAt(object, "spec", "controllerName") === istioController) given.gatewayClasses.add(object.metadata.name);
  } else return false;
  return true;
}

function isIstioKind(kind: string): kind is IstioKind {
  return Object.hasOwn(istioKinds, kind);
}

function readIstioObject(
  { kind, apiVersion }: KubernetesObject,
  version: string,
  key: string,
  reader: Reader,
  given: Given,
): boolean {
  if (!isIstioKind(kind)) return false;
  const { apiVersion: written, served } = istioKinds[kind];
  const versions: readonly string[] = served;
  if (apiVersion.split("/")[0] !== written.split("/")[0] || !versions.includes(version)) {
    reader.report(["apiVersion"], `Istio serves no ${kind} as ${apiVersion}: write ${written}.`);
    return true;
  }
  switch (kind) {
    case "AuthorizationPolicy":
      keep(given.authorizationPolicies, key, reader, readAuthorizationPolicy(reader));
      return true;
    case "PeerAuthentication":
      keep(given.peerAuthentications, key, reader, readPeerAuthentication(reader));
      return true;
    case "RequestAuthentication":
      keep(given.requestAuthentications, key, reader, readRequestAuthentication(reader));
      return true;
    case "VirtualService":
      keep(given.virtualServices, key, reader, readVirtualService(reader));
      return true;
    case "DestinationRule":
      keep(given.destinationRules, key, reader, readDestinationRule(reader));
      return true;
    case "ServiceEntry":
      keep(given.serviceEntries, key, reader, readServiceEntry(reader));
      return true;
    case "Sidecar":
      keep(given.sidecars, key, reader, readSidecar(reader));
      return true;
    case "EnvoyFilter":
      keep(given.envoyFilters, key, reader, readEnvoyFilter(reader));
      return true;
    case "Gateway":
      keep(given.gateways, key, reader, readGateway(reader));
      return true;
  }
}
