import { type KubernetesObject } from "../mesh/manifests";
import { checkGuarantees, diff, DiffTooLarge, type Guarantee, meshOf } from "../mesh";
import { type AccessReport, accessLine } from "./report";

/** What a change of objects opens and closes, and which guarantees it breaks. */
export function accessReport(
  comparedWith: string,
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  guarantees: readonly Guarantee[],
): AccessReport {
  const now = meshOf({ objects: after });
  const broken = checkGuarantees(now, guarantees);
  try {
    const changes = diff(meshOf({ objects: before }), now).map(accessLine);
    return { comparedWith, changes, guarantees: guarantees.length, broken };
  } catch (error) {
    if (!(error instanceof DiffTooLarge)) throw error;
    return { comparedWith, changes: { unknown: error.message }, guarantees: guarantees.length, broken };
  }
}
