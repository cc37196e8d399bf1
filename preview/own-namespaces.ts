import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type KubernetesObject } from "../mesh/manifests";
import { listAt } from "../mesh/manifests/inside";
import { previewPrefix } from "../program/previews/prefix";
import { previewLabel } from "../program/previews/reach";
import { type KindScopes } from "./kinds";
import { objectsOf } from "./objects";
import { type EngineResource } from "./plan";

/** Types that a preview on a shared cluster has beside its Kubernetes objects. */
const harmless = /^pulumi:(pulumi:(Stack|StackReference)|providers:)/;

/** What isolates a namespace, by kind; each has this name. */
const isolation = { name: "bounds", kinds: ["NetworkPolicy", "ResourceQuota", "LimitRange"] } as const;

/** What a preview on a shared cluster is measured by. */
export interface OwnPlace {
  readonly pullRequest: number;
  /** The kinds that the cluster's API server knows. */
  readonly kinds: KindScopes;
  /** Whether it may have this object outside of its namespaces. Default: none. */
  readonly isAdmitted?: (object: KubernetesObject) => boolean;
}

/**
 * What a preview on a shared cluster would make outside of its own namespaces, one sentence each: whatever is neither Pulumi's own, nor
 * one of its namespaces, nor of a kind that, as the API server says, lives in namespaces, nor admitted. What it made elsewhere would
 * belong to everybody, and be gone with the pull request.
 */
export function outsideOwnNamespaces(place: OwnPlace, resources: readonly EngineResource[]): readonly string[] {
  return resources
    .filter(({ custom, type }) => custom && !harmless.test(type))
    .flatMap((resource) => {
      const title = `${resource.type} ${resource.urn.split("::").at(-1) ?? ""}`;
      const problem = problemOf(place, resource);
      return problem === undefined ? [] : [`${title} ${problem}.`];
    });
}

function problemOf({ pullRequest, kinds, isAdmitted }: OwnPlace, resource: EngineResource): string | undefined {
  const { apiVersion, kind, metadata } = resource.inputs;
  if (!resource.type.startsWith("kubernetes:")) return "is nothing that lives in a namespace";
  if (typeof apiVersion !== "string" || typeof kind !== "string" || !isJsonObject(metadata)) {
    return "is no single object of Kubernetes: write each one by itself";
  }
  // The provider asks for what the inputs say, whatever the type is called.
  if (resource.type !== `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`) {
    return `has another type than the object that it makes, ${apiVersion} ${kind}: name it alike`;
  }
  const scope = kinds.get(apiVersion)?.get(kind);
  if (scope === undefined) return `is of kind ${apiVersion} ${kind}, which the cluster does not know`;
  const [object] = objectsOf([resource]);
  if (object !== undefined && isAdmitted?.(object) === true) return undefined;
  if (scope === "cluster" && kind !== "Namespace") return "would belong to the whole cluster, in no namespace";
  const namespace = scope === "cluster" ? metadata["name"] : metadata["namespace"];
  if (typeof namespace !== "string") return "would be in no namespace that is known";
  return namespace.startsWith(previewPrefix(pullRequest)) ? undefined : `would be in namespace ${namespace}`;
}

/**
 * Which namespaces of a preview would not be apart from others, one sentence each: every object is in a namespace that the preview makes, which
 * has its number, and a network policy, a quota and limits.
 */
export function namespacesNotApart(pullRequest: number, resources: readonly EngineResource[]): readonly string[] {
  const places = resources.flatMap((resource) => placeOf(resource) ?? []);
  const made = new Set(places.flatMap(({ kind, name }) => (kind === "Namespace" ? [name] : [])));
  const used = new Set(places.flatMap(({ namespace }) => namespace ?? []));
  const strangers = [...used].filter((name) => name.startsWith(previewPrefix(pullRequest)) && !made.has(name));
  return [
    ...strangers.map((name) => `Namespace ${name} would be used, and not made: make it in the program.`),
    ...places.flatMap(({ kind, name, label }) =>
      kind === "Namespace" && label !== String(pullRequest)
        ? [`Namespace ${name} would not have the label ${previewLabel}=${pullRequest}.`]
        : [],
    ),
    ...[...made].flatMap((name) => {
      const present = places.filter((place) => place.namespace === name && place.name === isolation.name);
      const missing = isolation.kinds.filter((wanted) => !present.some(({ kind }) => kind === wanted));
      return missing.length === 0
        ? []
        : [`Namespace ${name} would have no ${missing.join(", ")} named ${isolation.name}, which keep it apart.`];
    }),
  ];
}

/**
 * ServiceEntries of a preview of which sidecars of other namespaces would be told, one sentence each. To which address a host outside leads is
 * nothing that the analysis compares: so they are refused as such.
 */
export function entriesForOthers(resources: readonly EngineResource[]): readonly string[] {
  return objectsOf(resources)
    .filter(({ apiVersion, kind }) => kind === "ServiceEntry" && apiVersion.startsWith("networking.istio.io/"))
    .filter((object) => !isDeepStrictEqual(listAt(object, "spec", "exportTo"), ["."]))
    .map(
      ({ metadata: { name, namespace = "" } }) =>
        `ServiceEntry ${namespace}/${name} would tell the sidecars of everybody of its hosts: write exportTo: ["."].`,
    );
}

/** Where an object is, and what it is called; undefined for what is none. */
function placeOf({ type, inputs: { kind, metadata } }: EngineResource) {
  if (!type.startsWith("kubernetes:") || typeof kind !== "string" || !isJsonObject(metadata)) return undefined;
  const { name, namespace, labels } = metadata;
  const label = isJsonObject(labels) ? labels[previewLabel] : undefined;
  return { kind, label, name: String(name), ...(typeof namespace === "string" && { namespace }) };
}
