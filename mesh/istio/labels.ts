import { type Labels } from "../cluster/workloads";

/** Whether labels have all of those that a selector asks for; none for an empty one. */
export function isSubset(selector: Labels, labels: Labels): boolean {
  return Object.keys(selector).every((name) => labels[name] === selector[name]);
}
