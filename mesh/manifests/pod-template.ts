import { valueAt } from "./inside";
import { isJsonObject, type JsonObject, type KubernetesObject } from "./object";

/** What a workload makes its pods of; a Pod is its own. Undefined for what makes none. */
export function podTemplateOf(workload: KubernetesObject): unknown {
  if (workload.kind === "Pod") return workload;
  const path = workload.kind === "CronJob" ? ["spec", "jobTemplate", "spec", "template"] : ["spec", "template"];
  return valueAt(workload, ...path);
}

/** Whether a Service leads to the pods of a workload: of the same namespace, with all the labels that it selects by. */
export function isBehind(workload: KubernetesObject, service: KubernetesObject): boolean {
  const selector = valueAt(service, "spec", "selector");
  if (workload.metadata.namespace !== service.metadata.namespace || !isJsonObject(selector)) return false;
  const found = valueAt(podTemplateOf(workload), "metadata", "labels");
  const labels: JsonObject = isJsonObject(found) ? found : {};
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
