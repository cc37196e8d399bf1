import { assumedPod, assumedService } from "../../cluster/assumed-objects";
import { type AskedService } from "../../cluster/dns";
import { keyOf } from "../../cluster/keys";
import { type Labels, type PodState, type ServiceState } from "../../cluster/workloads";
import { type AuthorizationPolicyState } from "./authorization-policies";
import { type DestinationRuleState } from "./destination-rules";
import { type PeerAuthenticationState } from "./peer-authentications";
import { type RequestAuthenticationState } from "./request-authentications";
import { type VirtualServiceState } from "./virtual-services";

/** What the objects tell, and what they speak of. */
interface Given {
  readonly pods: ReadonlyMap<string, PodState>;
  readonly workloads: ReadonlyMap<string, { readonly namespace: string }>;
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly authorizationPolicies: ReadonlyMap<string, AuthorizationPolicyState>;
  readonly peerAuthentications: ReadonlyMap<string, PeerAuthenticationState>;
  readonly requestAuthentications: ReadonlyMap<string, RequestAuthenticationState>;
  readonly virtualServices: readonly VirtualServiceState[];
  readonly destinationRules: ReadonlyMap<string, DestinationRuleState>;
  readonly rootNamespace: string;
}

/** A workload that objects speak of and that none shows. */
interface Spoken {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** Labels of its versions, where rules tell some apart. */
  readonly versions: Labels[];
  readonly ports: Set<number>;
  /** The Services in front of it that objects show; none for one that is assumed with it. */
  readonly behind: ServiceState[];
}

/** What is assumed beside what the objects show. */
export interface AssumedWorkloads {
  readonly pods: ReadonlyMap<string, PodState>;
  readonly services: ReadonlyMap<string, ServiceState>;
}

/** Labels by whose value a workload, and mostly its service account, is called. */
const nameLabels = [
  "aks-mesh/service-account",
  "app",
  "app.kubernetes.io/name",
  "service.istio.io/canonical-name",
  "k8s-app",
];

const usualPort = 80;

/**
 * Workloads and Services of namespaces of which the objects show none: for each that a policy selects, that a route or a rule names,
 * or that is asked for. Where a namespace's pods or Services are shown, what none of them is called is more likely a mistake. Where no object shows
 * a pod at all, those behind the Services that are shown.
 *
 * @param assumptions gets a sentence where anything is assumed.
 */
export function assumedWorkloads(
  given: Given,
  asked: readonly AskedService[],
  assumptions: string[],
): AssumedWorkloads {
  const shown = new Set([
    // What the root namespace says is about all others.
    given.rootNamespace,
    ...Array.from(given.pods.values(), ({ namespace }) => namespace),
    ...Array.from(given.workloads.values(), ({ namespace }) => namespace),
    ...Array.from(given.services.values(), ({ namespace }) => namespace),
  ]);
  const found = new Map<string, Spoken>();
  if (given.pods.size + given.workloads.size === 0) {
    for (const service of given.services.values()) addBehind(found, service);
  }
  const speak = (namespace: string, name: string, labels: Labels = {}): Spoken | undefined => {
    if (namespace === "" || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return undefined;
    const key = keyOf(namespace, name);
    const known = found.get(key);
    if (shown.has(namespace) && known === undefined) return undefined;
    const spoken: Spoken = {
      namespace,
      name,
      labels: { app: name, ...known?.labels, ...labels },
      versions: known?.versions ?? [],
      ports: known?.ports ?? new Set(),
      behind: known?.behind ?? [],
    };
    found.set(key, spoken);
    return spoken;
  };

  for (const { namespace, selector, rules } of given.authorizationPolicies.values()) {
    const spoken = speak(namespace, nameOf(selector), selector);
    for (const { to } of rules) {
      for (const { ports = [] } of to) for (const port of ports) spoken?.ports.add(Number(port));
    }
  }
  for (const { namespace, selector, ports } of given.peerAuthentications.values()) {
    const spoken = speak(namespace, nameOf(selector), selector);
    for (const port of ports.keys()) spoken?.ports.add(port);
  }
  for (const { namespace, selector } of given.requestAuthentications.values()) {
    speak(namespace, nameOf(selector), selector);
  }
  for (const { namespace, hosts, http, tcp } of given.virtualServices) {
    for (const host of hosts) speakOf(speak, host, namespace);
    for (const routes of [http, tcp]) {
      for (const { destinations } of routes) {
        for (const { host, port } of destinations) {
          // Mostly the VirtualService's own host.
          if (port === undefined && hosts.includes(host)) continue;
          const spoken = speakOf(speak, host, namespace);
          if (port !== undefined) spoken?.ports.add(port);
        }
      }
    }
  }
  for (const { namespace, host, subsets } of given.destinationRules.values()) {
    const spoken = speakOf(speak, host, namespace);
    spoken?.versions.push(...subsets.map(({ labels }) => labels));
  }
  // A name that is asked for beside others that the objects speak of in its namespace is more likely misspelt.
  const spokenOf = new Set(Array.from(found.values(), ({ namespace }) => namespace));
  for (const { namespace, name, port } of asked) {
    if (found.has(keyOf(namespace, name)) || (isSpokenOf(given, namespace) && !spokenOf.has(namespace))) {
      speak(namespace, name)?.ports.add(port);
    }
  }
  const bare = [...found.values()].filter(({ behind }) => behind.length === 0);
  if (bare.length > 0) {
    assumptions.push(
      `No workload and no Service in ${namespacesOf(bare)}: what the objects there speak of is taken to run as a service account of its name, behind a Service of its name${bare.some(({ ports }) => ports.size === 0) ? ", with HTTP on port 80 where no port is named" : ""}.`,
    );
  }
  const served = [...found.values()].filter(({ behind }) => behind.length > 0);
  if (served.length > 0) {
    assumptions.push(
      `Neither Pods nor workloads: the Services in ${namespacesOf(served)} are taken to have pods with the labels that they select, which run as a service account of that name.`,
    );
  }
  return {
    pods: new Map([...found.values()].flatMap(podsOf).map((pod) => [keyOf(pod.namespace, pod.name), pod])),
    services: new Map(bare.map((spoken) => [keyOf(spoken.namespace, spoken.name), serviceOf(spoken)])),
  };
}

/** Adds what is behind a Service, where it selects anything. */
function addBehind(found: Map<string, Spoken>, service: ServiceState): void {
  const { namespace, selector } = service;
  if (Object.keys(selector).length === 0) return;
  const name = nameOf(selector) || service.name;
  const key = keyOf(namespace, name);
  const known = found.get(key);
  const { behind = [], versions = [], ports = new Set<number>() } = known ?? {};
  found.set(key, {
    namespace,
    name,
    labels: { ...known?.labels, ...selector },
    versions,
    ports,
    behind: [...behind, service],
  });
}

function namespacesOf(all: readonly Spoken[]): string {
  return [...new Set(all.map(({ namespace }) => namespace))].join(", ");
}

/** Whether any policy is for a namespace as a whole. */
function isSpokenOf(given: Given, namespace: string): boolean {
  return [
    ...given.authorizationPolicies.values(),
    ...given.peerAuthentications.values(),
    ...given.requestAuthentications.values(),
  ].some((one) => one.namespace === namespace);
}

function nameOf(selector: Labels): string {
  const label = nameLabels.find((name) => selector[name] !== undefined);
  return label === undefined ? "" : (selector[label] ?? "");
}

/** A host that is a Service's: short, or a full name of the cluster. */
function speakOf(
  speak: (namespace: string, name: string) => Spoken | undefined,
  host: string,
  namespace: string,
): Spoken | undefined {
  const [name = "", space, svc] = host.toLowerCase().split(".");
  if (space === undefined) return speak(namespace, name);
  return svc === "svc" ? speak(space, name) : undefined;
}

function podsOf({ namespace, name, labels, versions, behind }: Spoken): readonly PodState[] {
  const namedPorts = behind.flatMap(({ ports }) =>
    ports.flatMap(({ targetPort, port, transport }) =>
      typeof targetPort === "string" ? [{ name: targetPort, port, protocol: transport }] : [],
    ),
  );
  return (versions.length === 0 ? [{}] : versions).map((version, index) => ({
    ...assumedPod({
      namespace,
      name: index === 0 ? name : `${name}-${String(index)}`,
      labels: { ...labels, ...version },
      serviceAccount: labels["aks-mesh/service-account"] ?? name,
    }),
    namedPorts,
  }));
}

function serviceOf({ namespace, name, labels, ports }: Spoken): ServiceState {
  return assumedService({
    namespace,
    name,
    selector: { app: labels["app"] ?? name },
    ports: (ports.size === 0 ? [usualPort] : [...ports]).map((port) => ({
      name: `http-${String(port)}`,
      port,
      targetPort: port,
      transport: "TCP",
    })),
  });
}
