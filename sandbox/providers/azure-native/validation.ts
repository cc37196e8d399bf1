import {
  isPropertyArray,
  isPropertyMap,
  unknown,
  type CheckFailure,
  type PropertyMap,
  type PropertyValue,
} from "../protocol";
import { containerOf, objectSchema, type ObjectSchema, type TypeReference } from "./schema/schema";

/** Checks inputs against their declared types, at every depth: what is missing, and what has the wrong type. */
export function validateObject(value: PropertyMap, declared: ObjectSchema, path = ""): CheckFailure[] {
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const missing = declared.required
    .filter((key) => value[key] === undefined || value[key] === null)
    .map((key) => ({ property: at(key), reason: `missing required property '${at(key)}'` }));
  const wrong = Object.entries(value).flatMap(([key, member]) => {
    const type = declared.properties[key];
    return type === undefined ? [] : validateValue(member, type, at(key));
  });
  return [...missing, ...wrong];
}

function validateValue(value: PropertyValue, type: TypeReference, path: string): CheckFailure[] {
  if (value === unknown || value === null || type === "any") return [];
  const container = containerOf(type);
  if (isPropertyArray(value)) {
    if (container?.kind !== "array") return [mismatch(path, type, "an array")];
    return value.flatMap((element, index) => validateValue(element, container.element, `${path}[${index}]`));
  }
  if (isPropertyMap(value)) {
    if (container?.kind === "map") {
      return Object.entries(value).flatMap(([key, member]) =>
        validateValue(member, container.element, `${path}.${key}`),
      );
    }
    const declared = objectSchema(type);
    return declared === undefined ? [mismatch(path, type, "an object")] : validateObject(value, declared, path);
  }
  return typeof value === type ? [] : [mismatch(path, type, `a ${typeof value}`)];
}

function mismatch(path: string, type: TypeReference, found: string): CheckFailure {
  return { property: path, reason: `'${path}' should be of type '${nameOfType(type)}' but got ${found}` };
}

function nameOfType(type: TypeReference): string {
  const container = containerOf(type);
  if (container !== undefined) return container.kind === "array" ? "array" : "object";
  return objectSchema(type) === undefined ? type : "object";
}
