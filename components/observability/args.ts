import type * as alertsmanagement from "@pulumi/azure-native/alertsmanagement";
import type * as applicationinsights from "@pulumi/azure-native/applicationinsights";
import type * as dashboard from "@pulumi/azure-native/dashboard";
import type * as monitor from "@pulumi/azure-native/monitor";
import type * as kubernetes from "@pulumi/kubernetes";
import { type Input } from "@pulumi/pulumi";
import { type MeshName } from "../../mesh";
import { type Transform } from "../transform";
import { type AlertThresholds } from "./alerts";

/** What is seen of a mesh, and who is told of what. */
export interface ObservabilitySettings {
  /**
   * Who collects and computes: `azure` is managed Prometheus, `cluster` a Prometheus and an Alertmanager that run in the cluster itself, with nothing of
   * Azure's but a disk. Default `azure`.
   */
  prometheus?: PrometheusPlace;
  /** What runs in the cluster, where `prometheus` is `cluster`. */
  cluster?: ClusterPrometheusSettings;
  /** When somebody is told, and who. Default: alerts show in the portal, and nobody is told. */
  alerts?: AlertSettings;
  /**
   * Dashboards: in Azure's portal, as resources that cost nothing; of a Prometheus in the cluster as ConfigMaps with the label `grafana_dashboard`, which a
   * Grafana with the usual side container shows. Default true.
   */
  dashboards?: boolean;
  /**
   * The recording rules that Azure recommends for nodes, workloads and its own pages, of Azure's Prometheus alone. Without them its dashboards on compute resources and
   * nodes, and the pages about the cluster, stay empty. About 1.50 USD a month for a hundred containers. Default true.
   */
  recommendedRules?: boolean;
  /** Managed Grafana, for dashboards of one's own; of Azure's Prometheus alone. About 70 USD a month and more by user. Default: none. */
  grafana?: GrafanaSettings;
  /**
   * Client id of the identity by which KEDA asks Azure's Prometheus, with the role Monitoring Data Reader on the workspace and a federated credential for
   * `system:serviceaccount:kube-system:keda-operator`. Needed where an application is scaled by it. Default: none.
   */
  kedaIdentityClientId?: string;
  /** Application Insights, for what applications themselves tell. Default: none. */
  applicationInsights?: ApplicationInsightsSettings;
}

/** Where metrics are collected and computed. */
export type PrometheusPlace = "azure" | "cluster";

/** A Prometheus in the cluster. */
export interface ClusterPrometheusSettings {
  /** How long series are kept, as Prometheus writes durations. Default `15d`. */
  retention?: string;
  /** Size of its disk, as Kubernetes writes quantities. Default `16Gi`, which holds a mesh of about a hundred sidecars for 15 days. */
  storage?: string;
  /** In place of the images of both, by tag or digest. */
  images?: { prometheus?: string; alertmanager?: string };
}

/** When somebody is told, and who. */
export interface AlertSettings extends AlertThresholds {
  /** Resource ids of Azure Monitor's action groups, which Azure's Prometheus tells. Default: none. */
  actionGroupIds?: string[];
  /** Where the cluster's Alertmanager posts what it has to tell. Becomes a Secret. Default: nobody is told. */
  webhookUrl?: Input<string>;
}

/** Managed Grafana. */
export interface GrafanaSettings {
  /** Object ids of Entra ID groups that administer it. At least one: nobody else gets in. */
  administratorGroupIds: string[];
}

/** Application Insights. */
export interface ApplicationInsightsSettings {
  /**
   * Name of the Secret that each namespace of the application gets, with the key `connection-string`. Workloads read it as
   * `APPLICATIONINSIGHTS_CONNECTION_STRING`. Default `application-insights`.
   */
  secretName?: string;
  /** Share of what is told that is kept, in percent, above 0 and up to 100. Default 100. */
  samplingPercentage?: number;
}

/** Arguments of `Observability`. */
export interface ObservabilityArgs {
  /** First part of the names in Azure: the cluster's name. */
  name: string;
  resourceGroupName: Input<string>;
  /** Azure region. */
  location: string;
  /** Resource id of a cluster; for Azure's Prometheus one with the agent: `monitoring.metrics` of AksCluster. */
  clusterId: Input<string>;
  mesh: MeshName;
  /** Namespaces of the mesh. */
  namespaces: readonly string[];
  /** How long a workload's certificate holds, as Go writes durations. Default `24h`, as both meshes have it. */
  certificateValidity?: string;
  /** Resource id of the Log Analytics workspace in which Application Insights keeps what it is told. Needed for that alone. */
  workspaceId?: Input<string>;
  settings?: ObservabilitySettings;
  /** Namespaces whose pods may ask the Prometheus in the cluster, beside its own. Default: none. */
  askedFrom?: readonly string[];
  /** Tags on everything that can carry them. */
  tags?: Input<Record<string, Input<string>>>;
  /** Last-moment changes to what the component is about to register. */
  transform?: ObservabilityTransforms;
}

/** One hook for each kind of child that one may want to change. */
export interface ObservabilityTransforms {
  workspace?: Transform<monitor.AzureMonitorWorkspaceArgs>;
  dataCollectionRule?: Transform<monitor.DataCollectionRuleArgs>;
  /** Called once for each group. */
  ruleGroup?: Transform<alertsmanagement.PrometheusRuleGroupArgs>;
  grafana?: Transform<dashboard.GrafanaArgs>;
  /** Of the Prometheus in the cluster. */
  prometheus?: Transform<kubernetes.apps.v1.StatefulSetArgs>;
  applicationInsights?: Transform<applicationinsights.ComponentArgs>;
}
