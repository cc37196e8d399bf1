import { assumedPod, assumedService } from "./assumed-objects";
import { type AskedService } from "./dns";
import { keyOf } from "./keys";
import { assumedAccountLabel, indexByLabel, matching } from "./selectors";
import { type PodState, type ServicePort, type ServiceState, type WorkloadState } from "./workloads";

/** A service account that policies name as a destination. */
export interface Destination {
  readonly namespace: string;
  readonly name: string;
  /** Ports that the policies speak of; none where they name none. */
  readonly ports: readonly DestinationPort[];
}

/** A port of a destination. */
export interface DestinationPort {
  readonly port: number;
  readonly protocol: "http" | "tcp";
}

/** Services that share the calls to another. */
export interface SharedName {
  readonly namespace: string;
  /** The name that is called. */
  readonly root: string;
  readonly backends: readonly string[];
}

/** What is known, and what policies speak of. */
interface Known {
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly destinations: readonly Destination[];
  readonly shared: readonly SharedName[];
}

/**
 * Services of namespaces of which the objects show none with a selector: one for each service that is asked for or that
 * policies name as a destination, and for the names among which policies share out its calls. Where a namespace's Services
 * are shown, a name that none has is more likely a mistake. So it is with an account where its namespace's pods are shown.
 */
export function assumedServices(
  known: Known,
  pods: readonly PodState[],
  asked: readonly AskedService[],
  assumptions: string[],
): ReadonlyMap<string, ServiceState> {
  const shown = new Set<string>();
  for (const { namespace, selector } of known.services.values()) {
    if (Object.keys(selector).length > 0) shown.add(namespace);
  }
  const services = new Map<string, ServiceState>();
  const add = (namespace: string, name: string, account: string, wanted: DestinationPort): void => {
    const key = keyOf(namespace, name);
    if (shown.has(namespace) || known.services.has(key)) return;
    const ports = services.get(key)?.ports ?? [];
    if (ports.some(({ port }) => port === wanted.port)) return;
    services.set(
      key,
      assumedService({
        namespace,
        name,
        selector: { [assumedAccountLabel]: account },
        ports: [...ports, portOf(wanted)],
      }),
    );
  };
  const populated = new Set(pods.map(({ namespace }) => namespace));
  const running = new Set(pods.map(({ namespace, serviceAccount }) => keyOf(namespace, serviceAccount)));
  const accounts = new Map<string, Destination[]>();
  for (const destination of known.destinations) {
    const { namespace, name } = destination;
    const key = keyOf(namespace, name);
    if (namespace === "" || name === "" || (populated.has(namespace) && !running.has(key))) continue;
    const same = accounts.get(key);
    if (same === undefined) accounts.set(key, [destination]);
    else same.push(destination);
  }
  for (const { namespace, name, port } of asked) {
    if (accounts.has(keyOf(namespace, name)) || pods.some((pod) => stands(pod, namespace, name))) {
      const spoken = accounts.get(keyOf(namespace, name))?.flatMap(({ ports }) => ports) ?? [];
      const protocol = spoken.find((one) => one.port === port)?.protocol ?? "http";
      add(namespace, name, accountBehind(pods, namespace, name), { port, protocol });
    }
  }
  if (asked.length === 0) {
    for (const destination of [...accounts.values()].flat()) {
      const { namespace, name, ports } = destination;
      for (const port of ports.length === 0 ? [usualPort] : ports) add(namespace, name, name, port);
    }
  }
  for (const { namespace, root, backends } of known.shared) {
    const names = [root, ...backends];
    const account = names.find((name) => accounts.has(keyOf(namespace, name)));
    if (account === undefined) continue;
    const { ports = [] } = services.get(keyOf(namespace, account)) ?? {};
    for (const name of names) {
      const own = accounts.has(keyOf(namespace, name)) ? name : account;
      for (const { port, name: title } of ports) {
        add(namespace, name, own, { port, protocol: title.startsWith("tcp-") ? "tcp" : "http" });
      }
    }
  }
  if (services.size > 0) {
    assumptions.push(
      known.services.size === 0
        ? "No Service: every service account that the policies name as destination is taken to have a Service of its own name."
        : `No Service in ${[...new Set(Array.from(services.values(), ({ namespace }) => namespace))].join(", ")}: every service account there that the policies name as destination is taken to have a Service of its own name.`,
    );
  }
  return services;
}

const usualPort: DestinationPort = { port: 80, protocol: "http" };

function portOf({ port, protocol }: DestinationPort): ServicePort {
  return { name: `${protocol}-${String(port)}`, port, targetPort: port, transport: "TCP" };
}

/**
 * A pod for each account that policies name as destination and of which the objects show none: the one of the Service of its
 * name whose selector matches no pod; of every such Service, where it is the only account of the namespace without pods; and
 * one of its own where they show no pod of its namespace at all.
 */
export function assumedPods(
  { destinations }: Known,
  pods: readonly PodState[],
  workloads: ReadonlyMap<string, WorkloadState>,
  services: ReadonlyMap<string, ServiceState>,
  assumptions: string[],
): readonly PodState[] {
  const populated = new Set(pods.map(({ namespace }) => namespace));
  const running = new Set(pods.map(({ namespace, serviceAccount }) => keyOf(namespace, serviceAccount)));
  const index = indexByLabel(pods);
  const empty = new Map<string, ServiceState[]>();
  for (const service of services.values()) {
    const { namespace, selector, assumed } = service;
    if (assumed || Object.keys(selector).length === 0 || matching(index, namespace, selector).length > 0) continue;
    empty.set(namespace, [...(empty.get(namespace) ?? []), service]);
  }
  const absent = new Map<string, Destination>();
  const alone = new Map<string, number>();
  for (const destination of destinations) {
    const { namespace, name } = destination;
    const key = keyOf(namespace, name);
    if (name === "" || running.has(key) || absent.has(key)) continue;
    absent.set(key, destination);
    alone.set(namespace, (alone.get(namespace) ?? 0) + 1);
  }
  const made: PodState[] = [];
  for (const { namespace, name } of absent.values()) {
    const waiting = empty.get(namespace) ?? [];
    const own = waiting.filter((service) => service.name === name);
    if (own.length === 0 && populated.has(namespace)) continue;
    const behind = own.length === 0 && alone.get(namespace) === 1 ? waiting : own;
    const labels = behind.length === 0 ? [{}] : behind.map(({ selector }) => selector);
    labels.forEach((one, at) =>
      made.push(
        assumedPod({ namespace, name: at === 0 ? name : `${name}-${String(at)}`, labels: one, serviceAccount: name }),
      ),
    );
  }
  const idle = new Set(
    Array.from(workloads.values(), ({ namespace, serviceAccount }) => keyOf(namespace, serviceAccount)),
  );
  const names = [...new Set(made.map((pod) => keyOf(pod.namespace, pod.serviceAccount)))];
  const scaled = names.filter((name) => idle.has(name));
  const unseen = names.filter((name) => !idle.has(name));
  if (scaled.length > 0) {
    assumptions.push(
      `Workloads of ${scaled.join(", ")} have no replicas: each is taken to run the pods of the Service of its name, as if it had.`,
    );
  }
  if (unseen.length > 0) {
    assumptions.push(
      pods.length === 0 && idle.size === 0
        ? "Neither Pods nor workloads: every service account that the policies name as destination is taken to run the pods of the Service of its name."
        : `Neither Pods nor workloads of ${unseen.join(", ")}: each is taken to run the pods of the Service of its name.`,
    );
  }
  return made;
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
