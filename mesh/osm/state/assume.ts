import { type AskedService } from "../../cluster/dns";
import { assumeCluster } from "../../cluster/assumptions";
import { keyOf } from "../../cluster/keys";
import { type EndpointsState, type Labels } from "../../cluster/workloads";
import { injectionAnnotation, injectionWords, monitoredByLabel, proxyLabel } from "../injection";
import { type ClusterState, type GivenState } from "./cluster";
import { destinationsOf, sharedNames } from "./destinations";
import { type MeshSwitches } from "./policies";

type Assumed = Pick<
  ClusterState,
  | "switches"
  | "isMonitored"
  | "hasSidecar"
  | "pods"
  | "podsAssumed"
  | "services"
  | "endpoints"
  | "sourcesAssumed"
  | "assumptions"
>;

/** The mesh's name, the value of the monitored-by label: AKS and OSM's chart both call it so. */
const meshName = "osm";

const strictMode: MeshSwitches = {
  permissive: false,
  egress: false,
  egressPolicy: true,
  retryPolicy: false,
  ingressBackendPolicyOff: false,
  outboundPortExclusions: [],
  inboundPortExclusions: [],
  outboundIpExclusions: [],
  outboundIpInclusions: [],
  interfaceExclusions: [],
  externalAuthorization: false,
};

/** What OSM goes by where the objects leave a kind out altogether, and what was assumed, in sentences. */
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

  assumptions.push(...otherMeshes(namespaces));

  const named = { destinations: destinationsOf(given), shared: sharedNames(given) };
  const cluster = assumeCluster({ ...given, ...named }, asked, assumptions);
  const sources = unseenSources(given, cluster, assumptions);
  const endpoints = new Map([...cluster.endpoints, ...sources]);
  return {
    ...cluster,
    endpoints,
    sourcesAssumed: sources.size > 0,
    switches,
    isMonitored,
    hasSidecar: sidecarRule(namespaces, isMonitored),
    assumptions,
  };
}

/** Namespaces that are labelled for a mesh of another name. */
function otherMeshes(namespaces: GivenState["namespaces"]): readonly string[] {
  return [...namespaces.values()].flatMap(({ name, labels }) => {
    const mesh = labels[monitoredByLabel];
    if (mesh === undefined || mesh === meshName) return [];
    return [
      `Namespace ${name} is not taken to be in the mesh: its label names the mesh ${JSON.stringify(mesh)}, and the one here is taken to be called ${meshName}, as on AKS.`,
    ];
  });
}

/**
 * Services that IngressBackends let calls in from, of namespaces of which no object shows a Service: an ingress controller's is mostly
 * installed by itself. Nothing tells where its pods are, and that nobody comes in would be more than is known.
 */
function unseenSources(
  { ingresses, services }: Pick<GivenState, "ingresses" | "services">,
  cluster: { readonly endpoints: ReadonlyMap<string, EndpointsState> },
  assumptions: string[],
): ReadonlyMap<string, EndpointsState> {
  const shown = new Set([...services.values()].map(({ namespace }) => namespace));
  const found = new Map<string, EndpointsState>();
  for (const { sources } of ingresses.values()) {
    for (const { kind, key, namespace, name } of sources) {
      if (kind !== "Service" || namespace === "" || name === "") continue;
      if (shown.has(namespace) || cluster.endpoints.has(key) || found.has(key)) continue;
      const ip = `10.255.254.${String((found.size % 254) + 1)}`;
      const ports = [{ name: "", port: 80 }];
      found.set(key, { namespace, name, subsets: [{ addresses: [{ ip, hostname: "" }], ports }], observed: false });
      assumptions.push(
        `No Service in ${namespace}: ${key}, from which an IngressBackend lets calls in, is taken to be outside of the mesh, at ${ip}.`,
      );
    }
  }
  return found;
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

/**
 * pkg/injector/webhook.go, mustInject: the pod's annotation counts before the namespace's, and without either there is no
 * sidecar. The label `ignore` is in the webhook's selector of namespaces. Of a namespace that no object shows, nobody knows
 * what it says, and a mesh's namespaces are taken to say yes.
 */
function sidecarRule(
  namespaces: GivenState["namespaces"],
  isMonitored: ClusterState["isMonitored"],
): ClusterState["hasSidecar"] {
  const injection = (annotations: Labels | undefined): boolean | undefined => {
    const value = annotations?.[injectionAnnotation]?.toLowerCase();
    return value === undefined ? undefined : injectionWords.on.includes(value);
  };
  return ({ namespace, labels, annotations, hostNetwork, running }) => {
    if (!isMonitored(namespace)) return false;
    if (labels[proxyLabel] !== undefined) return true;
    // A pod that runs without the proxy's label was made before its namespace was given to the mesh, or past the webhook.
    if (running) return false;
    const { labels: around, annotations: ofNamespace } = namespaces.get(namespace) ?? {};
    if (hostNetwork || around?.["openservicemesh.io/ignore"] !== undefined) return false;
    return injection(annotations) ?? injection(ofNamespace) ?? namespaces.size === 0;
  };
}
