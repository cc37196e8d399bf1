import { Component } from "@pulumi/azure-native/applicationinsights/component";
import { Secret } from "@pulumi/kubernetes/core/v1";
import { type CustomResourceOptions, output, secret } from "@pulumi/pulumi";
import { transformed } from "../transform";
import { type ApplicationInsightsSettings, type ObservabilityArgs } from "./args";

/**
 * Application Insights, and its connection string as a Secret in each namespace of the mesh. Nothing is injected into workloads: those that
 * have Azure Monitor's library, or OpenTelemetry's exporter, read it.
 *
 * @param inCluster Options of what is made in the cluster.
 */
export function applicationInsights(
  name: string,
  args: ObservabilityArgs,
  { secretName = "application-insights", samplingPercentage = 100 }: ApplicationInsightsSettings,
  options: CustomResourceOptions,
  inCluster: CustomResourceOptions,
): void {
  const { resourceGroupName, location, tags, workspaceId } = args;
  const component = new Component(
    `${name}-insights`,
    transformed(args.transform?.applicationInsights, {
      ...{ resourceGroupName, location, tags, samplingPercentage },
      resourceName: `${args.name}-insights`,
      kind: "web",
      applicationType: "web",
      ingestionMode: "LogAnalytics",
      workspaceResourceId: workspaceId,
    }),
    options,
  );
  const connection = secret(output(component.connectionString));
  for (const namespace of args.namespaces) {
    new Secret(
      `${name}-insights-${namespace}`,
      { metadata: { name: secretName, namespace }, stringData: { "connection-string": connection } },
      inCluster,
    );
  }
}
