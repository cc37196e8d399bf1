import { type ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster";
import { DataCollectionRule } from "@pulumi/azure-native/monitor/dataCollectionRule";
import { DataCollectionRuleAssociation } from "@pulumi/azure-native/monitor/dataCollectionRuleAssociation";
import { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting";
import { Workspace } from "@pulumi/azure-native/operationalinsights/workspace";
import { type Input } from "@pulumi/pulumi";

import { transformed } from "../transform";
import { workspaceName } from "./settings";
import { type Site } from "./site";

/** Logs of the control plane that are kept. `kube-audit-admin` is `kube-audit` without the reads, a tenth of its volume. */
export const controlPlaneLogs = [
  "kube-audit-admin",
  "guard",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "cluster-autoscaler",
  "cloud-controller-manager",
] as const;

/** The Log Analytics workspace: given, made here, or undefined where nothing writes to one. */
export function workspaceFor(site: Site): Input<string> | undefined {
  const { settings } = site;
  const { containerInsights, diagnostics, workspaceId, retentionDays } = settings.monitoring;
  if (!containerInsights && !diagnostics && !settings.security.defender) {
    return undefined;
  }
  if (workspaceId !== undefined) {
    return workspaceId;
  }
  const args = {
    workspaceName: workspaceName(settings.name),
    resourceGroupName: settings.resourceGroupName,
    location: settings.location,
    sku: { name: "PerGB2018" },
    retentionInDays: retentionDays,
    tags: settings.tags,
  };
  return new Workspace(`${site.name}-logs`, transformed(settings.transform?.workspace, args), {
    parent: site.component,
  }).id;
}

/** Sends the control plane's own logs and metrics to the workspace. */
export function collectControlPlane(site: Site, cluster: ManagedCluster, workspaceId: Input<string>): void {
  const { monitoring, name, transform } = site.settings;
  if (!monitoring.diagnostics) {
    return;
  }
  const args = {
    name: `${name}-control-plane`,
    resourceUri: cluster.id,
    workspaceId,
    logAnalyticsDestinationType: "Dedicated",
    logs: controlPlaneLogs.map((category) => ({ category, enabled: true })),
    metrics: [{ category: "AllMetrics", enabled: true }],
  };
  new DiagnosticSetting(`${site.name}-control-plane`, transformed(transform?.diagnosticSetting, args), {
    parent: site.component,
  });
}

/** Tells the Container insights agent what to collect and where to: without a rule it collects nothing. */
export function collectContainerInsights(site: Site, cluster: ManagedCluster, workspaceId: Input<string>): void {
  const { monitoring, name, resourceGroupName, location, tags, transform } = site.settings;
  if (!monitoring.containerInsights) {
    return;
  }
  const streams = ["Microsoft-ContainerInsights-Group-Default"];
  const args = {
    dataCollectionRuleName: `${name}-container-insights`,
    resourceGroupName,
    location,
    tags,
    kind: "Linux",
    dataSources: {
      extensions: [
        {
          name: "ContainerInsightsExtension",
          extensionName: "ContainerInsights",
          streams,
          extensionSettings: {
            dataCollectionSettings: { interval: "1m", namespaceFilteringMode: "Off", enableContainerLogV2: true },
          },
        },
      ],
    },
    destinations: { logAnalytics: [{ name: "workspace", workspaceResourceId: workspaceId }] },
    dataFlows: [{ streams, destinations: ["workspace"] }],
  };
  const rule = new DataCollectionRule(
    `${site.name}-container-insights`,
    transformed(transform?.dataCollectionRule, args),
    { parent: site.component },
  );
  new DataCollectionRuleAssociation(
    `${site.name}-container-insights`,
    { associationName: "ContainerInsightsExtension", resourceUri: cluster.id, dataCollectionRuleId: rule.id },
    { parent: site.component },
  );
}
