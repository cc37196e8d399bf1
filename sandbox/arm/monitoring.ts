import { type ArmContext } from "./context";
import { ArmError } from "./errors";
import { type Json, type JsonObject, objectAt, stringAt, stringsAt } from "./json";
import { findResource, resourcesBelow } from "./resource-manager/resources";

/** What Azure Monitor does with a cluster's metrics: whether it gets any, what it computes of them, and what shows them. */
export function monitoring(context: ArmContext, clusterId: string): JsonObject {
  const cluster = findResource(context, clusterId);
  if (cluster === undefined) throw new ArmError(404, "ResourceNotFound", `There is no cluster ${clusterId}.`);
  const all = resourcesBelow(context, `/subscriptions/${context.identity.subscriptionId}`);
  const ofType = (type: string): JsonObject[] =>
    all.filter((resource) => stringAt(resource, "type")?.toLowerCase() === type);
  const workspace = workspaceOf(context, clusterId, ofType("microsoft.insights/datacollectionruleassociations"));
  const group = clusterId.split("/").slice(0, 5).join("/").toLowerCase();
  return {
    problem: problemOf(cluster, workspace) ?? null,
    workspace: workspace ?? null,
    ruleGroups: ofType("microsoft.alertsmanagement/prometheusrulegroups")
      .map((found): JsonObject => ({ name: found["name"] ?? null, ...objectAt(found, "properties") }))
      .filter((rules) => rules["enabled"] !== false && isAbout(rules, workspace, clusterId)),
    dashboards: ofType("microsoft.dashboard/dashboards/dashboarddefinitions")
      .filter((found) => stringAt(found, "id")?.toLowerCase().startsWith(`${group}/`))
      .map((found): Json => stringAt(found, "properties", "serializedData") ?? null),
  };
}

/** Why nothing is collected; undefined where it is. The agent runs where the cluster's profile says so, and sends where a rule says. */
function problemOf(cluster: JsonObject, workspace: string | undefined): string | undefined {
  if (objectAt(cluster, "properties", "azureMonitorProfile", "metrics")["enabled"] !== true) {
    return "azureMonitorProfile.metrics of the cluster is not enabled: no agent asks for metrics.";
  }
  return workspace === undefined
    ? "No data collection rule with a Prometheus forwarder and a workspace is associated with the cluster: the agent's metrics go nowhere."
    : undefined;
}

/** The Azure Monitor workspace to which a rule that hangs on the cluster sends metrics. */
function workspaceOf(context: ArmContext, clusterId: string, associations: readonly JsonObject[]): string | undefined {
  for (const association of associations) {
    if (!stringAt(association, "id")?.toLowerCase().startsWith(`${clusterId.toLowerCase()}/`)) continue;
    const rule = findResource(context, stringAt(association, "properties", "dataCollectionRuleId") ?? "");
    const forwarders = objectAt(rule, "properties", "dataSources")["prometheusForwarder"];
    const accounts = objectAt(rule, "properties", "destinations")["monitoringAccounts"];
    if (!Array.isArray(forwarders) || forwarders.length === 0 || !Array.isArray(accounts)) continue;
    const workspace = stringAt(accounts[0], "accountResourceId");
    if (workspace !== undefined && findResource(context, workspace) !== undefined) return workspace;
  }
  return undefined;
}

/** Whether a group of rules computes with this cluster's metrics in this workspace. */
function isAbout(rules: JsonObject, workspace: string | undefined, clusterId: string): boolean {
  const scopes = stringsAt(rules, "scopes").map((scope) => scope.toLowerCase());
  const clusters = scopes.filter((scope) => scope.includes("/managedclusters/"));
  return (
    workspace !== undefined &&
    scopes.includes(workspace.toLowerCase()) &&
    (clusters.length === 0 || clusters.includes(clusterId.toLowerCase()))
  );
}
