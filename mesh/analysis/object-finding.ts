/** How bad a finding is: an error is refused or ignored by the mesh, a warning works, but hardly as meant. */
export type Severity = "error" | "warning";

/** Who would stop the object: the API server by the kind's schema, the mesh's webhook, or nobody, until traffic fails. */
export type RefusedBy = "schema" | "webhook" | "nobody";

/** Something wrong with an object. */
export interface Finding {
  /** Short name of the check, stable, e.g. `target-namespace`. */
  readonly check: string;
  readonly severity: Severity;
  readonly refusedBy: RefusedBy;
  /** The object, as `Kind namespace/name`. */
  readonly object: string;
  /** The property, e.g. `spec.rules[0].matches`. */
  readonly path: string;
  /** What is wrong. */
  readonly problem: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** Problem and remedy as one sentence, for a person. */
export function advice({ problem, remedy }: Pick<Finding, "problem" | "remedy">): string {
  return `${problem}; ${remedy}${remedy.endsWith("?") ? "" : "."}`;
}

/** A finding as one line, for a person. */
export function findingText(finding: Finding): string {
  return `${finding.object}: ${finding.path}: ${advice(finding)}`;
}
