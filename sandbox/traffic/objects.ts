import { type ApiClient, ApiError, type KubernetesObject } from "../control-plane/api-client";

/** A container as far as running it needs. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext?: { readonly runAsUser?: number };
}

/** A pod's volume as far as filling it needs. */
export interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName: string };
  readonly configMap?: { readonly name: string };
  readonly projected?: {
    readonly sources: readonly {
      readonly serviceAccountToken?: { readonly path: string; readonly audience: string };
    }[];
  };
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef?: { readonly fieldPath: string } }[];
  };
}

/** A Pod as far as running it needs. */
export interface Pod extends KubernetesObject {
  readonly metadata: KubernetesObject["metadata"] & { readonly namespace: string; readonly uid: string };
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly nodeName?: string;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly Volume[];
    readonly securityContext?: {
      readonly runAsUser?: number;
      readonly sysctls?: readonly { readonly name: string; readonly value: string }[];
    };
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string; readonly hostIP?: string };
}

/** A Service as far as resolving its name, and finding those of gateways, needs. */
export interface Service extends KubernetesObject {
  readonly spec: {
    readonly clusterIP?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: number | string;
      readonly protocol?: string;
    }[];
  };
}

/** A Gateway as far as calling through it needs. */
export interface Gateway extends KubernetesObject {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly servers?: readonly {
      readonly port: { readonly number: number; readonly protocol: string };
      readonly hosts: readonly string[];
    }[];
  };
}

/** Endpoints as far as finding a Service's pods needs. */
export interface Endpoints extends KubernetesObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  }[];
}

/** Services between which calls to one are divided, all as `namespace/name`. */
export interface Split {
  readonly service: string;
  readonly backends: readonly string[];
}

/** A TrafficSplit as far as naming its backends needs. */
interface TrafficSplit extends KubernetesObject {
  readonly spec: { readonly service: string; readonly backends?: readonly { readonly service: string }[] };
}

/** A ServiceEntry as far as calling its hosts needs. */
export interface ServiceEntry extends KubernetesObject {
  readonly spec: {
    readonly hosts: readonly string[];
    readonly ports?: readonly { readonly number: number; readonly protocol: string }[];
    readonly resolution?: string;
  };
}

/** A VirtualService as far as naming its destinations and gateways needs. */
export interface VirtualService extends KubernetesObject {
  readonly spec: {
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly http?: readonly Routes[];
    readonly tcp?: readonly Routes[];
  };
}

interface Routes {
  readonly route?: readonly { readonly destination?: { readonly host: string } }[];
}

/** What a cluster holds, as far as the mesh reads it. */
export interface ClusterObjects {
  readonly all: readonly KubernetesObject[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly endpoints: readonly Endpoints[];
  readonly splits: readonly Split[];
  readonly gateways: readonly Gateway[];
  readonly serviceEntries: readonly ServiceEntry[];
  readonly virtualServices: readonly VirtualService[];
  /** Changes when an object does that the mesh's decisions depend on. */
  readonly version: string;
}

/** The kinds that the mesh reads, with the path of their lists. */
const kinds: readonly (readonly [path: string, apiVersion: string, kind: string])[] = [
  ["/api/v1/namespaces", "v1", "Namespace"],
  ["/api/v1/serviceaccounts", "v1", "ServiceAccount"],
  ["/api/v1/services", "v1", "Service"],
  ["/api/v1/endpoints", "v1", "Endpoints"],
  ["/api/v1/pods", "v1", "Pod"],
  custom("access.smi-spec.io/v1alpha3", "traffictargets", "TrafficTarget"),
  custom("specs.smi-spec.io/v1alpha4", "httproutegroups", "HTTPRouteGroup"),
  custom("specs.smi-spec.io/v1alpha4", "tcproutes", "TCPRoute"),
  custom("split.smi-spec.io/v1alpha2", "trafficsplits", "TrafficSplit"),
  custom("policy.openservicemesh.io/v1alpha1", "egresses", "Egress"),
  custom("policy.openservicemesh.io/v1alpha1", "ingressbackends", "IngressBackend"),
  custom("policy.openservicemesh.io/v1alpha1", "retries", "Retry"),
  custom("policy.openservicemesh.io/v1alpha1", "upstreamtrafficsettings", "UpstreamTrafficSetting"),
  custom("config.openservicemesh.io/v1alpha2", "meshconfigs", "MeshConfig"),
  ["/api/v1/namespaces/aks-istio-system/configmaps", "v1", "ConfigMap"],
  custom("security.istio.io/v1", "authorizationpolicies", "AuthorizationPolicy"),
  custom("security.istio.io/v1", "peerauthentications", "PeerAuthentication"),
  custom("security.istio.io/v1", "requestauthentications", "RequestAuthentication"),
  custom("networking.istio.io/v1", "virtualservices", "VirtualService"),
  custom("networking.istio.io/v1", "destinationrules", "DestinationRule"),
  custom("networking.istio.io/v1", "serviceentries", "ServiceEntry"),
  custom("networking.istio.io/v1", "sidecars", "Sidecar"),
  custom("networking.istio.io/v1", "gateways", "Gateway"),
  custom("networking.istio.io/v1alpha3", "envoyfilters", "EnvoyFilter"),
];

function custom(apiVersion: string, plural: string, kind: string) {
  return [`/apis/${apiVersion}/${plural}`, apiVersion, kind] as const;
}

/** Reads them. A kind that the cluster does not have has no objects. */
export async function readObjects(api: ApiClient): Promise<ClusterObjects> {
  const lists = await Promise.all(
    kinds.map(async ([path, apiVersion, kind]) => {
      try {
        // An object of a list comes without its type.
        return (await api.list(path)).map((object) => ({ ...object, apiVersion, kind }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return [];
        throw error;
      }
    }),
  );
  // Of the ConfigMaps the mesh reads only its own settings; others there change every second.
  const all = lists.flat().filter((object) => object.kind !== "ConfigMap" || isMeshConfig(object));
  const ofKind = (kind: string): KubernetesObject[] => all.filter((object) => object.kind === kind);
  return {
    all,
    pods: ofKind("Pod") as Pod[],
    services: ofKind("Service") as Service[],
    endpoints: ofKind("Endpoints") as Endpoints[],
    splits: [
      ...(ofKind("TrafficSplit") as TrafficSplit[]).map(trafficSplit),
      ...(ofKind("VirtualService") as VirtualService[]).flatMap(virtualService),
    ],
    gateways: ofKind("Gateway") as Gateway[],
    serviceEntries: ofKind("ServiceEntry") as ServiceEntry[],
    virtualServices: ofKind("VirtualService") as VirtualService[],
    version: all.map(identity).sort().join("\n"),
  };
}

function isMeshConfig({ data }: KubernetesObject): boolean {
  return typeof data === "object" && data !== null && "mesh" in data;
}

function trafficSplit({ metadata, spec }: TrafficSplit): Split {
  const namespace = metadata.namespace ?? "";
  return {
    service: serviceOf(spec.service, namespace),
    backends: (spec.backends ?? []).map(({ service }) => `${namespace}/${service}`),
  };
}

function virtualService(object: VirtualService): Split[] {
  const { metadata, spec } = object;
  return (spec.hosts ?? []).map((host) => ({
    service: serviceOf(host, metadata.namespace ?? ""),
    backends: destinationsOf(object),
  }));
}

/** The Services that a VirtualService leads to, `namespace/name`. */
export function destinationsOf({ metadata, spec }: VirtualService): readonly string[] {
  const routes = [...(spec.http ?? []), ...(spec.tcp ?? [])].flatMap(({ route = [] }) => route);
  const hosts = routes.flatMap(({ destination }) => destination?.host ?? []);
  return [...new Set(hosts.map((host) => serviceOf(host, metadata.namespace ?? "")))];
}

/** The Service of a host, `name`, `name.namespace` or longer, seen from a namespace. */
export function serviceOf(host: string, from: string): string {
  const [name = "", namespace = from] = host.split(".");
  return `${namespace}/${name}`;
}

function identity({ kind, metadata }: KubernetesObject): string {
  const version = "resourceVersion" in metadata ? String(metadata.resourceVersion) : "";
  return [kind, metadata.namespace, metadata.name, version].join(" ");
}
