import { type AksClusterArgs, type IstioArgs } from "../components/aks-cluster";
import { type FlaggerSettings } from "../components/flagger";
import { type IstioMeshSettings } from "../components/istio-mesh";
import { type NamespaceIsolationSettings } from "../components/namespace-isolation";
import { type ObservabilitySettings } from "../components/observability";
import { type MeshSettings } from "../components/open-service-mesh";
import { type MeshName } from "../mesh";
import { type Application } from "./application";
import { type TracingSettings } from "./tracing";

/** What the program itself decides for every stack alike: names, place, people, credentials. */
type Common =
  "name" | "resourceGroupName" | "location" | "mesh" | "istio" | "tags" | "kubeconfigLogin" | "kubernetesVersion";

/** What a stack is: the part in which the stacks differ. */
export interface StackDefinition {
  readonly cluster: Omit<AksClusterArgs, Common>;
  /** Settings of the mesh osm. */
  readonly mesh: MeshSettings;
  /** Of the mesh istio. */
  readonly istio?: {
    /** The add-on's gateways and certificate authority. Default: no gateway, an authority of its own. */
    readonly addOn?: Omit<IstioArgs, "revisions">;
    readonly settings?: IstioMeshSettings;
    /** Rates of the application become EnvoyFilters, which AKS allows and does not support. Default: they are refused. */
    readonly allowEnvoyFilter?: boolean;
  };
  /**
   * What Azure Monitor, or a Prometheus in the cluster, makes of the mesh's metrics: rules, alerts, dashboards. The setting `metrics` switches it for a stack. Default: nothing
   * is collected.
   */
  readonly observability?: ObservabilitySettings;
  /** Where sidecars send spans of requests. The setting `tracing` switches it for a stack. Default: nowhere. */
  readonly tracing?: TracingSettings;
  /** Settings of Flagger, which the cluster gets where the application has canaries. */
  readonly flagger?: FlaggerSettings;
  /** What runs; by the mesh, where it differs between two. */
  readonly application: Application | ((mesh: MeshName) => Application);
}

/** What previews of pull requests are, beside the application of the stack that the pull request is meant for. */
export interface PreviewDefinition {
  /** What a namespace of a preview on the shared cluster may hold. Sidecars name no amounts: they get the defaults. */
  readonly bounds: NamespaceIsolationSettings;
  /** Most pods of a Deployment or StatefulSet. */
  readonly mostReplicas: number;
  /** A preview with a cluster of its own, and its mesh. */
  readonly own: Pick<StackDefinition, "cluster" | "mesh" | "istio">;
}

/** The application of a stack on its mesh. */
export function applicationOf({ application }: Pick<StackDefinition, "application">, mesh: MeshName): Application {
  return typeof application === "function" ? application(mesh) : application;
}
