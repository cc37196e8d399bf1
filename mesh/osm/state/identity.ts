/** A service account as `namespace/name`. */
export type AccountKey = string;

/** `namespace/name`. */
export function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** OSM's identity of a service account, `name.namespace`. */
export function identityOf(namespace: string, name: string): string {
  return `${name}.${namespace}`;
}

/**
 * The account that OSM reads back out of an identity: it splits at the dots, so that an account whose name has a dot is
 * taken for another one (pkg/identity/types.go, ToK8sServiceAccount).
 */
export function accountOf(identity: string): AccountKey {
  const [name = "", namespace = ""] = identity.split(".");
  return keyOf(namespace, name);
}
