import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { agentConfig } from "./agent-config";
import { applicationInsights } from "./application-insights";
import { type ObservabilityArgs } from "./args";
import { clusterPrometheus } from "./cluster-prometheus";
import { metricsWorkspace, ruleGroups } from "./managed-prometheus";
import { assertObservabilityArgs } from "./validate";
import { managedGrafana, portalDashboards } from "./views";

/** Options of {@link Observability}: the kubernetes provider of the same cluster is needed. */
export interface ObservabilityOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * What is seen of a mesh: a Prometheus, Azure's or one in the cluster, gets the metrics of sidecars and control plane, computes from them who calls
 * whom and how that ends, and tells when something is wrong; dashboards show it.
 *
 * @example
 * ```ts
 * new Observability("mesh", { name: "shop", resourceGroupName, location, clusterId: cluster.clusterId, mesh: "osm", namespaces }, { provider });
 * ```
 */
export class Observability extends pulumi.ComponentResource {
  /** Where PromQL can be asked; of a Prometheus in the cluster from inside of that. */
  public readonly queryEndpoint: pulumi.Output<string>;
  /** Address of managed Grafana. Empty without it. */
  public readonly grafanaAddress: pulumi.Output<string>;

  constructor(name: string, args: ObservabilityArgs, opts: ObservabilityOptions = {}) {
    super("aks-mesh:index:Observability", name, {}, opts);
    const certificateSeconds = assertObservabilityArgs(args);
    const { settings = {}, mesh } = args;
    const child = { parent: this };
    const inCluster = {
      parent: this,
      provider: opts.provider,
      dependsOn: opts.dependsOn,
      deletedWith: opts.deletedWith,
    };

    if (settings.prometheus === "cluster") {
      this.queryEndpoint = pulumi.output(clusterPrometheus(name, args, certificateSeconds, inCluster));
      this.grafanaAddress = pulumi.output("");
    } else {
      const workspace = metricsWorkspace(name, args, child);
      ruleGroups(name, args, workspace, certificateSeconds, child);
      new ConfigMap(`${name}-agent`, agentConfig(mesh, args.namespaces), inCluster);
      if (settings.dashboards !== false) portalDashboards(name, args, child);
      this.queryEndpoint = workspace.metrics.apply(({ prometheusQueryEndpoint }) => prometheusQueryEndpoint);
      this.grafanaAddress = settings.grafana
        ? managedGrafana(name, args, settings.grafana, workspace, child)
        : pulumi.output("");
    }
    if (settings.applicationInsights !== undefined) {
      applicationInsights(name, args, settings.applicationInsights, child, inCluster);
    }
    this.registerOutputs({ queryEndpoint: this.queryEndpoint, grafanaAddress: this.grafanaAddress });
  }
}
