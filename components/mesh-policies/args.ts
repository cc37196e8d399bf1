import type * as kubernetes from "@pulumi/kubernetes";
import { type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import { type Guarantee } from "../../mesh";
import { type IstioObject } from "../../mesh/istio/kinds";
import { type KubernetesObject } from "../../mesh/manifests";
import { type OsmKind, type OsmObject, type PolicyObject } from "../../mesh/osm/kinds";
import { type HeaderRoute, type Policy } from "../../mesh/policy";
import { type NamespaceIsolationSettings } from "../namespace-isolation";
import { type IstioMeshSettings } from "../istio-mesh";
import { type MeshSettings } from "../open-service-mesh/mesh-settings";
import { type Transform } from "../transform";

/** A value of which any part may be an Output or a promise. */
export type DeepInput<T> = pulumi.Input<
  T extends string | number | boolean | undefined ? T : { [K in keyof T]: DeepInput<T[K]> }
>;

/** An object of one kind. Its version and kind follow from where it is given, so they may be left out. */
export interface PolicyArgs<K extends OsmKind> {
  apiVersion?: Extract<OsmObject, { kind: K }>["apiVersion"];
  kind?: K;
  metadata: {
    /** Name of the object; also part of the resource's name, so it has to be a plain value. */
    name: string;
    /** Namespace of the object. */
    namespace: string;
    labels?: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
  };
  spec: DeepInput<Extract<OsmObject, { kind: K }>["spec"]>;
}

/** Objects by kind. */
export interface PolicyObjectArgs {
  /** Who may call whom, and with what. */
  trafficTargets?: PolicyArgs<"TrafficTarget">[];
  /** Named HTTP requests that TrafficTargets and Egresses refer to. */
  httpRouteGroups?: PolicyArgs<"HTTPRouteGroup">[];
  /** TCP ports that TrafficTargets refer to. */
  tcpRoutes?: PolicyArgs<"TCPRoute">[];
  /** Shares of a Service's traffic. */
  trafficSplits?: PolicyArgs<"TrafficSplit">[];
  /** What may be called outside the mesh. */
  egresses?: PolicyArgs<"Egress">[];
  /** What may be called from outside the mesh. */
  ingressBackends?: PolicyArgs<"IngressBackend">[];
  /** Retries by the callers' sidecars. */
  retries?: PolicyArgs<"Retry">[];
  /** Circuit breakers and rate limits. */
  upstreamTrafficSettings?: PolicyArgs<"UpstreamTrafficSetting">[];
  /** Certificate providers. Refused: only a control plane with a flag for it reads them, and the AKS add-on's has not. */
  meshRootCertificates?: PolicyArgs<"MeshRootCertificate">[];
}

/** A namespace of the mesh. */
export interface MeshNamespace {
  /** Name, a DNS label. */
  name: string;
  /** The namespace exists and belongs to somebody else: it is onboarded, not created. Default: false. */
  existing?: boolean;
  /** New pods get their sidecar. Default: true. */
  sidecarInjection?: boolean;
  /** Prometheus scrapes the sidecars. Default: true. Of Open Service Mesh: with Istio the mesh's settings say it. */
  metrics?: boolean;
  /** Labels besides the mesh's own. */
  labels?: Record<string, string>;
  /** Annotations besides the mesh's own. */
  annotations?: Record<string, string>;
  /** Its resource quota, limit range and network policy. Default: none. */
  isolation?: NamespaceIsolationSettings;
}

/** What runs in the mesh, by kind, as it is given to the resources that make it. */
export interface WorkloadArgs {
  deployments?: kubernetes.types.input.apps.v1.Deployment[];
  statefulSets?: kubernetes.types.input.apps.v1.StatefulSet[];
  daemonSets?: kubernetes.types.input.apps.v1.DaemonSet[];
  services?: kubernetes.types.input.core.v1.Service[];
  serviceAccounts?: kubernetes.types.input.core.v1.ServiceAccount[];
  /** Objects of any kind, each with its `apiVersion` and `kind`: Pods, Jobs, NetworkPolicies, and those above. */
  objects?: readonly KubernetesObject[];
}

/** How namespaces and policies are part of Istio. */
export interface IstioMembership {
  /** The revision whose sidecars new pods get, such as `asm-1-30`: `IstioMesh` has it. */
  revision: string;
  /** A tag that stands for it, which namespaces name: `IstioMesh` has it. Default: namespaces name the revision. */
  revisionTag?: string;
  /** The mesh's settings, as IstioMesh has them. Default: its defaults. */
  settings?: IstioMeshSettings;
  /**
   * By service account, `namespace/name`, of those that are called: what to do where the policy has a pattern that Istio cannot say.
   * `narrower` lets in less than the pattern, `wider` more, as little as can be. Default: such a policy is refused.
   */
  choices?: Readonly<Record<string, "narrower" | "wider">>;
  /** Rates of the policies become EnvoyFilters, which AKS allows and does not support. Default: a policy with rates is refused. */
  allowEnvoyFilter?: boolean;
}

/** How far workloads are on their way from one mesh to another, while their policies are still those of Open Service Mesh, which nobody enforces. */
export interface MeshMigration {
  /** The revision of Istio that new pods join. Default: namespaces keep the marks of Open Service Mesh. */
  revision?: string;
  /** A tag that stands for it, as in `IstioMembership`. Default: none. */
  revisionTag?: string;
  /** The policies are checked and not applied, as their kinds may not be there yet. Default: they are applied. */
  withheld?: boolean;
}

/** A Service's calls, which a controller such as Flagger splits: as it does so in either mesh. */
export interface SplitOfOthers {
  /** The TrafficSplit. */
  split: KubernetesObject;
  /** The VirtualService. */
  route: KubernetesObject;
}

/** Arguments of `MeshPolicies`: a policy as `mesh/policy` has it, objects one by one, or both. */
export interface MeshPoliciesArgs extends PolicyObjectArgs {
  /**
   * Who may call whom, made with `definePolicy`; its guarantees are checked. What it says about the mesh as a whole (`mode`,
   * `openEgress`) has to agree with `mesh`. Default: none.
   */
  policy?: Policy;
  /** What has to hold, in terms of the objects. Default: nothing but what `policy` guarantees. */
  guarantees?: Omit<Guarantee, "object">[];
  /** What runs in the mesh. Default: what `policy` says of its services, else what the objects let one assume. */
  workloads?: WorkloadArgs;
  /** The mesh's settings, as OpenServiceMesh has them. Default: its defaults. Not with `istio`. */
  mesh?: MeshSettings;
  /**
   * The mesh is Istio: `policy` and objects of Open Service Mesh are converted to objects of Istio that let the same pass, which is proved, or
   * refused with what Istio cannot say. Default: Open Service Mesh.
   */
  istio?: IstioMembership;
  /**
   * Objects of Istio besides those that policies are converted to: gateways, hosts outside, policies that `policy` cannot say. Only with `istio`.
   * Default: none.
   */
  istioObjects?: readonly IstioObject[];
  /** Requests that a backend of a TrafficSplit among these gets by a header, whatever its weight. Only with `istio`. Default: none. */
  headerRoutes?: readonly HeaderRoute[];
  /** How a controller in the cluster splits calls: analysed with the policies, and not made. Default: none does. */
  splitsOfOthers?: readonly SplitOfOthers[];
  /** The cluster is on its way from one mesh to another. Not with `istio`. Default: it is not. */
  migration?: MeshMigration;
  /** Namespaces to onboard, before the first policy, so that the mesh's webhook checks each. */
  namespaces: MeshNamespace[];
  /**
   * Namespaces that are onboarded elsewhere, for policies in them or callers from them. Default: none.
   */
  otherNamespaces?: string[];
  /** Namespaces whose Envoy metrics Container insights collects. Default: no ConfigMap for it. */
  containerInsightsNamespaces?: string[];
  /** Changes to the children. */
  transform?: {
    /** Each namespace that is created. */
    namespace?: Transform<kubernetes.types.input.core.v1.Namespace>;
    /** Each policy object. */
    policy?: Transform<CustomResourceArgs>;
  };
}

/** Sorts objects of any kind into the arguments that take them. */
export function policiesByKind(objects: readonly PolicyObject[]): PolicyObjectArgs {
  const ofKind = <K extends PolicyObject["kind"]>(kind: K): Extract<PolicyObject, { kind: K }>[] =>
    objects.filter((object): object is Extract<PolicyObject, { kind: K }> => object.kind === kind);
  return {
    trafficTargets: ofKind("TrafficTarget"),
    httpRouteGroups: ofKind("HTTPRouteGroup"),
    tcpRoutes: ofKind("TCPRoute"),
    trafficSplits: ofKind("TrafficSplit"),
    egresses: ofKind("Egress"),
    ingressBackends: ofKind("IngressBackend"),
    retries: ofKind("Retry"),
    upstreamTrafficSettings: ofKind("UpstreamTrafficSetting"),
  };
}
