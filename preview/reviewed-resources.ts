import { isJsonObject, type JsonObject } from "../mesh/manifests";
import { meshConfigName } from "../mesh/istio/state/mesh-config";
import { type EngineResource } from "./plan";

/** Fields of Azure's resources that say what they cost. */
const pricedFields = [
  ...["location", "sku", "vmSize", "count", "minCount", "enableAutoScaling"],
  ...["osDiskType", "osType", "scaleSetPriority"],
];

/** What containers are told: no analysis reads it, and secrets may stand there in plain text. */
const toldContainers = ["env", "envFrom", "command", "args"];

/**
 * Of a stack's resources what a review reads, and no more: it is handed from job to job, where others may read it. Secrets, the data of
 * ConfigMaps but the mesh's own, and what containers are told stay out.
 */
export function reviewedResources(resources: readonly EngineResource[]): readonly EngineResource[] {
  return resources.flatMap((resource) => {
    const { type, inputs } = resource;
    if (type.startsWith("kubernetes:")) {
      return inputs["kind"] === "Secret" ? [] : [{ ...resource, inputs: reviewedObject(inputs) }];
    }
    if (!type.startsWith("azure-native:")) return [];
    const priced = Object.entries(inputs).filter(([field]) => pricedFields.includes(field));
    return [{ ...resource, inputs: Object.fromEntries(priced) }];
  });
}

function reviewedObject(object: JsonObject): JsonObject {
  const { kind, metadata } = object;
  const name = isJsonObject(metadata) ? metadata["name"] : undefined;
  const isMeshConfig = kind === "ConfigMap" && typeof name === "string" && meshConfigName.test(name);
  const left = kind === "ConfigMap" && !isMeshConfig ? ["data", "binaryData"] : [];
  return Object.fromEntries(
    Object.entries(object)
      .filter(([field]) => !left.includes(field))
      .map(([field, value]) => [field, withoutWhatContainersAreTold(value)]),
  );
}

function withoutWhatContainersAreTold(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWhatContainersAreTold);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      if (field !== "containers" || !Array.isArray(inner)) return [field, withoutWhatContainersAreTold(inner)];
      return [field, inner.map((container: unknown) => (isJsonObject(container) ? quiet(container) : container))];
    }),
  );
}

function quiet(container: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(container).filter(([field]) => !toldContainers.includes(field)));
}
