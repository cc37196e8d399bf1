import type * as kubernetes from "@kubernetes/client-node";
import { previewOf, previewPrefix } from "../program/previews/prefix";
import { previewLabel } from "../program/previews/reach";
import { type ResourcesOf } from "./kinds";
import { inTurns } from "./list";

/** How an API server is asked for what is left of a preview. */
export interface Look {
  /** All API versions that it prefers, such as `v1` and `apps/v1`. */
  apiVersions(): Promise<readonly string[]>;
  readonly resourcesOf: ResourcesOf;
  /**
   * The objects of a kind, in all namespaces.
   *
   * @param label a selector of labels. Default: all of them.
   * @returns undefined where one may not list them, or they cannot be listed.
   */
  list(apiVersion: string, kind: string, label?: string): Promise<readonly kubernetes.KubernetesObject[] | undefined>;
}

/** Kinds whose objects are looked for elsewhere, or are no traces: a namespace's, and what happened. */
const apart = new Set(["Namespace", "Event"]);

/** How many kinds are asked for at once. */
const atOnce = 8;

/**
 * What a cluster has of a preview outside of previews' namespaces: whatever has its label, and what belongs to the whole cluster and has its
 * prefix. Kinds that one may not list are left out: who may not list them has no right to make them either.
 *
 * @returns titles such as `ConfigMap kube-system/gift`.
 */
export async function leftObjects(look: Look, pullRequest: number): Promise<readonly string[]> {
  const versions = await inTurns(atOnce, await look.apiVersions(), async (apiVersion) =>
    (await look.resourcesOf(apiVersion)).map((resource) => ({ ...resource, apiVersion })),
  );
  const kinds = versions.flat().filter(({ kind, verbs }) => verbs.includes("list") && !apart.has(kind));
  const found = await inTurns(atOnce, kinds, async ({ apiVersion, kind, namespaced }) => {
    const objects = await look.list(apiVersion, kind, namespaced ? `${previewLabel}=${pullRequest}` : undefined);
    return (objects ?? []).flatMap(({ metadata: { name = "", namespace, labels = {} } = {} }) => {
      if (namespace !== undefined) return previewOf(namespace) === undefined ? [`${kind} ${namespace}/${name}`] : [];
      const own = name.startsWith(previewPrefix(pullRequest)) || labels[previewLabel] === String(pullRequest);
      return own ? [`${kind} ${name}`] : [];
    });
  });
  return found.flat();
}
