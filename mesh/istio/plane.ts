import { memo, memoOnce } from "../cluster/look-up";
import { keyOf } from "../cluster/keys";
import { type AskedService } from "../cluster/dns";
import { type PodState, type ServiceState } from "../cluster/workloads";
import { type Manifests } from "../manifests";
import { type Network, networkOf } from "../network-policies/network";
import { type Authentication, authenticationOf } from "./authentication";
import { type WorkloadPolicies } from "./authorization/decision";
import { policiesOf } from "./authorization/selection";
import { isSubset } from "./labels";
import { type PortProtocol } from "./protocol";
import { isOlder, type KnownHost, type Registry, registryOf } from "./registry";
import { type Shadowed } from "./shadow-rules";
import { asksForAddress } from "./state/authorization-policies";
import { type IstioState, istioState } from "./state/cluster";
import { type DestinationRuleState } from "./state/destination-rules";

/** What istiod makes of a set of objects. Parts are computed when they are asked for, and remembered. */
export interface IstioPlane {
  readonly state: IstioState;
  readonly registry: Registry;
  readonly authentication: Authentication;
  /** The network below the mesh; undefined where everything passes it. */
  readonly network: Network | undefined;
  /** The policies that select a pod. */
  policiesOf(pod: PodState): WorkloadPolicies;
  /** What an EnvoyFilter of a conversion holds the requests to a pod against; undefined where none does, or several do. */
  shadowOf(pod: PodState): readonly Shadowed[] | undefined;
  /** What a pod's sidecar takes a port for: what the oldest Service that leads there says, or found out where none does. */
  inboundProtocol(pod: PodState, port: number): PortProtocol;
  podOfIp(ip: string): PodState | undefined;
  /** The Service that has the cluster address. */
  serviceOfIp(ip: string): ServiceState | undefined;
  /**
   * Whether an application listens at an address: at a pod's on the ports that Services lead to and those that its containers name; at
   * one that no pod has on any.
   */
  listens(ip: string, port: number): boolean;
  /** Pods that run as a service account, `namespace/name`. */
  podsOf(account: string): readonly PodState[];
  /** The DestinationRules of a namespace, the oldest first. */
  destinationRulesOf(namespace: string): readonly DestinationRuleState[];
  /** Whether policies tell callers apart by their addresses. */
  readonly readsAddresses: boolean;
  /** Whether policies tell pods that are called apart by their addresses. */
  readonly readsDestinations: boolean;
}

export function istioPlane(
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
  asked: readonly AskedService[],
): IstioPlane {
  const state = istioState(manifests, asked);
  const registry = registryOf(state);
  const pods = new Map<string, PodState>();
  const accounts = new Map<string, PodState[]>();
  for (const pod of state.pods) {
    for (const ip of pod.ips) if (!pods.has(ip)) pods.set(ip, pod);
    const key = keyOf(pod.namespace, pod.serviceAccount);
    const list = accounts.get(key);
    if (list === undefined) accounts.set(key, [pod]);
    else list.push(pod);
  }
  const services = new Map([...state.services.values()].map((service) => [service.clusterIp, service]));
  for (const headless of ["", "None"]) services.delete(headless);
  const listening = memoOnce(() => listeners(state));
  return {
    listens: (ip, port) =>
      !pods.has(ip) ||
      listening().get(ip)?.includes(port) === true ||
      pods.get(ip)?.namedPorts.some((one) => one.port === port) === true,
    state,
    registry,
    authentication: authenticationOf(state),
    network: networkOf(state.networkPolicies, state.namespaces),
    policiesOf: memo(policiesOf(state)),
    shadowOf: memo((pod) => {
      const selecting = state.envoyFilters.filter(
        ({ namespace, selector, shadow }) =>
          shadow !== undefined && namespace === pod.namespace && isSubset(selector, pod.labels),
      );
      return selecting.length === 1 ? selecting[0]?.shadow : undefined;
    }),
    inboundProtocol: inboundProtocols(registry),
    podOfIp: (ip) => pods.get(ip),
    serviceOfIp: (ip) => services.get(ip),
    destinationRulesOf: memo((namespace) => state.destinationRules.filter((rule) => rule.namespace === namespace)),
    podsOf: (account) => accounts.get(account) ?? [],
    readsAddresses: state.authorizationPolicies.some(({ rules }) => rules.some(asksForAddress)),
    readsDestinations: state.authorizationPolicies.some(({ rules }) =>
      rules.some(({ when }) => when.some(({ key }) => key === "destination.ip")),
    ),
  };
}

/** Ports that Services lead to, by the address. */
function listeners({ endpoints }: IstioState): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const { subsets } of endpoints.values()) {
    for (const { addresses, ports } of subsets) {
      for (const { ip } of addresses) {
        const known = found.get(ip);
        if (known === undefined)
          found.set(
            ip,
            ports.map(({ port }) => port),
          );
        else for (const { port } of ports) if (!known.includes(port)) known.push(port);
      }
    }
  }
  return found;
}

/** Of several Services on one port of a pod the oldest decides; where files tell no age, the first by name. */
function inboundProtocols(registry: Registry): (pod: PodState, port: number) => PortProtocol {
  const byAddress = new Map<string, PodPort[]>();
  for (const host of registry.hosts) {
    if (host.service === undefined) continue;
    for (const port of host.ports) {
      const { protocol } = port;
      if (protocol === "udp") continue;
      for (const endpoint of registry.endpoints(host, port)) {
        const one = { port: endpoint.port, host, protocol };
        const ofPod = byAddress.get(endpoint.ip);
        if (ofPod === undefined) {
          byAddress.set(endpoint.ip, [one]);
          continue;
        }
        const at = ofPod.findIndex((other) => other.port === one.port);
        const known = ofPod[at];
        if (known === undefined) ofPod.push(one);
        else if (isOlder(host, known.host)) ofPod[at] = one;
      }
    }
  }
  return (pod, port) => {
    for (const ip of pod.ips) {
      const found = byAddress.get(ip)?.find((one) => one.port === port);
      if (found !== undefined) return found.protocol;
    }
    return "auto";
  };
}

/** A port of a pod, and the Service that says what it is. */
interface PodPort {
  readonly port: number;
  readonly host: KnownHost;
  readonly protocol: PortProtocol;
}
