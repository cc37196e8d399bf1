import { type Inputs } from "./arm-ids";

/**
 * The id that the kubernetes provider gives to an object of these checked inputs: `namespace/name`, or the name alone where
 * the object belongs to no namespace. The provider writes default namespace and generated name into the inputs before it
 * creates anything.
 *
 * Undefined where the API server picks the name (`generateName`), where the name is secret, for Helm releases, which are no objects,
 * and for `…Patch` resources: whether the object is there says nothing of the patch.
 */
export function kubernetesId(type: string, inputs: Inputs): string | undefined {
  if (!type.startsWith("kubernetes:") || isPatch(type, inputs)) return undefined;
  const metadata = inputs["metadata"];
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const name = "name" in metadata ? metadata.name : undefined;
  const namespace = "namespace" in metadata ? metadata.namespace : undefined;
  if (typeof name !== "string" || name === "") return undefined;
  if (namespace === undefined || namespace === "") return name;
  return typeof namespace === "string" ? `${namespace}/${name}` : undefined;
}

/**
 * Whether a resource only adds fields to an object that is somebody else's. Made again, it finds its own fields there, which is
 * no conflict: it needs no taking up.
 */
export function isPatch(type: string, { kind }: Inputs): boolean {
  return typeof kind === "string" && type.startsWith("kubernetes:") && type.endsWith(`:${kind}Patch`);
}
