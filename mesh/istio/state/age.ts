import { createdOf } from "../../cluster/workloads";
import { type KubernetesObject } from "../../manifests";

interface Aged {
  readonly object: KubernetesObject;
}

/**
 * Sorts objects as istiod does: the oldest first; of one age, as in a file that tells none, by name and then by namespace (pilot/pkg/model/config.go,
 * configCompareByCreationTime).
 */
export function oldestFirst<T extends Aged>(all: readonly T[]): readonly T[] {
  return sortedBy(all, ({ object: { metadata } }) => [metadata.name, metadata.namespace ?? ""]);
}

/** The same of routes of the Gateway API, which go by namespace and then by name (pilot/pkg/config/kube/gateway, sortRoutesByCreationTime). */
export function oldestRoutesFirst<T extends Aged>(all: readonly T[]): readonly T[] {
  return sortedBy(all, ({ object: { metadata } }) => [metadata.namespace ?? "", metadata.name]);
}

/** Each name by itself: `cart` comes before `cart-canary`, which it would not with more behind it. */
function sortedBy<T extends Aged>(all: readonly T[], namesOf: (one: T) => readonly string[]): readonly T[] {
  return all
    .map((one) => ({ one, key: [createdOf(one.object), ...namesOf(one)].join("\0") }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ one }) => one);
}
