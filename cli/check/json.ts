import { schemaOf } from "../schemas";
import { type CheckReport } from "./report";

/** A check for machines, see schemas/v1/check.json. */
export function checkJson({ problems, findings, guarantees, ...report }: CheckReport): unknown {
  return {
    $schema: schemaOf("check"),
    problems,
    findings,
    guarantees: guarantees.map(({ name, kind, state }) => ({ name, kind, holds: state === "proved", state })),
    assumptions: report.assumptions,
    "unmet-assumptions": report.unmetAssumptions,
  };
}
