import { type Report } from "../../analysis/object-report";
import { type DestinationRule } from "../kinds";
import { checkExportTo } from "./export-to";
import { checkLabels } from "./labels";
import { isLabel, nameFault } from "./names";
import { checkTrafficPolicy } from "./traffic-policy";
import { refusing } from "./webhook";

/** What istiod's webhook refuses of a DestinationRule (pkg/config/validation, ValidateDestinationRule). */
export function checkDestinationRule({ kind, metadata, spec }: DestinationRule, report: Report): void {
  const refuse = refusing(report);
  const { namespace } = metadata;
  const { host, trafficPolicy, subsets = [], exportTo = [], workloadSelector } = spec;
  const fault = nameFault(host, true);
  if (fault !== undefined)
    refuse("destination-host", "spec.host", fault, "write the name of a Service, or a pattern such as *.example.com");
  checkTrafficPolicy(trafficPolicy, namespace, "spec.trafficPolicy", refuse);
  const names = subsets.map(({ name }) => name);
  subsets.forEach(({ name, labels = {}, trafficPolicy: own }, index) => {
    const path = `spec.subsets[${String(index)}]`;
    if (!isLabel(name))
      refuse("subset", `${path}.name`, `${JSON.stringify(name)} is no name`, "write letters, digits and dashes");
    if (names.indexOf(name) < index)
      refuse("subset", `${path}.name`, `${JSON.stringify(name)} is there twice`, "give each subset a name of its own");
    checkLabels(labels, `${path}.labels`, refuse);
    checkTrafficPolicy(own, namespace, `${path}.trafficPolicy`, refuse);
  });
  checkExportTo({ kind, namespace }, exportTo, refuse, workloadSelector !== undefined);
  if (workloadSelector !== undefined && Object.keys(workloadSelector.matchLabels ?? {}).length === 0) {
    report.warning(
      "destination-selector",
      "spec.workloadSelector",
      "has no label, and selects every pod of the namespace",
      "write matchLabels, or take it out",
    );
  }
}
