import { stringAt, without, type JsonObject } from "./client/json";
import { fieldManagerKey } from "./field-manager";
import { toProperties, type Inputs } from "./properties";
import { Secret, isPropertyMap, unknown, type PropertyMap, type PropertyValue } from "../protocol";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * The outputs of a resource: the live object, and beside it what the real provider keeps too, so that the two can work on the same
 * state.
 *
 * @param secrets The inputs as the program gave them: what is secret there is secret in the outputs.
 */
export function stateOf(live: JsonObject, inputs: Inputs, secrets: PropertyMap, manager: string): PropertyMap {
  return {
    ...hideLastApplied(withStringDataSecrets(toProperties(live, secrets), live)),
    __inputs: toProperties(inputs, secrets),
    __initialApiVersion: stringAt(live, "apiVersion") ?? "",
    [fieldManagerKey]: manager,
  };
}

/** A Secret's `data` comes from `stringData`, too; whatever the program called it, it is one. */
function withStringDataSecrets(properties: PropertyMap, live: JsonObject): PropertyMap {
  const { data } = properties;
  return live["kind"] === "Secret" && data !== undefined ? { ...properties, data: new Secret(data) } : properties;
}

/** kubectl's annotation repeats the whole object in plain text. */
function hideLastApplied(properties: PropertyMap): PropertyMap {
  const metadata = properties["metadata"];
  if (properties["kind"] !== "Secret" || !isPropertyMap(metadata)) return properties;
  const annotations = metadata["annotations"];
  if (!isPropertyMap(annotations) || annotations[LAST_APPLIED] === undefined) return properties;
  return { ...properties, metadata: { ...metadata, annotations: without(annotations, LAST_APPLIED) } };
}

/**
 * The outputs of a previewed creation or change: what the server would store. What only the real request decides is unknown, so
 * that nothing is built on a value that will be another one.
 */
export function previewOf(result: JsonObject, inputs: Inputs, secrets: PropertyMap, creation: boolean): PropertyMap {
  const outputs = without(toProperties(result, secrets), "status");
  const metadata = isPropertyMap(outputs["metadata"]) ? outputs["metadata"] : {};
  const open: Record<string, PropertyValue> = { resourceVersion: unknown, generation: unknown };
  if (creation) {
    open["uid"] = unknown;
    open["creationTimestamp"] = unknown;
  }
  return {
    ...outputs,
    metadata: { ...without(metadata, "managedFields"), ...open },
    ...(creation ? previewSpec(outputs, inputs) : {}),
  };
}

/** A Service's addresses and node ports are picked when it is stored; the dry run picks others. */
function previewSpec(outputs: PropertyMap, inputs: Inputs): PropertyMap {
  const spec = outputs["spec"];
  if (outputs["kind"] !== "Service" || !isPropertyMap(spec)) return {};
  const wanted = inputs["spec"];
  const named = typeof wanted === "object" && wanted !== null ? Object.keys(wanted) : [];
  const picked = ["clusterIP", "clusterIPs", "healthCheckNodePort"].filter(
    (key) => key in spec && !named.includes(key),
  );
  return { spec: { ...spec, ...Object.fromEntries(picked.map((key) => [key, unknown])) } };
}

/** The id of an object: `namespace/name`, or the name alone. */
export function idOf(live: JsonObject): string {
  const name = stringAt(live, "metadata", "name") ?? "";
  const namespace = stringAt(live, "metadata", "namespace");
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Takes an id apart. */
export function parseId(id: string): { readonly namespace: string | undefined; readonly name: string } {
  const slash = id.indexOf("/");
  return slash < 0 ? { namespace: undefined, name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}
