import { type AskedService, type ClusterState, type GivenState } from "../osm/state/cluster";
import { keyOf } from "../osm/state/identity";
import { type MeshSwitches } from "../osm/state/policies";
import {
  type EndpointsState,
  type EndpointSubset,
  type Labels,
  injectionWords,
  monitoredByLabel,
  type PodState,
  type ServiceState,
} from "./workloads";

type Assumed = Pick<
  ClusterState,
  "switches" | "isMonitored" | "hasSidecar" | "pods" | "podsAssumed" | "services" | "endpoints" | "assumptions"
>;

/** The mesh's name, the value of the monitored-by label: AKS and OSM's chart both call it so. */
const meshName = "osm";

const strictMode: MeshSwitches = {
  permissive: false,
  egress: false,
  egressPolicy: true,
  retryPolicy: false,
  outboundPortExclusions: [],
  inboundPortExclusions: [],
  outboundIpExclusions: [],
  outboundIpInclusions: [],
  interfaceExclusions: [],
  externalAuthorization: false,
};

/** Fills in what Kubernetes and a person would, where the objects leave a kind out altogether. Says what it assumed. */
export function assume(given: GivenState, asked: readonly AskedService[]): Assumed {
  const assumptions: string[] = [];

  let switches = meshConfigOf(given, assumptions);
  if (switches === undefined) {
    switches = strictMode;
    assumptions.push(
      "No MeshConfig: strict mode without mesh-wide egress is assumed (AKS installs permissive mode with egress).",
    );
  }

  const { namespaces } = given;
  if (namespaces.size === 0) assumptions.push("No Namespace: all namespaces are taken to be in the mesh.");
  const isMonitored = (namespace: string): boolean =>
    namespaces.size === 0 || namespaces.get(namespace)?.labels[monitoredByLabel] === meshName;

  const hasSidecar = sidecarRule(namespaces, isMonitored);

  const known = allPods(given, assumptions);
  const services = allServices(given, known, asked, assumptions);
  const pods = known.length > 0 ? known : assumedPods(given, services, assumptions);
  const addresses = addressBook(pods, services.values());
  const addressedPods = pods.map((pod) => (pod.ips.length > 0 ? pod : { ...pod, ips: [addresses.ofPod(pod)] }));
  const addressedServices = new Map(
    [...services].map(([key, service]) => [
      key,
      service.clusterIp !== "" || service.externalName ? service : { ...service, clusterIp: addresses.next() },
    ]),
  );
  let endpoints: ReadonlyMap<string, EndpointsState> = given.endpoints;
  if (given.endpoints.size === 0 && addressedServices.size > 0) {
    assumptions.push("No Endpoints: every Service is taken to have the pods that its selector matches.");
    endpoints = endpointsOf(addressedServices, addressedPods);
  }
  return {
    switches,
    isMonitored,
    hasSidecar,
    pods: addressedPods,
    podsAssumed: known.length === 0,
    services: addressedServices,
    endpoints,
    assumptions,
  };
}

const meshConfigName = "osm-mesh-config";

/** Namespaces in which the control plane runs: the AKS add-on's, and the default of OSM's own chart. */
const meshNamespaces: readonly string[] = ["kube-system", "osm-system"];

/** The one MeshConfig that the controller reads: by its name, in the namespace in which it runs itself. */
function meshConfigOf({ meshConfigs }: GivenState, assumptions: string[]): MeshSwitches | undefined {
  const named = [...meshConfigs.keys()].filter((key) => key.endsWith(`/${meshConfigName}`)).sort();
  const read = meshNamespaces.map((namespace) => keyOf(namespace, meshConfigName)).find((key) => meshConfigs.has(key));
  const counts = read ?? named[0];
  const others = [...meshConfigs.keys()].filter((key) => key !== counts).sort();
  if (others.length > 0) {
    const reason =
      counts === undefined
        ? `its name has to be ${meshConfigName}`
        : `only ${counts} is taken to be in the mesh's own namespace, and a mesh has one`;
    assumptions.push(...others.map((key) => `MeshConfig ${key} is not read: ${reason}.`));
  }
  return counts === undefined ? undefined : meshConfigs.get(counts);
}

/** pkg/injector/webhook.go, mustInject; the label `ignore` is in the webhook's selector of namespaces. */
function sidecarRule(
  namespaces: GivenState["namespaces"],
  isMonitored: ClusterState["isMonitored"],
): ClusterState["hasSidecar"] {
  const injection = (annotations: Labels | undefined): boolean | undefined => {
    const value = annotations?.["openservicemesh.io/sidecar-injection"]?.toLowerCase();
    return value === undefined ? undefined : injectionWords.on.includes(value);
  };
  return ({ namespace, labels, annotations, hostNetwork }) => {
    if (!isMonitored(namespace)) return false;
    if (labels["osm-proxy-uuid"] !== undefined) return true;
    const { labels: around, annotations: ofNamespace } = namespaces.get(namespace) ?? {};
    if (hostNetwork || around?.["openservicemesh.io/ignore"] !== undefined) return false;
    return injection(annotations) ?? injection(ofNamespace) ?? true;
  };
}

/** Pods as given, and those that workloads would make where none of their pods is given. */
function allPods(given: GivenState, assumptions: string[]): readonly PodState[] {
  if (given.workloadPods.size === 0) return [...given.pods.values()];
  const pods = [...given.pods.values()];
  const index = indexByLabel(pods);
  let made = 0;
  for (const template of given.workloadPods.values()) {
    const [first] = template;
    if (first === undefined || matching(index, first.namespace, first.labels).length > 0) continue;
    pods.push(...template);
    made += template.length;
  }
  if (made > 0) assumptions.push("Workloads without Pods: their pods are taken from the templates.");
  return pods;
}

/** Services as given; where there is none at all, one for each service that is asked for or that policies name. */
function allServices(
  given: GivenState,
  pods: readonly PodState[],
  asked: readonly AskedService[],
  assumptions: string[],
): ReadonlyMap<string, ServiceState> {
  if (given.services.size > 0) return given.services;
  const services = new Map<string, ServiceState>();
  const add = (namespace: string, name: string, port: number, account: string): void => {
    const key = keyOf(namespace, name);
    const known = services.get(key);
    const ports = known?.ports ?? [];
    if (ports.some((one) => one.port === port)) return;
    const next = { name: `http-${String(port)}`, port, targetPort: port, transport: "TCP" };
    services.set(key, {
      namespace,
      name,
      selector: { [assumedAccountLabel]: account },
      clusterIp: "",
      externalName: false,
      publishNotReady: false,
      assumed: true,
      ports: [...ports, next],
    });
  };
  const accounts = new Map<string, { namespace: string; name: string }>();
  for (const target of given.targets.values()) {
    const { namespace, name } = target.destination;
    if (namespace !== "" && name !== "") accounts.set(keyOf(namespace, name), { namespace, name });
  }
  for (const { namespace, name, port } of asked) {
    if (accounts.has(keyOf(namespace, name)) || pods.some((pod) => stands(pod, namespace, name))) {
      add(namespace, name, port, accountBehind(pods, namespace, name));
    }
  }
  if (asked.length === 0) {
    for (const { namespace, name } of accounts.values()) add(namespace, name, 80, name);
  }
  if (services.size > 0) {
    assumptions.push(
      "No Service: every service account that a TrafficTarget names as destination is taken to have an HTTP Service of its own name.",
    );
  }
  return services;
}

/** Where there are neither pods nor workloads, one pod for each account that a TrafficTarget names as destination. */
function assumedPods(
  given: GivenState,
  services: ReadonlyMap<string, ServiceState>,
  assumptions: string[],
): readonly PodState[] {
  const pods = new Map<string, PodState>();
  for (const target of given.targets.values()) {
    const { namespace, name } = target.destination;
    const key = keyOf(namespace, name);
    const service = services.get(key);
    if (name === "" || pods.has(key)) continue;
    pods.set(key, {
      namespace,
      name,
      labels: service === undefined || service.assumed ? {} : service.selector,
      annotations: {},
      serviceAccount: name,
      ips: [],
      hostname: "",
      subdomain: "",
      ready: true,
      hostNetwork: false,
      containerPorts: new Map(),
    });
  }
  if (pods.size > 0) {
    assumptions.push(
      "Neither Pods nor workloads: every service account that a TrafficTarget names as destination is taken to run the pods of the Service of its name.",
    );
  }
  return [...pods.values()];
}

/** No real label has such a name, so that an assumed Service selects by service account alone. */
const assumedAccountLabel = "//service-account";

function stands(pod: PodState, namespace: string, name: string): boolean {
  return (
    pod.namespace === namespace &&
    (pod.serviceAccount === name || pod.labels["app"] === name || pod.workload?.endsWith(`/${name}`) === true)
  );
}

function accountBehind(pods: readonly PodState[], namespace: string, name: string): string {
  return pods.find((pod) => stands(pod, namespace, name))?.serviceAccount ?? name;
}

interface AddressBook {
  next(): string;
  ofPod(pod: PodState): string;
}

/** Addresses of 10.128.0.0/9 that no object uses. */
function addressBook(pods: readonly PodState[], services: Iterable<ServiceState>): AddressBook {
  const used = new Set<string>();
  for (const pod of pods) for (const ip of pod.ips) used.add(ip);
  for (const service of services) used.add(service.clusterIp);
  let last = (10 << 24) | (128 << 16);
  const next = (): string => {
    for (;;) {
      last += 1;
      const ip = `${String(last >>> 24)}.${String((last >>> 16) & 255)}.${String((last >>> 8) & 255)}.${String(last & 255)}`;
      if (!used.has(ip)) return ip;
    }
  };
  return { next, ofPod: next };
}

/** Pods by namespace and one label, so that a selector looks at few of them. */
export type LabelIndex = ReadonlyMap<string, ReadonlyMap<string, readonly PodState[]>>;

export function indexByLabel(pods: readonly PodState[]): LabelIndex {
  const index = new Map<string, Map<string, PodState[]>>();
  const add = (label: string, value: string, pod: PodState): void => {
    const bucket = keyOf(pod.namespace, label);
    let byValue = index.get(bucket);
    if (byValue === undefined) index.set(bucket, (byValue = new Map()));
    const list = byValue.get(value);
    if (list === undefined) byValue.set(value, [pod]);
    else list.push(pod);
  };
  for (const pod of pods) {
    for (const [label, value] of Object.entries(pod.labels)) add(label, value, pod);
    add(assumedAccountLabel, pod.serviceAccount, pod);
  }
  return index;
}

/** Whether a selector matches a pod. An empty selector matches none. */
export function selects(selector: Labels, pod: PodState): boolean {
  const keys = Object.keys(selector);
  return (
    keys.length > 0 &&
    keys.every((key) => (key === assumedAccountLabel ? pod.serviceAccount : pod.labels[key]) === selector[key])
  );
}

/** The namespace's pods that a selector matches. */
export function matching(index: LabelIndex, namespace: string, selector: Labels): readonly PodState[] {
  const [first, ...others] = Object.entries(selector);
  if (first === undefined) return [];
  const candidates = index.get(keyOf(namespace, first[0]))?.get(first[1]) ?? [];
  return others.length === 0 ? candidates : candidates.filter((pod) => selects(selector, pod));
}

/** What Kubernetes' endpoints controller would write. */
function endpointsOf(
  services: ReadonlyMap<string, ServiceState>,
  pods: readonly PodState[],
): ReadonlyMap<string, EndpointsState> {
  const index = indexByLabel(pods);
  const endpoints = new Map<string, EndpointsState>();
  for (const [key, service] of services) {
    if (service.externalName || Object.keys(service.selector).length === 0) continue;
    const subsets = new Map<
      string,
      { addresses: { ip: string; hostname: string }[]; ports: EndpointSubset["ports"] }
    >();
    for (const pod of matching(index, service.namespace, service.selector)) {
      const [ip] = pod.ips;
      if (ip === undefined || (!pod.ready && !service.publishNotReady)) continue;
      const ports = service.ports.flatMap(({ name, targetPort }) => {
        const port = typeof targetPort === "number" ? targetPort : pod.containerPorts.get(targetPort);
        return port === undefined ? [] : [{ name, port }];
      });
      if (ports.length === 0 && service.ports.length > 0) continue;
      const subsetKey = JSON.stringify(ports);
      const subset = subsets.get(subsetKey) ?? { addresses: [], ports };
      subset.addresses.push({ ip, hostname: pod.subdomain === service.name ? pod.hostname : "" });
      subsets.set(subsetKey, subset);
    }
    endpoints.set(key, { namespace: service.namespace, name: service.name, subsets: [...subsets.values()] });
  }
  return endpoints;
}
