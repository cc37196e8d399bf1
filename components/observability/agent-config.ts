import type * as kubernetes from "@pulumi/kubernetes";
import { stringify } from "yaml";
import { type MeshName } from "../../mesh";
import { scrapeConfig } from "./scrape-config";

/** The ConfigMap in which AKS's agent for metrics looks for jobs; it starts anew with them within three minutes. */
export function agentConfig(mesh: MeshName, namespaces: readonly string[]): kubernetes.types.input.core.v1.ConfigMap {
  return {
    metadata: { name: "ama-metrics-prometheus-config", namespace: "kube-system" },
    data: { "prometheus-config": stringify(scrapeConfig(mesh, namespaces), { lineWidth: 0 }) },
  };
}
