import { type KubernetesObject } from "../mesh/manifests";
import { checkGuarantees, diff, DiffTooLarge, type Guarantee, meshOf, unmetAssumptionsOf } from "../mesh";
import { type AccessReport, accessLine } from "./report";

/** What a change of objects opens and closes, and which guarantees it breaks. */
export function accessReport(
  comparedWith: string,
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  guarantees: readonly Guarantee[],
): AccessReport {
  const now = meshOf({ objects: after });
  const earlier = meshOf({ objects: before });
  const unmetAssumptions = unmetAssumptionsOf(earlier, now);
  const rest = {
    comparedWith,
    guarantees: guarantees.length,
    broken: checkGuarantees(now, guarantees),
    ...(unmetAssumptions.length > 0 && { unmetAssumptions }),
  };
  try {
    return { ...rest, changes: diff(earlier, now).map(accessLine) };
  } catch (error) {
    if (!(error instanceof DiffTooLarge)) throw error;
    return { ...rest, changes: { unknown: error.message } };
  }
}
