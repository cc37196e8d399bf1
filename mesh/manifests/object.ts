/** A Kubernetes object as a manifest gives it: JSON data whose other fields nobody has looked at yet. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    /** With `generateName` alone its prefix and `*`. */
    readonly name: string;
    /** `default` where the manifest names none; empty for kinds without a namespace. */
    readonly namespace?: string;
    readonly labels?: unknown;
    readonly annotations?: unknown;
    /** Given by the API server: only objects of a cluster have one. */
    readonly uid?: unknown;
  };
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells a JSON object from arrays, null and plain values. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `Kind namespace/name`, or `Kind name` without a namespace. */
export function describeObject(object: KubernetesObject): string {
  const { name, namespace } = object.metadata;
  return `${object.kind} ${namespace === undefined || namespace === "" ? name : `${namespace}/${name}`}`;
}
