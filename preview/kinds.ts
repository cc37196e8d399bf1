import type * as kubernetes from "@kubernetes/client-node";

/** Where the objects of each kind live: by API version, such as `v1` or `apps/v1`, and kind. */
export type KindScopes = ReadonlyMap<string, ReadonlyMap<string, "namespace" | "cluster">>;

/** Asks for what an API server has of one group in one version, without the parts of objects. */
export type ResourcesOf = (
  apiVersion: string,
) => Promise<readonly Pick<kubernetes.V1APIResource, "kind" | "namespaced" | "verbs">[]>;

/** The kinds of some API versions, as the API server says. */
export async function kindScopes(resourcesOf: ResourcesOf, apiVersions: Iterable<string>): Promise<KindScopes> {
  const asked = [...new Set(apiVersions)].map(async (apiVersion) => {
    const resources = await resourcesOf(apiVersion);
    const scopes = resources.map(({ kind, namespaced }) => [kind, namespaced ? "namespace" : "cluster"] as const);
    return [apiVersion, new Map(scopes)] as const;
  });
  return new Map(await Promise.all(asked));
}
