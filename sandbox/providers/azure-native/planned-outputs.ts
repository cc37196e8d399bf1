import { isPropertyArray, isPropertyMap, unknown, type PropertyMap, type PropertyValue } from "../protocol";
import { containerOf, objectSchema, type TypeReference } from "./schema/schema";

/**
 * The outputs of a resource that is only planned: its inputs, and unknowns for all that Azure will add, at every depth. Otherwise a
 * program would see `identity.principalId` as missing in the preview.
 */
export function plannedOutputs(inputs: PropertyMap, declared: Readonly<Record<string, TypeReference>>): PropertyMap {
  return Object.fromEntries(
    Object.entries(declared).map(([key, type]) => {
      const input = inputs[key];
      return [key, input === undefined || input === null ? unknown : plannedValue(input, type)];
    }),
  );
}

function plannedValue(value: PropertyValue, type: TypeReference): PropertyValue {
  const container = containerOf(type);
  if (isPropertyArray(value)) {
    // A set of ids becomes an object whose members Azure fills in.
    if (container?.kind !== "array") return unknown;
    return value.map((element) => plannedValue(element, container.element));
  }
  if (!isPropertyMap(value)) return value;
  if (container?.kind === "map") {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, plannedValue(member, container.element)]),
    );
  }
  const properties = objectSchema(type)?.properties;
  return properties === undefined ? value : plannedOutputs(value, properties);
}
