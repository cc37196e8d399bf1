import { istioKinds, type IstioObject } from "./kinds";

/** By kind, namespace and name. */
export function canonicalOrder(objects: readonly IstioObject[]): readonly IstioObject[] {
  const kinds: readonly string[] = Object.keys(istioKinds);
  const keyOf = ({ kind, metadata }: IstioObject): string =>
    [String(kinds.indexOf(kind)).padStart(2, "0"), metadata.namespace, metadata.name].join("\0");
  return objects
    .map((object) => ({ object, key: keyOf(object) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ object }) => object);
}
