import { type Mesh, meshesOf, meshOf } from "../mesh";
import { type KubernetesObject } from "../mesh/manifests";

/** What a stack's mesh makes of its objects. A cluster runs one mesh, which its objects tell. */
export function meshOfStack(objects: readonly KubernetesObject[]): Mesh {
  const [name] = meshesOf(objects).keys();
  return meshOf({ objects }, [], name);
}
