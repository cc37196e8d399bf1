import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type Guarantee } from "../../mesh";
import { type KubernetesObject } from "../../mesh/manifests";
import { type CanaryAnalysis, type CanaryMetric } from "../../mesh/flagger/kinds";
import { type HeaderMatch, type Policy } from "../../mesh/policy";
import { type IstioMembership, type MeshMigration } from "../mesh-policies";
import { type NamespaceIsolationSettings, type NetworkReach } from "../namespace-isolation";
import { type MeshSettings } from "../open-service-mesh/mesh-settings";
import { type Transform } from "../transform";

type Typed<Version extends string, Kind extends string, Args> = Args & { apiVersion: Version; kind: Kind };

/** An object of what an application consists of. Its `metadata` names it, and its namespace, in plain text. */
export type WorkloadObject =
  | Typed<"apps/v1", "DaemonSet", kubernetes.types.input.apps.v1.DaemonSet>
  | Typed<"apps/v1", "Deployment", kubernetes.types.input.apps.v1.Deployment>
  | Typed<"apps/v1", "StatefulSet", kubernetes.types.input.apps.v1.StatefulSet>
  | Typed<"autoscaling/v2", "HorizontalPodAutoscaler", kubernetes.types.input.autoscaling.v2.HorizontalPodAutoscaler>
  | Typed<"batch/v1", "CronJob", kubernetes.types.input.batch.v1.CronJob>
  | Typed<"batch/v1", "Job", kubernetes.types.input.batch.v1.Job>
  | Typed<"networking.k8s.io/v1", "Ingress", kubernetes.types.input.networking.v1.Ingress>
  | Typed<"networking.k8s.io/v1", "NetworkPolicy", kubernetes.types.input.networking.v1.NetworkPolicy>
  | Typed<"policy/v1", "PodDisruptionBudget", kubernetes.types.input.policy.v1.PodDisruptionBudget>
  | Typed<"rbac.authorization.k8s.io/v1", "Role", kubernetes.types.input.rbac.v1.Role>
  | Typed<"rbac.authorization.k8s.io/v1", "RoleBinding", kubernetes.types.input.rbac.v1.RoleBinding>
  | Typed<"v1", "ConfigMap", kubernetes.types.input.core.v1.ConfigMap>
  | Typed<"v1", "PersistentVolumeClaim", kubernetes.types.input.core.v1.PersistentVolumeClaim>
  | Typed<"v1", "Secret", kubernetes.types.input.core.v1.Secret>
  | Typed<"v1", "Service", kubernetes.types.input.core.v1.Service>
  | Typed<"v1", "ServiceAccount", kubernetes.types.input.core.v1.ServiceAccount>;

/** What each namespace of an application gets, beside its place in the mesh. */
export interface ApplicationNamespaces {
  /**
   * Put before each name, such as `pr-12-`, so that a cluster can hold the application more than once. Default: none. With it go the
   * namespaces that the objects name: their own, those that policies speak of, and those in the names of the application's Services, such as
   * `cart.shop.svc.cluster.local`. A namespace in any other text is written `${namespace:shop}`.
   */
  prefix?: string;
  /** Labels besides the mesh's own. */
  labels?: Record<string, string>;
  /** Annotations besides the mesh's own. */
  annotations?: Record<string, string>;
  /** Resource quota, limit range and network policy of each namespace. Default: none. */
  isolation?: NamespaceIsolationSettings;
  /** What the network policies of single namespaces also let their pods call, by the name without prefix. Default: nothing. */
  reaches?: Record<string, NetworkReach[]>;
}

/** A service with two versions, and what part of the calls each gets in this run. Names are those of Kubernetes Services of one namespace. */
export interface ApplicationRollout {
  namespace: string;
  /** The Service that callers name. */
  root: string;
  stable: string;
  canary: string;
  /** Percent of the calls that the canary gets, an integer. The stable version gets the rest. */
  weight: number;
  /** Requests that the canary gets whatever the weight. Istio alone has it. Default: none. */
  match?: readonly HeaderMatch[];
  /** Name of the TrafficSplit. Default: that of the root. */
  name?: string;
}

/** A Service whose calls Flagger moves to each new version of a Deployment. */
export interface ApplicationCanary {
  namespace: string;
  /** The Service that callers name, of one port. */
  service: string;
  /** The Deployment behind it: a change of its pods is a new version. Default: that of the Service's name. */
  deployment?: string;
  analysis: CanaryAnalysis;
  /** What has to hold at each look. */
  metrics: readonly CanaryMetric[];
  /**
   * Flagger gives the Service back: its Canary goes, and all else stays as it is, policies included, until nothing of Flagger's gets calls any more. The entry is
   * taken out with the run after. Default: false.
   */
  leaving?: boolean;
}

/** Arguments of `Application`. */
export interface ApplicationArgs {
  /** Who may call whom, made with `definePolicy`. Default: what the policies among `manifests` say. */
  policy?: Policy;
  /** What runs, as typed objects. Default: none. */
  workloads?: readonly WorkloadObject[];
  /** What runs, as manifests have it; the policies of the mesh may be among them. Default: none. */
  manifests?: readonly KubernetesObject[];
  /** The Service that people begin with, by its name in the policy or as `namespace/name`. Default: none. */
  front?: string;
  /** What has to hold; a broken one fails the preview. Default: what the policy itself guarantees. */
  guarantees?: readonly Guarantee[];
  /**
   * Services with two versions, in place of splits of theirs. Where a canary gets calls it has to be proved that every caller may do with it
   * what it may do with the stable version. Default: none.
   */
  rollouts?: readonly ApplicationRollout[];
  /**
   * Services whose weights Flagger moves. What is Flagger's is left as it is: the Service's selector, the Deployment's number of pods, and what it makes.
   * It has to be proved that every caller may do with a new version what it may do with the one before. Only with the option `flagger`. Default: none.
   */
  canaries?: readonly ApplicationCanary[];
  /** Images that take the place of others: by the repository in the workloads, the whole reference. Default: none. */
  images?: Record<string, string>;
  /** Deployments, `namespace/name`, whose number of pods something else decides: it is set when they are made, and then left alone. Default: none. */
  scaledElsewhere?: readonly string[];
  /** Most pods of a Deployment or StatefulSet. Default: as many as it says. */
  mostReplicas?: number;
  /** Its namespaces, which its objects name. */
  namespaces?: ApplicationNamespaces;
  /** Namespaces of the mesh that are not the application's, of callers that its policies name. Default: none. */
  otherNamespaces?: readonly string[];
  /** Settings of the mesh that it runs in. Default: those that OpenServiceMesh has by itself. Not with `istio`. */
  mesh?: MeshSettings;
  /** It runs in Istio: with another revision its pods are made anew, one after another. Default: it runs in Open Service Mesh. */
  istio?: IstioMembership;
  /** Its cluster is on its way from one mesh to another: pods are made anew. Default: it is not. */
  migration?: MeshMigration;
  /**
   * Kubeconfig of the cluster: with it each `up` and preview ends with a look whether the application's objects are really there.
   * Default: no look.
   */
  kubeconfig?: pulumi.Input<string>;
  /** Prometheus scrapes the sidecars. Default: true. */
  metrics?: boolean;
  /** Container insights collects the metrics of the application's namespaces. Default: false. */
  containerInsights?: boolean;
  /** Changes to the children. */
  transform?: {
    /** Each object that is no policy and no namespace. */
    object?: Transform<KubernetesObject>;
  };
}
