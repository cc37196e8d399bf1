import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { Dashboard } from "@pulumi/azure-native/dashboard/dashboard";
import { DashboardDefinition } from "@pulumi/azure-native/dashboard/dashboardDefinition";
import { Grafana } from "@pulumi/azure-native/dashboard/grafana";
import { type AzureMonitorWorkspace } from "@pulumi/azure-native/monitor/azureMonitorWorkspace";
import { all, type CustomResourceOptions, type Input, type Output } from "@pulumi/pulumi";
import { roleDefinitionId } from "../aks-cluster/roles";
import { guidOf } from "../arm/guid";
import { transformed } from "../transform";
import { type GrafanaSettings, type ObservabilityArgs } from "./args";
import { dashboards, grafanaDashboard } from "./dashboards";

/** The dashboards as resources of Azure's portal. Those of Azure have one definition, `default`. */
export function portalDashboards(name: string, args: ObservabilityArgs, options: CustomResourceOptions): void {
  const { resourceGroupName, location, tags, mesh } = args;
  for (const page of dashboards(mesh)) {
    const made = new Dashboard(
      `${name}-${page.id}`,
      { resourceGroupName, location, dashboardName: `${args.name}-${page.id}`, tags },
      options,
    );
    new DashboardDefinition(
      `${name}-${page.id}`,
      {
        resourceGroupName,
        dashboardName: made.name,
        definitionName: "default",
        properties: { serializedData: JSON.stringify(grafanaDashboard(page)) },
      },
      options,
    );
  }
}

/** Ids of Azure's built-in roles. */
const roles = {
  monitoringDataReader: "b0d8363b-8ddd-447d-831f-62ca05bff136",
  grafanaAdmin: "22926164-76b3-42b3-bc55-97df8dab3e41",
} as const;

/** Managed Grafana that reads the workspace. @returns its address. */
export function managedGrafana(
  name: string,
  args: ObservabilityArgs,
  { administratorGroupIds }: GrafanaSettings,
  workspace: AzureMonitorWorkspace,
  options: CustomResourceOptions,
): Output<string> {
  const { resourceGroupName, location, tags } = args;
  const grafana = new Grafana(
    `${name}-grafana`,
    transformed(args.transform?.grafana, {
      ...{ resourceGroupName, location, tags },
      // Azure allows 2 to 23 characters, all over the world once.
      workspaceName: args.name.slice(0, 23).replace(/-+$/, ""),
      sku: { name: "Standard" },
      identity: { type: "SystemAssigned" },
      properties: {
        apiKey: "Disabled",
        grafanaIntegrations: { azureMonitorWorkspaceIntegrations: [{ azureMonitorWorkspaceResourceId: workspace.id }] },
      },
    }),
    options,
  );
  const principalId = grafana.identity.apply((identity) => identity?.principalId ?? "");
  const grant = (child: string, role: string, scope: Input<string>, who: Input<string>, principalType: string) =>
    new RoleAssignment(
      `${name}-grafana-${child}`,
      {
        roleAssignmentName: all([scope, who]).apply(([where, whom]) => guidOf(where.toLowerCase(), whom, role)),
        roleDefinitionId: roleDefinitionId(scope, role),
        scope,
        principalId: who,
        principalType,
      },
      options,
    );
  grant("reads", roles.monitoringDataReader, workspace.id, principalId, "ServicePrincipal");
  for (const group of administratorGroupIds) grant(group, roles.grafanaAdmin, grafana.id, group, "Group");
  return grafana.properties.apply(({ endpoint }) => endpoint);
}
