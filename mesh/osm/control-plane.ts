import { type AskedService } from "../cluster/dns";
import { endpointIps } from "../cluster/endpoints";
import { type Manifests } from "../manifests";
import { type Network, networkOf } from "../network-policies/network";
import { inboundOf, type Inbound } from "./proxy/inbound";
import { type Outbound, outboundOf } from "./proxy/outbound";
import { type RouteTable, routeTable } from "./proxy/routes";
import { indexTargets, type TargetIndex, targetsByDestination } from "./proxy/targets";
import {
  type AccountKey,
  type Catalog,
  catalogOf,
  type ClusterState,
  clusterState,
  givenState,
  memo,
  type MeshService,
  type PodState,
  type ServiceState,
} from "./state";

/**
 * What OSM 1.2's control plane makes of a set of objects. Parts are computed when they are asked for, and remembered.
 */
export interface ControlPlane {
  readonly state: ClusterState;
  readonly catalog: Catalog;
  readonly targets: TargetIndex;
  /** What the sidecars of an account's pods are told about calls that they make. */
  outbound(account: AccountKey): Outbound;
  /** What a pod's sidecar is told about calls that it takes. */
  inbound(pod: PodState): Inbound;
  /** The network below the mesh; undefined where everything passes it. */
  readonly network: Network | undefined;
  /** Pods inside and outside the mesh that have the address. */
  podsOfIp(ip: string): readonly PodState[];
  /** The Service that has the cluster address. */
  serviceOfIp(ip: string): ServiceState | undefined;
  /**
   * Whether an application listens at an address: at a pod's on the ports that Endpoints give for it, as far as objects tell; at
   * one that no pod has on any.
   */
  listens(ip: string, port: number): boolean;
  /** Addresses of a service's endpoints, each once. */
  endpointIps(service: MeshService): readonly string[];
}

/**
 * Works out what OSM 1.2.4 would program for the objects.
 *
 * @param asked Services that requests will name; they are assumed to exist where the objects have no Service at all.
 */
export function controlPlane(
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
  asked: readonly AskedService[],
): ControlPlane {
  const state = clusterState(manifests, asked);
  const catalog = catalogOf(state);
  const targets = indexTargets(state);
  const everyIp = new Map<string, PodState[]>();
  for (const pod of state.pods) {
    for (const ip of pod.ips) {
      const list = everyIp.get(ip);
      if (list === undefined) everyIp.set(ip, [pod]);
      else list.push(pod);
    }
  }
  const byClusterIp = new Map([...state.services.values()].map((service) => [service.clusterIp, service]));
  for (const headless of ["", "None"]) byClusterIp.delete(headless);
  let listeners: ReadonlySet<string> | undefined;
  return {
    state,
    catalog,
    targets,
    outbound: outboundOf(catalog, targets),
    inbound: inboundOf(catalog, targets),
    network: networkOf(state.networkPolicies, state.namespaces),
    podsOfIp: (ip) => everyIp.get(ip) ?? [],
    serviceOfIp: (ip) => byClusterIp.get(ip),
    listens: (ip, port) => {
      listeners ??= listenersOf(state);
      return !everyIp.has(ip) || listeners.has(`${ip} ${String(port)}`);
    },
    endpointIps: memo((service) => {
      const ips = endpointIps(state.endpoints, service);
      return ips.length < 2 ? ips : [...new Set(ips)];
    }),
  };
}

function listenersOf(state: ClusterState): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { subsets } of state.endpoints.values()) {
    for (const { addresses, ports } of subsets) {
      for (const { ip } of addresses) for (const { port } of ports) found.add(`${ip} ${String(port)}`);
    }
  }
  return found;
}

/** The HTTP routes that TrafficTargets give service accounts in strict mode, where all of their namespaces are in the mesh. */
export function routeTablesOf(objects: Manifests["objects"]): readonly RouteTable[] {
  const routes = objects.filter(({ kind }) => kind === "TrafficTarget" || kind === "HTTPRouteGroup");
  const { targets, routeGroups } = givenState({ objects: routes }).given;
  const state = { routeGroups, isMonitored: () => true };
  return Array.from(targetsByDestination(targets.values(), state), ([account, ofAccount]) =>
    routeTable(state, ofAccount, account),
  );
}
