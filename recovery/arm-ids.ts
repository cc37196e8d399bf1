/** The checked inputs of a resource, as the engine's state holds them. */
export type Inputs = Readonly<Record<string, unknown>>;

/** Where each type lives in ARM; `{name}` stands for the input of that name. A leading `{scope}` is a whole id. */
const paths: Readonly<Record<string, string>> = {
  "azure-native:resources:ResourceGroup": "/resourceGroups/{resourceGroupName}",
  "azure-native:containerservice:ManagedCluster": provider(
    "Microsoft.ContainerService",
    "managedClusters/{resourceName}",
  ),
  "azure-native:containerservice:AgentPool": provider(
    "Microsoft.ContainerService",
    "managedClusters/{resourceName}/agentPools/{agentPoolName}",
  ),
  "azure-native:containerservice:MaintenanceConfiguration": provider(
    "Microsoft.ContainerService",
    "managedClusters/{resourceName}/maintenanceConfigurations/{configName}",
  ),
  "azure-native:managedidentity:UserAssignedIdentity": provider(
    "Microsoft.ManagedIdentity",
    "userAssignedIdentities/{resourceName}",
  ),
  "azure-native:operationalinsights:Workspace": provider("Microsoft.OperationalInsights", "workspaces/{workspaceName}"),
  "azure-native:monitor:DiagnosticSetting": "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
  "azure-native:monitor:DataCollectionRule": provider(
    "Microsoft.Insights",
    "dataCollectionRules/{dataCollectionRuleName}",
  ),
  "azure-native:monitor:DataCollectionRuleAssociation":
    "{resourceUri}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{associationName}",
  "azure-native:monitor:AzureMonitorWorkspace": provider("Microsoft.Monitor", "accounts/{azureMonitorWorkspaceName}"),
  "azure-native:monitor:DataCollectionEndpoint": provider(
    "Microsoft.Insights",
    "dataCollectionEndpoints/{dataCollectionEndpointName}",
  ),
  "azure-native:alertsmanagement:PrometheusRuleGroup": provider(
    "Microsoft.AlertsManagement",
    "prometheusRuleGroups/{ruleGroupName}",
  ),
  "azure-native:applicationinsights:Component": provider("Microsoft.Insights", "components/{resourceName}"),
  "azure-native:dashboard:Dashboard": provider("Microsoft.Dashboard", "dashboards/{dashboardName}"),
  "azure-native:dashboard:DashboardDefinition": provider(
    "Microsoft.Dashboard",
    "dashboards/{dashboardName}/dashboardDefinitions/{definitionName}",
  ),
  "azure-native:dashboard:Grafana": provider("Microsoft.Dashboard", "grafana/{workspaceName}"),
  "azure-native:authorization:RoleAssignment":
    "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
};

function provider(namespace: string, rest: string): string {
  return `/resourceGroups/{resourceGroupName}/providers/${namespace}/${rest}`;
}

/**
 * The ARM id that a resource has or will have, from its inputs alone; undefined where the type is not one of the
 * program's, or where an input that the id needs is not known.
 */
export function armId(type: string, inputs: Inputs, subscriptionId: string): string | undefined {
  const path = paths[type];
  if (path === undefined) return undefined;
  let complete = true;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = inputs[name];
    if (typeof value === "string" && value !== "") return value;
    complete = false;
    return "";
  });
  if (!complete) return undefined;
  // A path that starts with an input starts with a whole id, which holds its subscription.
  return path.startsWith("{") ? filled.replace(/^\/+/, "/") : `/subscriptions/${subscriptionId}${filled}`;
}
