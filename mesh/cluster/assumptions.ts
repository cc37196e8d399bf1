import { assumedPods, assumedServices, type Destination, type SharedName } from "./assumed-services";
import { few } from "../manifests/few";
import { type AskedService } from "./dns";
import { controlledEndpoints, isControlled } from "./endpoints";
import { indexByLabel, matching } from "./selectors";
import {
  type EndpointAddress,
  type EndpointsState,
  type PodState,
  type ServiceState,
  type WorkloadState,
} from "./workloads";

/** What the objects tell of a cluster. */
export interface GivenCluster {
  readonly pods: ReadonlyMap<string, PodState>;
  readonly workloads: ReadonlyMap<string, WorkloadState>;
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly endpoints: ReadonlyMap<string, EndpointsState>;
  /** Service accounts that policies name as destinations. */
  readonly destinations: readonly Destination[];
  /** Services among which policies share out the calls to another. */
  readonly shared: readonly SharedName[];
}

/** A cluster in which every pod and Service has an address, and every Service its endpoints. */
export interface AssumedCluster {
  readonly pods: readonly PodState[];
  /** Whether no object shows a pod, so that `pods` are those that the policies speak of. */
  readonly podsAssumed: boolean;
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly endpoints: ReadonlyMap<string, EndpointsState>;
}

/**
 * Fills in what Kubernetes and a person would, object by object: files that show some Services, workloads or Endpoints need
 * not show all.
 *
 * @param assumptions gets a sentence for everything that is assumed.
 */
export function assumeCluster(
  given: GivenCluster,
  asked: readonly AskedService[],
  assumptions: string[],
): AssumedCluster {
  const known = allPods(given, assumptions);
  const services = new Map([...given.services, ...assumedServices(given, known, asked, assumptions)]);
  const unplaced = [...known, ...assumedPods(given, known, given.workloads, services, assumptions)];
  const counting = countingEndpoints(given, unplaced, assumptions);
  const placed = placePods(unplaced, services, counting, assumptions);
  const nextAddress = addressBook(placed, services.values());
  const pods = placed.map((pod) => (pod.ips.length > 0 ? pod : { addressAssumed: true, ...pod, ips: [nextAddress()] }));
  for (const [key, service] of services) {
    if (service.clusterIp === "" && service.externalName === undefined)
      services.set(key, { ...service, clusterIp: nextAddress() });
  }
  const endpoints = completeEndpoints(services, pods, counting, assumptions);
  return { pods, podsAssumed: known.length === 0, services, endpoints };
}

/** Pods as given, and those that workloads would make where none of their pods is given. */
function allPods(given: GivenCluster, assumptions: string[]): readonly PodState[] {
  if (given.workloads.size === 0) return [...given.pods.values()];
  const pods = [...given.pods.values()];
  const index = indexByLabel(pods);
  let made = 0;
  for (const { pods: template } of given.workloads.values()) {
    const [first] = template;
    if (first === undefined || matching(index, first.namespace, first.labels).length > 0) continue;
    pods.push(...template);
    made += template.length;
  }
  if (made > 0) assumptions.push("Workloads without Pods: their pods are taken from the templates.");
  return pods;
}

/** The given Endpoints without those that Kubernetes' controller would write over: by hand, for a Service whose pods are known. */
function countingEndpoints(
  { services, endpoints }: GivenCluster,
  pods: readonly PodState[],
  assumptions: string[],
): ReadonlyMap<string, EndpointsState> {
  const counting = new Map(endpoints);
  if (endpoints.size === 0) return counting;
  const index = indexByLabel(pods);
  const addresses = new Set(pods.flatMap(({ ips }) => ips));
  for (const [key, { observed, subsets }] of endpoints) {
    const service = services.get(key);
    if (service === undefined || observed || !isControlled(service)) continue;
    if (subsets.some((subset) => subset.addresses.some(({ ip }) => addresses.has(ip)))) continue;
    if (matching(index, service.namespace, service.selector).length === 0) continue;
    counting.delete(key);
    assumptions.push(
      `Endpoints ${key} are passed over: Kubernetes writes those of a Service with a selector itself, by the pods that it matches.`,
    );
  }
  return counting;
}

/**
 * Pods without an address take those that Endpoints have for pods of their Service and that no pod has: by the pod's name,
 * by that of its workload, or else as they come. A workload has as many pods as there are addresses.
 */
function placePods(
  pods: readonly PodState[],
  services: ReadonlyMap<string, ServiceState>,
  endpoints: ReadonlyMap<string, EndpointsState>,
  assumptions: string[],
): readonly PodState[] {
  if (endpoints.size === 0) return pods;
  const taken = new Set(pods.flatMap(({ ips }) => ips));
  const index = indexByLabel(pods.filter(({ ips }) => ips.length === 0));
  const found = new Map<PodState, EndpointAddress[]>();
  for (const [key, { subsets }] of endpoints) {
    const service = services.get(key);
    if (service === undefined || !isControlled(service)) continue;
    const candidates = matching(index, service.namespace, service.selector);
    const unknown: string[] = [];
    for (const address of subsets.flatMap((subset) => subset.addresses)) {
      if (taken.has(address.ip)) continue;
      const name = address.pod;
      const pod =
        candidates.find((one) => one.name === name) ??
        candidates.find((one) => isMade(one) && name?.startsWith(`${one.name}-`) === true) ??
        candidates.find((one) => !found.has(one)) ??
        candidates.find(isMade);
      if (pod === undefined) {
        unknown.push(address.ip);
        continue;
      }
      taken.add(address.ip);
      const addresses = found.get(pod);
      if (addresses === undefined) found.set(pod, [address]);
      else addresses.push(address);
    }
    if (unknown.length > 0) {
      assumptions.push(
        `Endpoints ${key} have addresses of no known pod (${few(unknown, mostNamed)}): what answers there is taken to be outside of the mesh.`,
      );
    }
  }
  return pods.flatMap((pod) => {
    const addresses = found.get(pod);
    if (addresses === undefined) return [pod];
    return addresses.map(({ ip, pod: name }, at) => ({
      ...pod,
      name: name ?? (at === 0 ? pod.name : `${pod.name}-${String(at)}`),
      ips: [ip],
    }));
  });
}

/** Whether a pod stands for all those that its workload makes. */
function isMade({ workload }: PodState): boolean {
  return workload !== undefined;
}

/** The Endpoints that count, and those that the controller would write for the other Services. */
function completeEndpoints(
  services: ReadonlyMap<string, ServiceState>,
  pods: readonly PodState[],
  counting: ReadonlyMap<string, EndpointsState>,
  assumptions: string[],
): ReadonlyMap<string, EndpointsState> {
  if (counting.size === 0) {
    if (services.size > 0) {
      assumptions.push("No Endpoints: every Service is taken to have the pods that its selector matches.");
    }
    return controlledEndpoints(services, pods);
  }
  const missing = [...services].filter(([key, service]) => isControlled(service) && !counting.has(key));
  if (missing.length === 0) return counting;
  assumptions.push(
    `No Endpoints of ${few(
      missing.map(([key]) => key),
      mostNamed,
    )}: such a Service is taken to have the pods that its selector matches.`,
  );
  return new Map([...counting, ...controlledEndpoints(missing, pods)]);
}

/** Names in a sentence, the first of many. */
const mostNamed = 5;

/** Addresses of 10.128.0.0/9 that no object uses. */
function addressBook(pods: readonly PodState[], services: Iterable<ServiceState>): () => string {
  const used = new Set<string>();
  for (const pod of pods) for (const ip of pod.ips) used.add(ip);
  for (const service of services) used.add(service.clusterIp);
  let last = (10 << 24) | (128 << 16);
  return () => {
    for (;;) {
      last += 1;
      const ip = `${String(last >>> 24)}.${String((last >>> 16) & 255)}.${String((last >>> 8) & 255)}.${String(last & 255)}`;
      if (!used.has(ip)) return ip;
    }
  };
}
