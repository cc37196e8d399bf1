import { type ApiClient, type KubernetesObject, poll } from "./api-client";

/** Path of the API's custom resource definitions. */
export const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

interface Definition extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Those of the definitions that the cluster does not have. */
export async function missingDefinitions(
  api: ApiClient,
  wanted: readonly KubernetesObject[],
): Promise<KubernetesObject[]> {
  const present = new Set((await api.list(definitionsPath)).map(({ metadata }) => metadata.name));
  return wanted.filter(({ metadata }) => !present.has(metadata.name));
}

/** Creates the definitions that are missing, and waits until the API server serves all. */
export async function ensureDefinitions(
  api: ApiClient,
  what: string,
  wanted: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    (await missingDefinitions(api, wanted)).map((definition) => api.create(definitionsPath, definition)),
  );
  await poll(`${what}'s custom resource definitions established`, 30, async () => {
    signal.throwIfAborted();
    const definitions = await api.list<Definition>(definitionsPath);
    const established = new Set(definitions.filter(isEstablished).map((definition) => definition.metadata.name));
    return wanted.every((definition) => established.has(definition.metadata.name)) ? true : undefined;
  });
}

function isEstablished(definition: Definition): boolean {
  return (definition.status?.conditions ?? []).some(({ type, status }) => type === "Established" && status === "True");
}
