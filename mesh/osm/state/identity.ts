import { type AccountKey, joined, keyOf } from "../../cluster/keys";

/** OSM's identity of a service account, `name.namespace`. */
export const identityOf = joined(".", true);

/**
 * The account that OSM takes a service account for: it reads it out of the identity, which it splits at the dots, so that
 * one whose name has a dot is taken for another (pkg/identity/types.go, ToK8sServiceAccount).
 */
export function accountOf(namespace: string, name: string): AccountKey {
  if (!name.includes(".") && !namespace.includes(".")) return keyOf(namespace, name);
  const [first = "", second = ""] = `${name}.${namespace}`.split(".");
  return keyOf(second, first);
}

/** The account of an identity, where no namespace has a dot. */
export function accountOfIdentity(identity: string): AccountKey {
  const dot = identity.lastIndexOf(".");
  return keyOf(identity.slice(dot + 1), identity.slice(0, dot));
}
