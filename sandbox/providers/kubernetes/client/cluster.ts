import { groupVersionPath, type Discovery } from "./discovery";
import type { ApiClient } from "./http";
import { isObject, objectsAt, stringAt, type Json, type JsonObject } from "./json";

/** Names one object. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** Undefined for cluster-scoped kinds; where a namespaced kind has none, `default` is meant. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Options of a request that writes an object. */
export interface WriteOptions {
  readonly fieldManager: string;
  /** Let the server do everything but store the result. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Options of an apply. */
export interface ApplyOptions extends WriteOptions {
  /** Take fields over from other managers instead of failing. */
  readonly force: boolean;
}

/** How dependents go when their owner is deleted. */
export type DeletionPropagation = "Foreground" | "Background" | "Orphan";

/** The objects of one cluster. All functions reject with ApiError, NoMatchError or UnreachableError. */
export interface ClusterObjects {
  get(reference: ObjectReference, signal?: AbortSignal): Promise<JsonObject>;
  list(
    apiVersion: string,
    kind: string,
    namespace: string,
    selectors: { readonly labelSelector?: string; readonly fieldSelector?: string },
  ): Promise<JsonObject[]>;
  /** Creates an object by POST; one that exists is an error (409, AlreadyExists). */
  create(object: JsonObject, options: WriteOptions): Promise<JsonObject>;
  /** Server-side apply: creates the object or changes the fields that it names, and drops those it named before. */
  apply(object: JsonObject, options: ApplyOptions): Promise<JsonObject>;
  /** Replaces an object by PUT, with everything that it had. */
  replace(object: JsonObject, options: WriteOptions): Promise<JsonObject>;
  /** Writes who owns which fields, and nothing else. */
  setManagedFields(reference: ObjectReference, entries: readonly JsonObject[]): Promise<JsonObject>;
  remove(reference: ObjectReference, propagation: DeletionPropagation): Promise<void>;
  /** Whether the kind belongs to namespaces; undefined when it is not served (yet). */
  isNamespaced(apiVersion: string, kind: string): Promise<boolean | undefined>;
}

/** The reference of an object that carries its apiVersion, kind and metadata. */
export function referenceOf(object: JsonObject): ObjectReference {
  return {
    apiVersion: stringAt(object, "apiVersion") ?? "",
    kind: stringAt(object, "kind") ?? "",
    namespace: stringAt(object, "metadata", "namespace"),
    name: stringAt(object, "metadata", "name") ?? "",
  };
}

/** Objects over an API client and its discovery. */
export function createClusterObjects(client: ApiClient, discovery: Discovery): ClusterObjects {
  const collectionPath = async (apiVersion: string, kind: string, namespace: string | undefined): Promise<string> => {
    const served = await discovery.require(apiVersion, kind);
    const scope = served.namespaced ? `/namespaces/${encodeURIComponent(namespace ?? "default")}` : "";
    return `${groupVersionPath(apiVersion)}${scope}/${served.plural}`;
  };
  const objectPath = async ({ apiVersion, kind, namespace, name }: ObjectReference): Promise<string> =>
    `${await collectionPath(apiVersion, kind, namespace)}/${encodeURIComponent(name)}`;

  return {
    get: async (reference, signal) =>
      objectFrom(await client.request({ method: "GET", path: await objectPath(reference), signal })),
    list: async (apiVersion, kind, namespace, selectors) => {
      const path = await collectionPath(apiVersion, kind, namespace);
      return objectsAt(await client.request({ method: "GET", path, query: selectors }), "items");
    },
    create: async (object, { fieldManager, dryRun, signal, onWarning }) => {
      const { apiVersion, kind, namespace } = referenceOf(object);
      return objectFrom(
        await client.request({
          method: "POST",
          path: await collectionPath(apiVersion, kind, namespace),
          query: { fieldManager, dryRun: dryRun ? "All" : undefined },
          body: object,
          signal,
          onWarning,
        }),
      );
    },
    apply: async (object, { fieldManager, force, dryRun, signal, onWarning }) =>
      objectFrom(
        await client.request({
          method: "PATCH",
          path: await objectPath(referenceOf(object)),
          contentType: "application/apply-patch+yaml",
          query: {
            fieldManager,
            force: String(force),
            fieldValidation: "Warn",
            dryRun: dryRun ? "All" : undefined,
          },
          body: object,
          signal,
          onWarning,
        }),
      ),
    replace: async (object, { fieldManager, dryRun, signal, onWarning }) =>
      objectFrom(
        await client.request({
          method: "PUT",
          path: await objectPath(referenceOf(object)),
          query: { fieldManager, dryRun: dryRun ? "All" : undefined },
          body: object,
          signal,
          onWarning,
        }),
      ),
    setManagedFields: async (reference, entries) =>
      objectFrom(
        await client.request({
          method: "PATCH",
          path: await objectPath(reference),
          contentType: "application/json-patch+json",
          body: [{ op: "replace", path: "/metadata/managedFields", value: [...entries] }],
        }),
      ),
    remove: async (reference, propagation) => {
      await client.request({
        method: "DELETE",
        path: await objectPath(reference),
        body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: propagation },
      });
    },
    isNamespaced: async (apiVersion, kind) => (await discovery.find(apiVersion, kind))?.namespaced,
  };
}

function objectFrom(answer: Json): JsonObject {
  if (!isObject(answer)) throw new Error("The Kubernetes API server answered with something that is not an object");
  return answer;
}
