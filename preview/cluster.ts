import type * as kubernetes from "@kubernetes/client-node";
import { isJsonObject } from "../mesh/manifests";
import { previewOf } from "../program/previews/prefix";
import { previewLabel } from "../program/previews/reach";
import { pullRequestOf } from "../program/previews/settings";
import { baseOf, type Engine } from "./engine";
import { hostPlaceOf } from "./host";
import { kindScopes, type KindScopes, type ResourcesOf } from "./kinds";
import { textsIn } from "./known-secrets";
import { kubeconfigFromAzure } from "./kubeconfig";
import { leftObjects } from "./left-objects";
import { type EngineResource } from "./plan";
import { PreviewProblem } from "./problem";
import { type Health } from "./report";

/** A namespace with a preview's name, or a preview's label. */
export interface PreviewNamespace {
  readonly name: string;
  /** As its name says; undefined where it only has the label. Removal goes by the name: labels can be put on everybody's. */
  readonly pullRequest: number | undefined;
  /** Value of the label; undefined where it has none. */
  readonly label: string | undefined;
}

/** A TrafficTarget or an AuthorizationPolicy outside of all previews' namespaces that has a preview's label. */
export interface PreviewTarget {
  readonly kind: keyof typeof targetKinds;
  readonly namespace: string;
  readonly name: string;
  readonly pullRequest: number;
}

/** The cluster that previews share, as far as they have to look at it. */
export interface SharedCluster {
  /** Namespaces with the name or the label of one preview, or of any. */
  previewNamespaces(pullRequest?: number): Promise<readonly PreviewNamespace[]>;
  /** Starts to delete a namespace; well if it is gone. */
  deleteNamespace(name: string): Promise<void>;
  /** The objects by which one preview, or any, reaches shared workloads: what it has outside of its namespaces. */
  previewTargets(pullRequest?: number): Promise<readonly PreviewTarget[]>;
  /** Deletes such an object; well if it is gone. */
  deleteTarget(target: PreviewTarget): Promise<void>;
  /** Titles of what it has of one preview outside of previews' namespaces, of every kind that one may list. */
  leftObjects(pullRequest: number): Promise<readonly string[]>;
  /** Where the objects of the kinds of these API versions live, such as of `apps/v1`; versions that it does not know have none. */
  kinds(apiVersions: Iterable<string>): Promise<KindScopes>;
  /**
   * The health of each preview, by the number of its pull request.
   *
   * @param owner the pull request that the whole cluster belongs to. Default: previews share it.
   */
  health(owner?: number): Promise<ReadonlyMap<number, Health>>;
}

/**
 * Connects to the cluster of a stack, with what Azure gives to whoever runs this command. A kubeconfig of a preview's own
 * state would be what the pull request's program wrote there, and may name any command to be run.
 *
 * @returns undefined where the stack has no cluster: then nothing can be on it either.
 * @throws {PreviewProblem} where it is not known whether it has one.
 */
export async function clusterOf(engine: Engine, stack: string): Promise<SharedCluster | undefined> {
  const { project, secrets } = engine.surroundings;
  const own = `${project}-${stack}`;
  const place =
    pullRequestOf(stack) === undefined
      ? await hostPlaceOf(baseOf(engine), stack)
      : { resourceGroupName: own, clusterName: own };
  const kubeconfig = place && (await kubeconfigFromAzure(engine.surroundings, place));
  if (kubeconfig === undefined) return undefined;
  for (const secret of textsIn(kubeconfig)) secrets.add(secret);
  return connectCluster(kubeconfig);
}

/** Where the objects of resources live, as a cluster says; nothing is known where there is none. */
export async function kindsOf(
  cluster: SharedCluster | undefined,
  resources: readonly Pick<EngineResource, "inputs">[],
): Promise<KindScopes> {
  const versions = resources.map(({ inputs: { apiVersion } }) => apiVersion).filter((one) => typeof one === "string");
  return (await cluster?.kinds(versions)) ?? new Map();
}

async function connectCluster(kubeconfig: string): Promise<SharedCluster> {
  // Loaded where it is needed: most commands never talk to a cluster themselves, and loading takes half a second.
  const { ApiException, ApisApi, AppsV1Api, CoreV1Api, CustomObjectsApi, KubeConfig, KubernetesObjectApi } =
    await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const apps = config.makeApiClient(AppsV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const selector = (pullRequest: number | undefined) =>
    pullRequest === undefined ? previewLabel : `${previewLabel}=${pullRequest}`;
  /** The answer; undefined where there is no such thing. */
  const unlessGone = async <T>(request: Promise<T>): Promise<T | undefined> => {
    try {
      return await request;
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) return undefined;
      throw error;
    }
  };
  const resourcesOf: ResourcesOf = async (apiVersion) => {
    const [group = "", version = ""] = apiVersion.split("/");
    const asked = apiVersion === "v1" ? core.getAPIResources() : custom.getAPIResources({ group, version });
    const { resources } = (await unlessGone(asked)) ?? { resources: [] };
    return resources.filter(({ name }) => !name.includes("/"));
  };
  return {
    kinds: (apiVersions) => kindScopes(resourcesOf, apiVersions),
    previewNamespaces: async (pullRequest) => {
      const { items } = await core.listNamespace();
      const all = items.map(({ metadata: { name = "", labels = {} } = {} }): PreviewNamespace => ({
        ...{ name, pullRequest: previewOf(name), label: labels[previewLabel] },
      }));
      return all.filter(({ pullRequest: number, label }) =>
        pullRequest === undefined
          ? number !== undefined || label !== undefined
          : number === pullRequest || label === String(pullRequest),
      );
    },
    deleteNamespace: async (name) => {
      await unlessGone(core.deleteNamespace({ name }));
    },
    previewTargets: async (pullRequest) => {
      const labelSelector = selector(pullRequest);
      // A cluster knows the kinds of its mesh alone, and roles give no right to look for the other.
      const answers = await Promise.allSettled(
        kindsOfTargets.map(async (kind) => {
          const wanted = { ...targetKinds[kind], labelSelector };
          const list = await unlessGone(custom.listCustomObjectForAllNamespaces(wanted));
          return list === undefined ? [] : targetsOf(kind, list);
        }),
      );
      const failures = answers.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
      const isNoRight = (error: unknown) => error instanceof ApiException && error.code === 403;
      const failure = failures.length === kindsOfTargets.length ? failures[0] : failures.find((one) => !isNoRight(one));
      if (failure !== undefined) throw failure;
      return answers.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    },
    deleteTarget: async ({ kind, namespace, name }) => {
      await unlessGone(custom.deleteNamespacedCustomObject({ ...targetKinds[kind], namespace, name }));
    },
    leftObjects: (pullRequest) =>
      leftObjects(
        {
          apiVersions: async () => {
            const { groups } = await config.makeApiClient(ApisApi).getAPIVersions();
            return ["v1", ...groups.flatMap(({ preferredVersion }) => preferredVersion?.groupVersion ?? [])];
          },
          resourcesOf,
          list: async (apiVersion, kind, label) => {
            const nothing = [undefined, undefined, undefined, undefined, undefined] as const;
            try {
              return (await objects.list(apiVersion, kind, ...nothing, label)).items;
            } catch (error) {
              if (error instanceof ApiException && [403, 404, 405].includes(error.code)) return undefined;
              throw error;
            }
          },
        },
        pullRequest,
      ),
    health: async (owner) => {
      const [deployments, statefulSets] = await Promise.all([
        apps.listDeploymentForAllNamespaces(),
        apps.listStatefulSetForAllNamespaces(),
      ]);
      const workloads = [...deployments.items, ...statefulSets.items];
      return healthByPreview(workloads, owner === undefined ? previewOf : ownerOnOwnCluster(owner));
    },
  };
}

/** By which kind of object previews reach others with each mesh. */
const targetKinds = {
  TrafficTarget: { group: "access.smi-spec.io", version: "v1alpha3", plural: "traffictargets" },
  AuthorizationPolicy: { group: "security.istio.io", version: "v1", plural: "authorizationpolicies" },
} as const;

const kindsOfTargets = ["TrafficTarget", "AuthorizationPolicy"] as const;

/** The objects of a kind with a preview's label, without those that go with a preview's namespace. */
function targetsOf(kind: PreviewTarget["kind"], list: unknown): readonly PreviewTarget[] {
  const items: unknown = isJsonObject(list) ? list["items"] : undefined;
  if (!Array.isArray(items)) throw new PreviewProblem(`The API server's answer is no list of ${kind}s.`);
  return items.flatMap((item: unknown) => {
    const metadata = isJsonObject(item) ? item["metadata"] : undefined;
    if (!isJsonObject(metadata)) return [];
    const { namespace, name, labels } = metadata;
    const pullRequest = Number(isJsonObject(labels) ? labels[previewLabel] : undefined);
    if (typeof namespace !== "string" || typeof name !== "string" || !Number.isInteger(pullRequest)) return [];
    return previewOf(namespace) === undefined ? [{ kind, namespace, name, pullRequest }] : [];
  });
}

/** Namespaces in which AKS, Open Service Mesh and the Istio add-on run what is theirs. */
const ofAks: ReadonlySet<string> = new Set([
  "kube-system",
  "aks-istio-system",
  "aks-istio-ingress",
  "aks-istio-egress",
]);

/** To which preview namespaces belong on a cluster of its own: to that, but for those of AKS. */
export function ownerOnOwnCluster(pullRequest: number): (namespace: string) => number | undefined {
  return (namespace) => (ofAks.has(namespace) ? undefined : pullRequest);
}

/** @param ownerOf the preview to which a namespace belongs; undefined: to none. */
export function healthByPreview(
  workloads: readonly (kubernetes.V1Deployment | kubernetes.V1StatefulSet)[],
  ownerOf: (namespace: string) => number | undefined,
): ReadonlyMap<number, Health> {
  const found = new Map<number, Health>();
  for (const { metadata, spec, status } of workloads) {
    const number = ownerOf(metadata?.namespace ?? "");
    if (number === undefined) continue;
    const { ready, total, problems } = found.get(number) ?? { ready: 0, total: 0, problems: [] };
    const [wanted, there] = [spec?.replicas ?? 1, status?.readyReplicas ?? 0];
    const well = there >= wanted && (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
    const title = `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
    found.set(number, {
      ready: ready + (well ? 1 : 0),
      total: total + 1,
      problems: well ? problems : [...problems, `${title}: ${there} of ${wanted} pods are ready.`],
    });
  }
  return found;
}
