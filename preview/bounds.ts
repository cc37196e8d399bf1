import { isJsonObject, type KubernetesObject } from "../mesh/manifests";
import { previewPrefix } from "../program/previews/prefix";
import { namespaceOf, objectsOf } from "./objects";
import { type EngineResource } from "./plan";
import { type PreviewPolicy } from "./settings";

/** Types that a preview on a shared cluster has beside its Kubernetes objects. */
const harmless = /^pulumi:(pulumi:(Stack|StackReference)|providers:)/;

/**
 * What a preview on a shared cluster would make outside of its own namespaces, one sentence each. It may make nothing there
 * but what is admitted: what it made would belong to everybody, and be gone with the pull request.
 *
 * @param isAdmitted whether it may have this object there. Default: none.
 */
export function outsideOwnNamespaces(
  pullRequest: number,
  resources: readonly EngineResource[],
  isAdmitted: (object: KubernetesObject) => boolean = () => false,
): readonly string[] {
  return resources
    .filter(({ custom, type }) => custom && !harmless.test(type))
    .flatMap((resource) => {
      const title = `${resource.type} ${resource.urn.split("::").at(-1) ?? ""}`;
      if (!resource.type.startsWith("kubernetes:")) return [`${title} is nothing that lives in a namespace.`];
      if (resource.inputs["kind"] === "Secret") return inOwn(pullRequest, title, secretNamespace(resource));
      const [object] = objectsOf([resource]);
      if (object !== undefined && isAdmitted(object)) return [];
      return inOwn(pullRequest, title, object && namespaceOf(object));
    });
}

function secretNamespace({ inputs: { metadata } }: EngineResource): string | undefined {
  const namespace = isJsonObject(metadata) ? metadata["namespace"] : undefined;
  return typeof namespace === "string" ? namespace : undefined;
}

function inOwn(pullRequest: number, title: string, namespace: string | undefined): readonly string[] {
  if (namespace?.startsWith(previewPrefix(pullRequest)) === true) return [];
  return [`${title} would be ${namespace === undefined ? "in no namespace" : `in namespace ${namespace}`}.`];
}

/** Where a cluster of a preview's own is larger than the team allows, one sentence each. */
export function beyondLimits(
  resources: readonly EngineResource[],
  { nodes, nodeSizes }: Pick<PreviewPolicy, "nodes" | "nodeSizes">,
): readonly string[] {
  const pools = resources.flatMap(({ type, inputs }): readonly unknown[] => {
    if (type === "azure-native:containerservice:AgentPool") return [inputs];
    const profiles = inputs["agentPoolProfiles"];
    return type === "azure-native:containerservice:ManagedCluster" && Array.isArray(profiles) ? profiles : [];
  });
  const known = pools.filter(isJsonObject);
  const sizes = new Set(known.map(({ vmSize }) => String(vmSize)).filter((size) => !nodeSizes.includes(size)));
  const own = resources.filter(({ type }) => type === "azure-native:containerservice:AgentPool");
  const count = own.reduce((sum, { inputs }) => sum + mostNodes(inputs), 0);
  const clusters = resources.filter(({ type }) => type === "azure-native:containerservice:ManagedCluster").length;
  return [
    ...[...sizes].map((size) => `Nodes of size ${size} are not allowed (${nodeSizes.join(", ")}).`),
    ...(count > nodes ? [`The cluster could grow to ${count} nodes; at most ${nodes} are allowed.`] : []),
    ...(clusters > 1 ? [`There would be ${clusters} clusters; a preview has one.`] : []),
  ];
}

function mostNodes({ maxCount, count }: EngineResource["inputs"]): number {
  if (typeof maxCount === "number") return maxCount;
  return typeof count === "number" ? count : 1;
}
