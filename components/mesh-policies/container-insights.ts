import type * as kubernetes from "@pulumi/kubernetes";

/**
 * The ConfigMap that makes Container insights collect Envoy's metrics of these namespaces (query: `InsightsMetrics |
 * where Name contains "envoy"`). The agent reads one of this name, in kube-system, per cluster.
 */
export function containerInsightsConfig(namespaces: readonly string[]): kubernetes.types.input.core.v1.ConfigMap {
  return {
    metadata: { name: "container-azm-ms-osmconfig", namespace: "kube-system" },
    data: {
      "schema-version": "v1",
      "config-version": "ver1",
      "osm-metric-collection-configuration": [
        "[osm_metric_collection_configuration]",
        "  [osm_metric_collection_configuration.settings]",
        `    monitor_namespaces = ${JSON.stringify(namespaces)}`,
        "",
      ].join("\n"),
    },
  };
}
