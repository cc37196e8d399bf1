import { RunError } from "@pulumi/pulumi";
import { isDnsSubdomain } from "../../mesh/manifests/names";
import { durationSeconds } from "../../mesh/policy/duration";
import { type ObservabilityArgs } from "./args";

const actionGroup =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Insights\/actionGroups\/[^/]+$/i;
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Checks the arguments of Observability.
 *
 * @returns how long a workload's certificate holds, in seconds.
 * @throws RunError that names each property and what to write.
 */
export function assertObservabilityArgs(args: ObservabilityArgs): number {
  const problems: string[] = [];
  const { certificateValidity = "24h", settings = {}, workspaceId } = args;
  const { alerts = {}, grafana, applicationInsights } = settings;
  const { errorRate, latencyMs, authorityDays, actionGroupIds = [] } = alerts;
  const seconds = durationSeconds(certificateValidity);
  if (seconds === undefined || seconds < 60) {
    problems.push(
      `certificateValidity: "${certificateValidity}" is no duration of a minute or more; write one such as 24h.`,
    );
  }
  if (errorRate !== undefined && !(errorRate > 0 && errorRate <= 1)) {
    problems.push(
      `settings.alerts.errorRate: ${errorRate} is no share; write one above 0 and up to 1, such as 0.05 for 5 %.`,
    );
  }
  if (latencyMs !== undefined && !(latencyMs > 0 && Number.isFinite(latencyMs))) {
    problems.push(`settings.alerts.latencyMs: ${latencyMs} is no time; write milliseconds above 0, such as 1000.`);
  }
  if (authorityDays !== undefined && args.mesh === "osm") {
    problems.push(
      "settings.alerts.authorityDays: Open Service Mesh does not tell when its authority ends; take it out.",
    );
  } else if (authorityDays !== undefined && !(authorityDays > 0 && Number.isFinite(authorityDays))) {
    problems.push(`settings.alerts.authorityDays: ${authorityDays} is no time; write days above 0, such as 30.`);
  }
  for (const id of actionGroupIds) {
    if (actionGroup.test(id)) continue;
    problems.push(
      `settings.alerts.actionGroupIds: "${id}" is no action group; write its resource id, ` +
        "/subscriptions/…/resourceGroups/…/providers/Microsoft.Insights/actionGroups/NAME.",
    );
  }
  if (grafana !== undefined) {
    const { administratorGroupIds } = grafana;
    if (administratorGroupIds.length === 0) {
      problems.push(
        "settings.grafana.administratorGroupIds: without one nobody gets in; name a group of Entra ID by its object id.",
      );
    }
    for (const id of administratorGroupIds) {
      if (!guid.test(id))
        problems.push(
          `settings.grafana.administratorGroupIds: "${id}" is no object id; write one that \`az ad group list\` shows.`,
        );
    }
  }
  problems.push(...placeProblems(settings));
  if (applicationInsights !== undefined) {
    const { secretName, samplingPercentage } = applicationInsights;
    if (workspaceId === undefined) {
      problems.push(
        "workspaceId: Application Insights needs a Log Analytics workspace; give its resource id, such as that of AksCluster.workspaceId.",
      );
    }
    if (secretName !== undefined && !isDnsSubdomain(secretName)) {
      problems.push(
        `settings.applicationInsights.secretName: "${secretName}" is no name of a Secret; write lower-case letters, digits, "-" and ".".`,
      );
    }
    if (samplingPercentage !== undefined && !(samplingPercentage > 0 && samplingPercentage <= 100)) {
      problems.push(
        `settings.applicationInsights.samplingPercentage: ${samplingPercentage} is no percentage; write one above 0 and up to 100.`,
      );
    }
  }
  if (problems.length > 0) throw new RunError(problems.join("\n"));
  return seconds ?? 0;
}

/** What belongs to the other Prometheus would do nothing here, and what a Prometheus in the cluster does not take. */
function placeProblems({
  prometheus = "azure",
  cluster,
  alerts = {},
  grafana,
  kedaIdentityClientId,
  recommendedRules,
}: NonNullable<ObservabilityArgs["settings"]>): string[] {
  const problems: string[] = [];
  if (prometheus === "azure") {
    if (cluster !== undefined) {
      problems.push(
        'settings.cluster: is for a Prometheus in the cluster; write prometheus: "cluster", or take it out.',
      );
    }
    if (alerts.webhookUrl !== undefined) {
      problems.push(
        "settings.alerts.webhookUrl: is told by a Prometheus in the cluster; Azure's tells action groups: write actionGroupIds.",
      );
    }
    return problems;
  }
  if (grafana !== undefined) {
    problems.push(
      'settings.grafana: managed Grafana reads Azure\'s Prometheus; take it out, or write prometheus: "azure".',
    );
  }
  if ((alerts.actionGroupIds ?? []).length > 0) {
    problems.push(
      "settings.alerts.actionGroupIds: are told by Azure's Prometheus; one in the cluster posts to an address: write webhookUrl.",
    );
  }
  if (kedaIdentityClientId !== undefined) {
    problems.push(
      "settings.kedaIdentityClientId: is for Azure's Prometheus; one in the cluster asks KEDA for none: take it out.",
    );
  }
  if (recommendedRules !== undefined) {
    problems.push(
      "settings.recommendedRules: are computed by Azure's Prometheus for its own pages; one in the cluster asks the mesh alone: take it out.",
    );
  }
  const { retention, storage } = cluster ?? {};
  if (retention !== undefined && !/^[1-9]\d*[hdwy]$/.test(retention)) {
    problems.push(
      `settings.cluster.retention: "${retention}" is no time that Prometheus keeps series; write one such as 15d.`,
    );
  }
  if (storage !== undefined && !/^[1-9]\d*[GT]i?$/.test(storage)) {
    problems.push(`settings.cluster.storage: "${storage}" is no size of a disk; write one such as 16Gi.`);
  }
  return problems;
}
