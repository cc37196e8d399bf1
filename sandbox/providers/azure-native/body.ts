import { isJsonObject, withoutNulls, type JsonObject, type JsonValue } from "./json";
import { flattenNested, toArmShape } from "./nested-properties";
import { pathParameters } from "./resource-path";
import { type ResourceType } from "./resource-type";
import { type ResourceSchema } from "./schema/schema";

/** A resource type with what its SDK declares: all that the translation of bodies needs. */
export interface Translation {
  readonly type: ResourceType;
  readonly schema: ResourceSchema;
}

/** The body of a PUT from a resource's inputs: envelope at the top, the rest under `properties`. */
export function toRequestBody({ type, schema }: Translation, inputs: JsonObject): JsonObject {
  const parameters = new Set(pathParameters(type.path));
  const envelope: Record<string, JsonValue> = {};
  const properties: Record<string, JsonValue> = {};
  for (const [input, value] of Object.entries(inputs)) {
    const declared = schema.inputs.properties[input];
    if (declared === undefined || parameters.has(input)) continue;
    const target = type.envelope.includes(input) ? envelope : properties;
    target[type.renames?.[input] ?? input] = toArmShape(value, declared);
  }
  return Object.keys(properties).length === 0 ? envelope : { ...envelope, properties };
}

/** A resource's outputs from what ARM says it is: members of `properties` lifted up, those that the SDK does not declare left out. */
export function toOutputs({ type, schema }: Translation, apiVersion: string, body: JsonObject): JsonObject {
  const properties = isJsonObject(body["properties"]) ? body["properties"] : {};
  const outputs: Record<string, JsonValue> = {};
  for (const output of ["id", ...Object.keys(schema.outputs)]) {
    // What stands at the top wins: a pool's `type` is its resource type, not the kind of machines among its properties.
    const value = body[output] ?? properties[type.renames?.[output] ?? output];
    if (value !== undefined && value !== null) outputs[output] = value;
  }
  outputs["azureApiVersion"] = apiVersion;
  const flat = type.flattensNested === true ? flattenMembers(outputs) : outputs;
  return withoutNulls(flat);
}

function flattenMembers(outputs: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, flattenNested(value)]));
}
