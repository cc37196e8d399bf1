import { PrometheusRuleGroup } from "@pulumi/azure-native/alertsmanagement/prometheusRuleGroup";
import { AzureMonitorWorkspace } from "@pulumi/azure-native/monitor/azureMonitorWorkspace";
import { DataCollectionEndpoint } from "@pulumi/azure-native/monitor/dataCollectionEndpoint";
import { DataCollectionRule } from "@pulumi/azure-native/monitor/dataCollectionRule";
import { DataCollectionRuleAssociation } from "@pulumi/azure-native/monitor/dataCollectionRuleAssociation";
import { type CustomResourceOptions } from "@pulumi/pulumi";
import { transformed } from "../transform";
import { alertRules } from "./alerts";
import { type ObservabilityArgs } from "./args";
import { recommendedGroups } from "./recommended-rules";
import { recordingRules } from "./recording-rules";
import { type AlertRule } from "./rules";

/** A duration of Prometheus, `5m`, as Azure writes it, `PT5M`. */
function isoDuration(text: string): string {
  return `PT${text.toUpperCase()}`;
}

/**
 * Where the cluster's agent sends metrics: a workspace, an endpoint, a rule that leads from one to the other, and what hangs the rule on the
 * cluster. Without the last the agent runs and everything that it collects is lost.
 *
 * @param name First part of the resources' names in the stack.
 */
export function metricsWorkspace(
  name: string,
  args: ObservabilityArgs,
  options: CustomResourceOptions,
): AzureMonitorWorkspace {
  const { resourceGroupName, location, tags, transform } = args;
  const common = { resourceGroupName, location, tags };
  const workspace = new AzureMonitorWorkspace(
    `${name}-metrics`,
    transformed(transform?.workspace, { ...common, azureMonitorWorkspaceName: `${args.name}-metrics` }),
    options,
  );
  const collected = `${args.name}-prometheus`;
  const endpoint = new DataCollectionEndpoint(
    `${name}-prometheus`,
    { ...common, dataCollectionEndpointName: collected, kind: "Linux" },
    options,
  );
  const streams = ["Microsoft-PrometheusMetrics"];
  const rule = new DataCollectionRule(
    `${name}-prometheus`,
    transformed(transform?.dataCollectionRule, {
      ...common,
      dataCollectionRuleName: collected,
      kind: "Linux",
      dataCollectionEndpointId: endpoint.id,
      dataSources: { prometheusForwarder: [{ name: "agent", streams }] },
      destinations: { monitoringAccounts: [{ name: "workspace", accountResourceId: workspace.id }] },
      dataFlows: [{ streams, destinations: ["workspace"] }],
    }),
    options,
  );
  new DataCollectionRuleAssociation(
    `${name}-prometheus`,
    { associationName: collected, resourceUri: args.clusterId, dataCollectionRuleId: rule.id },
    options,
  );
  return workspace;
}

/** What the workspace computes of the cluster's metrics, and when somebody is told. */
export function ruleGroups(
  name: string,
  args: ObservabilityArgs,
  workspace: AzureMonitorWorkspace,
  certificateSeconds: number,
  options: CustomResourceOptions,
): void {
  const { resourceGroupName, location, tags, clusterId, mesh, settings = {} } = args;
  const { actionGroupIds = [], ...thresholds } = settings.alerts ?? {};
  const recorded = recordingRules(mesh, certificateSeconds).map(({ record, query }) => ({ record, expression: query }));
  const told = alertRules({ mesh, certificateSeconds, thresholds }).map((rule) => azureAlert(rule, actionGroupIds));
  const recommended = recommendedGroups.map(({ id, name: first, description, rules }) => ({
    ...{ kind: id, ruleGroupName: `${first}${args.name}`, description },
    rules: rules.map(({ query, ...rule }) => ({ ...rule, expression: query })),
  }));
  for (const { kind, ...group } of [
    {
      kind: "mesh",
      ruleGroupName: `${args.name}-mesh`,
      description: "Who calls whom in the service mesh, how often, and how that ends.",
      rules: recorded,
    },
    {
      kind: "mesh-alerts",
      ruleGroupName: `${args.name}-mesh-alerts`,
      description: "When the service mesh, or what runs on it, needs somebody.",
      rules: told,
    },
    ...(settings.recommendedRules === false ? [] : recommended),
  ]) {
    new PrometheusRuleGroup(
      `${name}-${kind}`,
      transformed(args.transform?.ruleGroup, {
        ...{ resourceGroupName, location, tags, ...group },
        clusterName: args.name,
        scopes: [workspace.id, clusterId],
        interval: "PT1M",
        enabled: true,
      }),
      options,
    );
  }
}

function azureAlert({ alert, query, for: lasting, severity, summary, remedy }: AlertRule, actionGroupIds: string[]) {
  return {
    alert,
    expression: query,
    for: isoDuration(lasting),
    severity,
    annotations: { summary, remedy },
    actions: actionGroupIds.map((actionGroupId) => ({ actionGroupId })),
    resolveConfiguration: { autoResolved: true, timeToResolve: "PT10M" },
  };
}
