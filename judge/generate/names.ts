/** Names are few, so that things meet: the same account, Service and route group in two namespaces. */
export const namespaces = ["a", "b"] as const;
export const accounts = ["x", "y", "z"] as const;
export const serviceNames = ["s", "t", "u"] as const;
export const routeNames = ["r", "q"] as const;
export const matchNames = ["m", "n", "o"] as const;
export const methods = ["GET", "POST", "PUT", "DELETE"] as const;

/** How far a policy strays: a tame one is what a careful person writes, a wild one breaks things on purpose. */
export type Mood = "tame" | "mixed" | "wild";

/** An object by its kind and name. */
export interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

/** The objects without those whose kind and name a later one has. */
export function unique<T extends Named>(objects: readonly T[]): T[] {
  const found = new Map<string, T>();
  for (const object of objects) {
    found.set([object.kind, object.metadata.namespace, object.metadata.name].join("/"), object);
  }
  return [...found.values()];
}

export function isSame(a: Named, b: Named): boolean {
  return a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;
}
