import { type KubernetesObject } from "../mesh/manifests";
import { checkGuarantees, diff, DiffTooLarge, type Guarantee, unmetAssumptionsOf } from "../mesh";
import { meshOfStack } from "./mesh";
import { type AccessReport, accessLine } from "./report";

/** What a change of objects opens and closes, and which guarantees it breaks. */
export function accessReport(
  comparedWith: string,
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  guarantees: readonly Guarantee[],
): AccessReport {
  const now = meshOfStack(after);
  const earlier = meshOfStack(before);
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
