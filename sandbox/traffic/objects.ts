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

/** A Pod as far as running it needs. */
export interface Pod extends KubernetesObject {
  readonly metadata: KubernetesObject["metadata"] & { readonly namespace: string; readonly uid: string };
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

/** A Service as far as resolving its name needs. */
export interface Service extends KubernetesObject {
  readonly spec: { readonly clusterIP?: string; readonly ports?: readonly { readonly port: number }[] };
}

/** Endpoints as far as finding a Service's pods needs. */
export interface Endpoints extends KubernetesObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly port: number }[];
  }[];
}

/** A TrafficSplit as far as naming its backends needs. */
export interface TrafficSplit extends KubernetesObject {
  readonly spec: { readonly service: string; readonly backends?: readonly { readonly service: string }[] };
}

/** What a cluster holds, as far as the mesh reads it. */
export interface ClusterObjects {
  readonly all: readonly KubernetesObject[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly endpoints: readonly Endpoints[];
  readonly splits: readonly TrafficSplit[];
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
  const all = lists.flat();
  const ofKind = (kind: string): KubernetesObject[] => all.filter((object) => object.kind === kind);
  return {
    all,
    pods: ofKind("Pod") as Pod[],
    services: ofKind("Service") as Service[],
    endpoints: ofKind("Endpoints") as Endpoints[],
    splits: ofKind("TrafficSplit") as TrafficSplit[],
    version: all.map(identity).sort().join("\n"),
  };
}

function identity({ kind, metadata }: KubernetesObject): string {
  const version = "resourceVersion" in metadata ? String(metadata.resourceVersion) : "";
  return [kind, metadata.namespace, metadata.name, version].join(" ");
}
