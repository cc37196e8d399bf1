import { type KubernetesObject, type Manifests, nowhere, type Positions, type Problem } from "../../manifests";
import { osmKinds } from "../kinds";
import { assume } from "./assume";
import { versionAdvice } from "../kinds/older-versions";
import { type AskedService } from "../../cluster/dns";
import { type GivenObjects, nothingGiven, readGiven } from "../../cluster/given";
import { type IngressState } from "../../cluster/ingresses";
import { keep } from "../../manifests/keep";
import { keyOf } from "../../cluster/keys";
import {
  type EgressPolicy,
  type IngressPolicy,
  type MeshSwitches,
  readEgress,
  readIngress,
  readMeshConfig,
  readRetry,
  readRouteGroup,
  readSetting,
  readSplit,
  readTarget,
  readTcpRoute,
  type RetryPolicyObject,
  type RouteGroup,
  type SettingPolicy,
  type SplitPolicy,
  type TargetPolicy,
  type TcpRoutePolicy,
} from "./policies";
import { type Reader, readers } from "../../manifests/reader";
import { type NetworkPolicy, networkPolicyVersion, readNetworkPolicy } from "../../network-policies";
import { type EndpointsState, type NamespaceState, type PodState, type ServiceState } from "../../cluster/workloads";

/** Everything that OSM's control plane would see, as it reads it. */
export interface ClusterState {
  readonly switches: MeshSwitches;
  readonly trustDomain: string;
  /** Whether the mesh watches the namespace. */
  isMonitored(namespace: string): boolean;
  /** Whether the injector gives the pod a sidecar, or gave it one where the pod runs. */
  hasSidecar(pod: Pick<PodState, "namespace" | "labels" | "annotations" | "hostNetwork" | "running">): boolean;
  readonly namespaces: ReadonlyMap<string, NamespaceState>;
  readonly targets: readonly TargetPolicy[];
  readonly routeGroups: ReadonlyMap<string, RouteGroup>;
  readonly tcpRoutes: ReadonlyMap<string, TcpRoutePolicy>;
  readonly splits: readonly SplitPolicy[];
  readonly egresses: readonly EgressPolicy[];
  readonly ingresses: readonly IngressPolicy[];
  /** Ingress objects of Kubernetes itself, which OSM does not read. */
  readonly ingressObjects: readonly IngressState[];
  readonly settings: readonly SettingPolicy[];
  readonly retries: readonly RetryPolicyObject[];
  /** What decides below the mesh. */
  readonly networkPolicies: readonly NetworkPolicy[];
  readonly pods: readonly PodState[];
  /** Whether no object shows a pod, so that `pods` are those that the policies speak of. */
  readonly podsAssumed: boolean;
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly endpoints: ReadonlyMap<string, EndpointsState>;
  /** Whether a Service that an IngressBackend lets calls in from is assumed, as no object shows one of its namespace. */
  readonly sourcesAssumed: boolean;
  /** ServiceAccount objects, `namespace/name`. */
  readonly accounts: ReadonlySet<string>;
  /** What the objects leave open and was assumed, in sentences. */
  readonly assumptions: readonly string[];
  readonly problems: readonly Problem[];
  readonly positions: Positions;
}

/** What is read of the objects before anything is assumed. */
export interface GivenState extends GivenObjects {
  targets: Map<string, TargetPolicy>;
  routeGroups: Map<string, RouteGroup>;
  tcpRoutes: Map<string, TcpRoutePolicy>;
  splits: Map<string, SplitPolicy>;
  egresses: Map<string, EgressPolicy>;
  ingresses: Map<string, IngressPolicy>;
  settings: Map<string, SettingPolicy>;
  retries: Map<string, RetryPolicyObject>;
  networkPolicies: Map<string, NetworkPolicy>;
  meshConfigs: Map<string, MeshSwitches>;
}

/** Reads objects as the control plane would. Objects of other kinds are passed over. */
export function clusterState(
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
  asked: readonly AskedService[] = [],
): ClusterState {
  const { given, passedOver, problems, positions } = givenState(manifests);
  const assumed = assume(given, asked);
  const assumptions = [...(manifests.notes ?? []), ...assumed.assumptions];
  if (passedOver.size > 0) {
    const kinds = [...passedOver].map(([kind, count]) => `${String(count)} ${kind}`).sort();
    assumptions.push(`Passed over, because the mesh does not read them: ${kinds.join(", ")}.`);
  }
  return {
    ...assumed,
    trustDomain: "cluster.local",
    namespaces: given.namespaces,
    targets: [...given.targets.values()],
    routeGroups: given.routeGroups,
    tcpRoutes: given.tcpRoutes,
    splits: [...given.splits.values()],
    egresses: [...given.egresses.values()],
    ingresses: [...given.ingresses.values()],
    ingressObjects: [...given.ingressObjects.values()],
    settings: [...given.settings.values()],
    retries: [...given.retries.values()],
    networkPolicies: [...given.networkPolicies.values()],
    accounts: given.accounts,
    assumptions,
    problems,
    positions,
  };
}

/** What the objects say, what is wrong with them, and how many there are of kinds that the mesh does not read. */
export function givenState(manifests: Pick<Manifests, "objects"> & Partial<Manifests>): {
  readonly given: GivenState;
  readonly passedOver: ReadonlyMap<string, number>;
  readonly problems: readonly Problem[];
  readonly positions: Positions;
} {
  const positions = manifests.positions ?? nowhere;
  const problems: Problem[] = [...(manifests.problems ?? [])];
  const given: GivenState = {
    ...nothingGiven(),
    targets: new Map(),
    routeGroups: new Map(),
    tcpRoutes: new Map(),
    splits: new Map(),
    egresses: new Map(),
    ingresses: new Map(),
    settings: new Map(),
    retries: new Map(),
    networkPolicies: new Map(),
    meshConfigs: new Map(),
  };
  const passedOver = new Map<string, number>();
  const readerOf = readers(positions, problems);

  for (const object of manifests.objects) {
    const reader = readerOf(object);
    if (!isServedVersion(object, reader)) continue;
    const key = keyOf(object.metadata.namespace ?? "", object.metadata.name);
    if (!readObject(object, key, reader, given)) passedOver.set(object.kind, (passedOver.get(object.kind) ?? 0) + 1);
  }
  return { given, passedOver, problems, positions };
}

/** API groups of the ten kinds, each with the one version that OSM serves. */
const servedVersions: ReadonlyMap<string, string> = new Map(
  Object.entries(osmKinds).map(([kind, { apiVersion }]) => [kind, apiVersion]),
);
const meshGroups: ReadonlySet<string> = new Set(
  [...servedVersions.values()].map((version) => version.slice(0, version.indexOf("/"))),
);

/** The only kind of which the CRD serves a second version, with the same fields. */
const alsoServed: Readonly<Record<string, string>> = { MeshConfig: "config.openservicemesh.io/v1alpha1" };

function isServedVersion(object: KubernetesObject, reader: Reader): boolean {
  const wanted = servedVersions.get(object.kind);
  if (object.apiVersion === (wanted ?? "v1") || object.apiVersion === alsoServed[object.kind]) return true;
  const [group = "", version] = object.apiVersion.split("/");
  if (wanted !== undefined) {
    // Another API group may have a kind of the same name, as Gateway API has TCPRoute.
    if (!meshGroups.has(group)) return false;
    const advice = [`write ${wanted}`, ...versionAdvice(object)].join("; ");
    reader.report(
      ["apiVersion"],
      `OSM 1.2 serves ${object.kind} as ${wanted} only, not as ${object.apiVersion}: ${advice}.`,
    );
    return false;
  }
  if (version !== undefined && meshGroups.has(group)) {
    reader.report(["kind"], `${group} has no kind ${object.kind}. It has ${kindsOf(group).join(", ")}.`);
    return false;
  }
  return true;
}

function kindsOf(group: string): readonly string[] {
  return [...servedVersions].filter(([, version]) => version.startsWith(`${group}/`)).map(([kind]) => kind);
}

/** False for a kind that the mesh does not read. */
function readObject(object: KubernetesObject, key: string, reader: Reader, given: GivenState): boolean {
  switch (object.kind) {
    case "TrafficTarget":
      keep(given.targets, key, reader, readTarget(reader));
      return true;
    case "HTTPRouteGroup":
      keep(given.routeGroups, key, reader, readRouteGroup(reader));
      return true;
    case "TCPRoute":
      keep(given.tcpRoutes, key, reader, readTcpRoute(reader));
      return true;
    case "TrafficSplit":
      keep(given.splits, key, reader, readSplit(reader));
      return true;
    case "Egress":
      keep(given.egresses, key, reader, readEgress(reader));
      return true;
    case "IngressBackend":
      keep(given.ingresses, key, reader, readIngress(reader));
      return true;
    case "UpstreamTrafficSetting":
      keep(given.settings, key, reader, readSetting(reader));
      return true;
    case "Retry":
      keep(given.retries, key, reader, readRetry(reader));
      return true;
    case "MeshConfig":
      keep(given.meshConfigs, key, reader, readMeshConfig(reader));
      return true;
    case "MeshRootCertificate":
    case "Guarantee":
      return true;
    case "NetworkPolicy":
      if (object.apiVersion !== networkPolicyVersion) return false;
      keep(given.networkPolicies, key, reader, readNetworkPolicy(reader));
      return true;
    default:
      return readGiven(object, key, reader, given);
  }
}
