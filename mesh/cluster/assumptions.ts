import { type AskedService } from "./dns";
import { controlledEndpoints } from "./endpoints";
import { keyOf } from "./keys";
import { assumedAccountLabel, indexByLabel, matching } from "./selectors";
import { type EndpointsState, type PodState, type ServiceState } from "./workloads";

/** A service account. */
export interface AccountName {
  readonly namespace: string;
  readonly name: string;
}

/** What the objects tell of a cluster. */
export interface GivenCluster {
  readonly pods: ReadonlyMap<string, PodState>;
  /** The pods that each workload would make. */
  readonly workloadPods: ReadonlyMap<string, readonly PodState[]>;
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly endpoints: ReadonlyMap<string, EndpointsState>;
  /** Service accounts that policies name as destinations. */
  readonly destinations: readonly AccountName[];
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
 * Fills in what Kubernetes and a person would, where the objects leave a kind out altogether.
 *
 * @param assumptions gets a sentence for everything that is assumed.
 */
export function assumeCluster(
  given: GivenCluster,
  asked: readonly AskedService[],
  assumptions: string[],
): AssumedCluster {
  const known = allPods(given, assumptions);
  const services = allServices(given, known, asked, assumptions);
  const pods = known.length > 0 ? known : assumedPods(given, services, assumptions);
  const nextAddress = addressBook(pods, services.values());
  const addressedPods = pods.map((pod) => (pod.ips.length > 0 ? pod : { ...pod, ips: [nextAddress()] }));
  const addressedServices = new Map(
    [...services].map(([key, service]) => [
      key,
      service.clusterIp !== "" || service.externalName ? service : { ...service, clusterIp: nextAddress() },
    ]),
  );
  let { endpoints } = given;
  if (endpoints.size === 0 && addressedServices.size > 0) {
    assumptions.push("No Endpoints: every Service is taken to have the pods that its selector matches.");
    endpoints = controlledEndpoints(addressedServices, addressedPods);
  }
  return { pods: addressedPods, podsAssumed: known.length === 0, services: addressedServices, endpoints };
}

/** Pods as given, and those that workloads would make where none of their pods is given. */
function allPods(given: GivenCluster, assumptions: string[]): readonly PodState[] {
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
  given: GivenCluster,
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
  const accounts = new Map<string, AccountName>();
  for (const account of given.destinations) {
    if (account.namespace !== "" && account.name !== "") accounts.set(keyOf(account.namespace, account.name), account);
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
      "No Service: every service account that the policies name as destination is taken to have an HTTP Service of its own name.",
    );
  }
  return services;
}

/** Where there are neither pods nor workloads, one pod for each account that policies name as destination. */
function assumedPods(
  given: GivenCluster,
  services: ReadonlyMap<string, ServiceState>,
  assumptions: string[],
): readonly PodState[] {
  const pods = new Map<string, PodState>();
  for (const { namespace, name } of given.destinations) {
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
      running: false,
      containerPorts: new Map(),
    });
  }
  if (pods.size > 0) {
    assumptions.push(
      "Neither Pods nor workloads: every service account that the policies name as destination is taken to run the pods of the Service of its name.",
    );
  }
  return [...pods.values()];
}

function stands(pod: PodState, namespace: string, name: string): boolean {
  return (
    pod.namespace === namespace &&
    (pod.serviceAccount === name || pod.labels["app"] === name || pod.workload?.endsWith(`/${name}`) === true)
  );
}

function accountBehind(pods: readonly PodState[], namespace: string, name: string): string {
  return pods.find((pod) => stands(pod, namespace, name))?.serviceAccount ?? name;
}

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
