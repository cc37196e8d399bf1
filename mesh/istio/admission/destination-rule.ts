import { type Report } from "../../analysis/object-report";
import { type ClientTlsSettings, type DestinationRule, type TrafficPolicy } from "../kinds";
import { checkExportTo } from "./export-to";
import { isLabel, nameFault } from "./names";
import { type Refuse, refusing } from "./webhook";

/** What istiod's webhook refuses of a DestinationRule (pkg/config/validation, ValidateDestinationRule). */
export function checkDestinationRule({ kind, metadata, spec }: DestinationRule, report: Report): void {
  const refuse = refusing(report);
  const { host, trafficPolicy, subsets = [], exportTo = [], workloadSelector } = spec;
  const fault = nameFault(host, true);
  if (fault !== undefined)
    refuse("destination-host", "spec.host", fault, "write the name of a Service, or a pattern such as *.example.com");
  checkTrafficPolicy(trafficPolicy, "spec.trafficPolicy", refuse);
  const names = subsets.map(({ name }) => name);
  subsets.forEach(({ name, trafficPolicy: own }, index) => {
    const path = `spec.subsets[${String(index)}]`;
    if (!isLabel(name))
      refuse("subset", `${path}.name`, `${JSON.stringify(name)} is no name`, "write letters, digits and dashes");
    if (names.indexOf(name) < index)
      refuse("subset", `${path}.name`, `${JSON.stringify(name)} is there twice`, "give each subset a name of its own");
    checkTrafficPolicy(own, `${path}.trafficPolicy`, refuse);
  });
  checkExportTo({ kind, namespace: metadata.namespace ?? "" }, exportTo, refuse, workloadSelector !== undefined);
  if (workloadSelector !== undefined && Object.keys(workloadSelector.matchLabels ?? {}).length === 0) {
    refuse("destination-selector", "spec.workloadSelector", "has no label", "write matchLabels, or take it out");
  }
}

const parts = ["outlierDetection", "connectionPool", "loadBalancer", "tls"] as const;

function checkTrafficPolicy(policy: TrafficPolicy | undefined, path: string, refuse: Refuse): void {
  if (policy === undefined) return;
  const { portLevelSettings = [], tls } = policy;
  const others = ["tunnel", "proxyProtocol", "retryBudget"];
  if (portLevelSettings.length === 0 && ![...parts, ...others].some((field) => Object.hasOwn(policy, field))) {
    refuse(
      "traffic-policy",
      path,
      "says nothing",
      "write tls, connectionPool, outlierDetection or loadBalancer, or take it out",
    );
  }
  checkTls(tls, `${path}.tls`, refuse);
  portLevelSettings.forEach((settings, index) => {
    const place = `${path}.portLevelSettings[${String(index)}]`;
    if (!parts.some((field) => Object.hasOwn(settings, field)))
      refuse(
        "traffic-policy",
        place,
        "says nothing of the port",
        "write tls, connectionPool, outlierDetection or loadBalancer, or take it out",
      );
    checkTls(settings.tls, `${place}.tls`, refuse);
  });
}

/** A caller's own certificate has to be there (agent.ValidateTLS). */
function checkTls(tls: ClientTlsSettings | undefined, path: string, refuse: Refuse): void {
  if (tls?.mode !== "MUTUAL" || tls["credentialName"] !== undefined) return;
  const missing = ["clientCertificate", "privateKey"].filter((field) => tls[field] === undefined);
  if (missing.length > 0)
    refuse(
      "client-tls",
      path,
      `is MUTUAL without ${missing.join(" and ")}`,
      "write credentialName, or ISTIO_MUTUAL for the mesh's own certificates",
    );
}
