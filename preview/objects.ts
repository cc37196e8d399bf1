import { isJsonObject, type KubernetesObject } from "../mesh/manifests";
import { type EngineResource } from "./plan";

/** The Kubernetes objects among resources, as they were asked for. Secrets stay out: nothing here has to know them. */
export function objectsOf(resources: readonly Pick<EngineResource, "type" | "inputs">[]): KubernetesObject[] {
  return resources.flatMap(({ type, inputs }) => {
    const { apiVersion, kind, metadata } = inputs;
    if (!type.startsWith("kubernetes:") || kind === "Secret" || !isJsonObject(metadata)) return [];
    const { name } = metadata;
    if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") return [];
    const { namespace } = metadata;
    const place = typeof namespace === "string" ? { namespace } : {};
    return [{ ...inputs, apiVersion, kind, metadata: { ...metadata, name, ...place } }];
  });
}

/** The namespace of an object; undefined for kinds that have none. */
export function namespaceOf({ kind, metadata }: KubernetesObject): string | undefined {
  return kind === "Namespace" ? metadata.name : metadata.namespace;
}
