import { unknown, type PropertyMap, type PropertyValue, isPropertyArray, isPropertyMap, Secret } from "../protocol";

/** What ARM takes and gives. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Whether the value is a JSON object, and not an array or null. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isJsonArray(value);
}

/** `Array.isArray` for readonly arrays. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Parses a response's body; undefined when it is not JSON, as with the error pages of a proxy. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** Inputs as JSON for a request. Members that are null are left out, as the engine does on its way to a provider. */
export function toJson(value: PropertyMap, path?: string): JsonObject;
export function toJson(value: PropertyValue, path?: string): JsonValue;
export function toJson(value: PropertyValue, path = ""): JsonValue {
  if (value === unknown) throw new Error(`${path}: the value is not known, yet a request to Azure needs it.`);
  if (value instanceof Secret) return toJson(value.value, path);
  if (isPropertyArray(value)) return value.map((element, index) => toJson(element, `${path}[${index}]`));
  if (isPropertyMap(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== null)
        .map(([key, member]) => [key, toJson(member, path === "" ? key : `${path}.${key}`)]),
    );
  }
  return value;
}

/** The object without members that are null, at every depth: azure-native has no nulls among its outputs. */
export function withoutNulls(value: JsonObject): JsonObject;
export function withoutNulls(value: JsonValue): JsonValue;
export function withoutNulls(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map((element) => withoutNulls(element));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}
