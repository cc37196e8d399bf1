import { type WorkloadObject } from "../components/application";
import { type GuaranteeRule, type Policy } from "../mesh/policy";
import { type CanaryRule, type RolloutRule } from "../rollout";
import { type AutoscalingRule } from "./autoscaling";
import { type HelmValue } from "./helm-values";

/** A Kustomize overlay, rendered by `kustomize` or `kubectl`. */
export interface KustomizationSource {
  /** Its folder. */
  readonly kustomization: string;
  /** Namespace of objects that name none. Default: there are none such. */
  readonly namespace?: string;
}

/** A Helm chart, rendered by `helm template`, without its hooks. */
export interface ChartSource {
  /** Its folder, with the charts that it needs in `charts/`. */
  readonly chart: string;
  /** The release's namespace, which objects are in that name none. */
  readonly namespace: string;
  /** Default: the last part of the chart's path. */
  readonly release?: string;
  /** Files of values; what a later one says counts. */
  readonly valueFiles?: readonly string[];
  /**
   * What counts above files: by paths, as `--set` has them, such as `{ "image.tag": "1.2" }`, and with the same effect as
   * `{ image: { tag: "1.2" } }`. Lists take the place of lists; `null` takes a default away.
   */
  readonly values?: Readonly<Record<string, HelmValue>>;
  /** The version of Kubernetes that the chart is told, such as `1.34`. Default: the one that the installed Helm was built for. */
  readonly kubernetesVersion?: string;
  /** Kinds that the chart is told the cluster has, beside Kubernetes's own, such as `monitoring.coreos.com/v1`. Default: none. */
  readonly apiVersions?: readonly string[];
}

/** Where manifests come from, read when the program runs. Paths are relative to the repository's root. */
export type ManifestSource =
  /** A YAML or JSON file, or a folder of them. */
  { readonly manifests: string; readonly namespace?: string } | KustomizationSource | ChartSource;

/** A Service or account as objects have it, `namespace/name`. */
type ObjectName = `${string}/${string}`;

/** Who else may be meant as a caller: everybody, or whoever has no sidecar. */
type OtherCaller = "*" | "outside" | `outside:${string}`;

/** How an image is built. Paths are relative to the repository's root. */
export interface ImageBuild {
  /** The folder that the builder is given. */
  readonly context: string;
  /** Default: the `Dockerfile` in the context. */
  readonly dockerfile?: string;
  /** The stage that is built. Default: the last. */
  readonly target?: string;
}

/** An image of an application. */
export interface ApplicationImage {
  /** The repository in the workloads, such as `registry.example/shop/cart`: an image that a preview brings takes its place. */
  readonly repository: string;
  /** How the workflow of previews builds it. Default: not at all. */
  readonly build?: ImageBuild;
}

/** What runs on the mesh, as data. Made with {@link defineApplication}. */
export interface Application<Service extends string = string> {
  /** Its services, and who may call whom. Default: what the policies among the manifests say. */
  readonly policy?: Policy<Service>;
  /** What is deployed: typed objects, or where manifests come from. Policies of the mesh may be among manifests. */
  readonly workloads: readonly (WorkloadObject | ManifestSource)[];
  /** Images that a preview may bring, by name; a text is the repository alone. Default: none. */
  readonly images?: Readonly<Record<string, string | ApplicationImage>>;
  /** The Service whose address is shown first, by its name in the policy or as `namespace/name`. Default: none. */
  readonly front?: NoInfer<Service> | ObjectName;
  /** Namespaces of the mesh that are not the application's, of callers that its policies name. Default: none. */
  readonly otherNamespaces?: readonly string[];
  /**
   * Services with two versions whose weights the program moves step by step, in place of splits of theirs. Default: none. See docs/rollout.md.
   */
  readonly rollouts?: readonly RolloutRule<NoInfer<Service> | ObjectName>[];
  /** Deployments whose pods are as many as the mesh's request rate asks for. Default: none. See docs/autoscaling.md. */
  readonly autoscaling?: readonly AutoscalingRule<NoInfer<Service> | ObjectName>[];
  /** Services whose calls Flagger moves to each new version of their Deployment. Default: none. See docs/rollout.md. */
  readonly canaries?: readonly CanaryRule<NoInfer<Service> | ObjectName>[];
  /** What has to hold, beside what the policy itself guarantees. Default: nothing. */
  readonly guarantees?: readonly GuaranteeRule<NoInfer<Service> | ObjectName | OtherCaller>[];
}

/** An application whose names the compiler checks: a service that is spelt wrong in `front` or in a guarantee does not compile. */
export function defineApplication<Service extends string = never>(application: Application<Service>): Application {
  return application;
}
