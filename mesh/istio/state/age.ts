import { createdOf } from "../../cluster/workloads";
import { type KubernetesObject } from "../../manifests";

/**
 * Sorts objects as istiod does: the oldest first; of one age, as in a file that tells none, by `name.namespace` (pkg/config/model.go,
 * sortConfigByCreationTime).
 */
export function oldestFirst<T extends { readonly object: KubernetesObject }>(all: readonly T[]): readonly T[] {
  return all
    .map((one) => ({ one, key: ageKey(one.object) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ one }) => one);
}

function ageKey(object: KubernetesObject): string {
  return `${createdOf(object)}\0${object.metadata.name}.${object.metadata.namespace ?? ""}`;
}
