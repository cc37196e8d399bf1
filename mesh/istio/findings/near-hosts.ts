import { nearNames } from "../../manifests/near-names";

/** The remedy of a name that nothing has: those that are near, or else another sentence, without its full stop. */
export function didYouMean(name: string, names: readonly string[], otherwise: string): string {
  // A name with a dot is taken as it is.
  const full = `${name}.svc.cluster.local`;
  const near = names.includes(full) ? [full] : nearNames(name, names);
  return near.length === 0 ? `${otherwise}.` : `Did you mean ${near.join(" or ")}?`;
}
