import { type Report } from "../../analysis/object-report";
import { type IstioObject } from "../kinds";
import { dryRunAnnotation, parseBool } from "../state/authorization-policies";

/** The annotation by which policies are only tried: of AuthorizationPolicies that allow or deny alone (pkg/config/validation, checkDryRunAnnotation). */
export function checkDryRun(object: IstioObject, report: Report): void {
  const value = object.metadata.annotations?.[dryRunAnnotation];
  if (value === undefined) return;
  const path = `metadata.annotations.${dryRunAnnotation}`;
  const refuse = (problem: string, remedy: string): void => {
    report.error("dry-run", path, problem, remedy, "webhook");
  };
  if (object.kind !== "AuthorizationPolicy") {
    refuse(`is no annotation for ${object.kind}`, "take it out");
    return;
  }
  const { action = "ALLOW" } = object.spec;
  if (action !== "ALLOW" && action !== "DENY") {
    refuse(`is there with action ${action}`, "take it out: only ALLOW and DENY can be tried");
  } else if (parseBool(value) === undefined) {
    refuse(`${JSON.stringify(value)} is neither true nor false`, 'write "true", or take it out');
  }
}
