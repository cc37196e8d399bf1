import { indexByLabel, matching, selects } from "../../cluster/selectors";
import { type ClusterState } from "./cluster";
import { type AccountKey, keyOf } from "../../cluster/keys";
import { accountOf, identityOf } from "./identity";
import { groupBy, memo, memoOnce } from "../../cluster/look-up";
import { type SplitPolicy } from "./policies";
import { type EndpointsState, isHeadless, type PodState, type ServiceState } from "../../cluster/workloads";

/** One port of a Service as OSM sees it (pkg/service/types.go, MeshService). */
export interface MeshService {
  readonly namespace: string;
  /** The Service's name, or `<pod>.<service>` for a pod that a headless Service names. */
  readonly name: string;
  readonly port: number;
  /** 0 where no endpoint tells it. */
  readonly targetPort: number;
  /** As written: OSM compares some places with case and some without. */
  readonly protocol: string;
  readonly service: ServiceState;
  /** Equal for equal values. */
  readonly id: string;
}

/** OSM's catalogue: the look-ups that its policies are built from. All answers are remembered. */
export interface Catalog {
  readonly state: ClusterState;
  /** Every port of every Service in the mesh's namespaces, in the order of the objects (OSM's own order is random). */
  allMeshServices(): readonly MeshService[];
  meshServicesOf(service: ServiceState): readonly MeshService[];
  /** Services whose selectors match pods of the account. */
  servicesOfAccount(account: AccountKey): readonly MeshService[];
  /** Services whose selectors match the pod, as its own sidecar serves them. */
  servicesOfPod(pod: PodState): readonly MeshService[];
  podsOfAccount(account: AccountKey): readonly PodState[];
  podsOfIp(ip: string): readonly PodState[];
  /** Identities of all pods that the Service's selector matches, in whatever namespace (OSM does not compare it). */
  identitiesOfService(service: ServiceState): ReadonlySet<string>;
  endpointsOf(namespace: string, name: string): EndpointsState | undefined;
  /** Splits by the root's `namespace/name`. */
  splitsOfRoot(service: MeshService): readonly SplitPolicy[];
  /** Splits that have the service as a backend. */
  splitsOfBackend(service: MeshService): readonly SplitPolicy[];
}

/** Name, port and protocol prefixes that OSM knows (pkg/constants/constants.go, SupportedProtocolsInMesh), in its order. */
const protocolPrefixes = ["tcp-server-first", "http", "tcp", "grpc"] as const;

export function catalogOf(state: ClusterState): Catalog {
  const pods = state.pods.filter((pod) => state.isMonitored(pod.namespace));
  const services = [...state.services.values()].filter((service) => state.isMonitored(service.namespace));
  const podIndex = indexByLabel(pods);

  const byAccount = groupBy(pods, (pod) => keyOf(pod.namespace, pod.serviceAccount));
  const byIp = new Map<string, PodState[]>();
  for (const pod of pods) for (const ip of pod.ips) push(byIp, ip, pod);

  const servicesByPod = new Map<PodState, ServiceState[]>();
  for (const service of services) {
    for (const pod of matching(podIndex, service.namespace, service.selector)) push(servicesByPod, pod, service);
  }

  const splits = state.splits.filter((split) => state.isMonitored(split.namespace));
  const splitRoots = groupBy(splits, (split) => keyOf(split.namespace, splitHostName(split.service, state).service));
  const splitBackends = new Map<string, SplitPolicy[]>();
  for (const split of splits) {
    for (const name of new Set(split.backends.map((backend) => backend.service))) {
      push(splitBackends, keyOf(split.namespace, name), split);
    }
  }

  const none: readonly never[] = [];
  const meshServices = memo((service: ServiceState) => toMeshServices(service, state.endpoints));
  const selecting = (pod: PodState): readonly MeshService[] => {
    const found = servicesByPod.get(pod) ?? [];
    const [only] = found;
    return found.length === 1 && only !== undefined ? meshServices(only) : found.flatMap(meshServices);
  };
  const catalog: Catalog = {
    state,
    allMeshServices: memoOnce(() => services.flatMap(meshServices)),
    meshServicesOf: meshServices,
    servicesOfAccount: memo((account) => uniqueById((byAccount.get(account) ?? []).flatMap(selecting))),
    servicesOfPod: memo((pod) =>
      selecting(pod).filter((service) => !service.name.includes(".") || service.name.split(".")[0] === pod.name),
    ),
    podsOfAccount: (account) => byAccount.get(account) ?? none,
    podsOfIp: (ip) => byIp.get(ip) ?? none,
    identitiesOfService: memo((service) => {
      // Pods of the Service's own namespace come from the index; the others only matter where selectors are shared.
      const own = matching(podIndex, service.namespace, service.selector);
      return new Set(own.map((pod) => identityOf(pod.namespace, pod.serviceAccount)));
    }),
    endpointsOf: (namespace, name) => state.endpoints.get(keyOf(namespace, name)),
    splitsOfRoot: (service) => (splits.length > 0 && splitRoots.get(keyOf(service.namespace, service.name))) || none,
    splitsOfBackend: (service) =>
      (splits.length > 0 && splitBackends.get(keyOf(service.namespace, service.name))) || none,
  };
  return catalog;
}

/** Whether a pod of the identity may prove itself for the Service: with no identity known, any may. */
export function provesIdentity(catalog: Catalog, service: ServiceState | undefined, pod: PodState): boolean {
  if (service === undefined) return true;
  if (selects(service.selector, pod)) return true;
  const identities = catalog.identitiesOfService(service);
  return identities.size === 0 || identities.has(identityOf(pod.namespace, pod.serviceAccount));
}

/** The protocol of a Service's port: what it says, or what its name begins with (pkg/k8s/client.go). */
export function protocolOf({ appProtocol, name }: { readonly appProtocol?: string; readonly name: string }): string {
  return appProtocol ?? protocolPrefixes.find((one) => name.startsWith(`${one}-`)) ?? "http";
}

/** One MeshService for each port; for a headless Service one for each named pod and port (pkg/k8s/client.go). */
function toMeshServices(
  service: ServiceState,
  endpointsByKey: ReadonlyMap<string, EndpointsState>,
): readonly MeshService[] {
  const endpoints = endpointsByKey.get(keyOf(service.namespace, service.name));
  const headless = isHeadless(service);
  return service.ports.flatMap((spec) => {
    const protocol = protocolOf(spec);
    const targetPort = endpoints === undefined ? 0 : targetPortOf(spec.name, endpoints);
    const make = (name: string): MeshService => ({
      namespace: service.namespace,
      name,
      port: spec.port & 0xffff,
      targetPort,
      protocol,
      service,
      id: `${service.namespace}/${name}|${String(spec.port & 0xffff)}|${String(targetPort)}|${protocol}`,
    });
    if (!headless || endpoints === undefined) return [make(service.name)];
    const named = endpoints.subsets
      .flatMap((subset) => subset.addresses)
      .filter((address) => address.hostname !== "")
      .map((address) => make(`${address.hostname}.${service.name}`));
    return named.length > 0 ? named : [make(service.name)];
  });
}

/** pkg/k8s/client.go, GetTargetPortFromEndpoints: a lone port counts whatever its name. */
function targetPortOf(name: string, endpoints: EndpointsState): number {
  for (const subset of endpoints.subsets) {
    for (const port of subset.ports) {
      if (name === "" || subset.ports.length === 1 || port.name === name) return port.port & 0xffff;
    }
  }
  return 0;
}

/**
 * Target port of a split's backend for the root's port (pkg/k8s/client.go, GetTargetPortForServicePort): by the port's
 * name alone. A port that the backend does not have looks for an endpoint port without a name.
 */
export function backendTargetPort(catalog: Catalog, namespace: string, name: string, port: number): number | undefined {
  const service = catalog.state.services.get(keyOf(namespace, name));
  const endpoints = catalog.endpointsOf(namespace, name);
  if (service === undefined || endpoints === undefined) return undefined;
  const portName = service.ports.find((one) => (one.port & 0xffff) === port)?.name ?? "";
  for (const subset of endpoints.subsets) {
    for (const one of subset.ports) if (one.name === portName) return one.port & 0xffff;
  }
  return undefined;
}

/** pkg/k8s/util.go, splitHostName: which part of a host name is the Service, and which a pod of a headless one. */
export function splitHostName(
  host: string,
  state: Pick<ClusterState, "isMonitored" | "namespaces">,
): { readonly service: string; readonly subdomain: string } {
  const parts = (host.split(":")[0] ?? "").split(".");
  const [first = "", second = "", third = ""] = parts;
  // OSM asks its own list of namespaces, which holds those in the mesh only.
  const isNamespace = (name: string): boolean =>
    state.namespaces.size > 0 ? state.namespaces.has(name) && state.isMonitored(name) : name !== "svc";
  switch (parts.length) {
    case 2:
      return isNamespace(second) ? { service: first, subdomain: "" } : { service: second, subdomain: first };
    case 3:
      return isNamespace(third) ? { service: second, subdomain: first } : { service: first, subdomain: "" };
    case 4:
    case 6:
      return { service: second, subdomain: first };
    default:
      return { service: first, subdomain: "" };
  }
}

/** The account that OSM takes a pod's sidecar for. */
export function accountOfPod(pod: PodState): AccountKey {
  return accountOf(pod.namespace, pod.serviceAccount);
}

/** Services without those that have the id of an earlier one. */
export function uniqueById(services: readonly MeshService[]): readonly MeshService[] {
  return services.length < 2 ? services : [...new Map(services.map((service) => [service.id, service])).values()];
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
