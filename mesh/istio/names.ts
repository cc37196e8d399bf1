import { istioKinds, type IstioObject } from "./kinds";

/** By kind, namespace and name. */
export function canonicalOrder(objects: readonly IstioObject[]): readonly IstioObject[] {
  const byKind = new Map<string, IstioObject[]>(Object.keys(istioKinds).map((kind) => [kind, []]));
  for (const object of objects) byKind.get(object.kind)?.push(object);
  for (const ofKind of byKind.values()) ofKind.sort((a, b) => compareNames(a.metadata, b.metadata));
  return [...byKind.values()].flat();
}

function compareNames(a: IstioObject["metadata"], b: IstioObject["metadata"]): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}
