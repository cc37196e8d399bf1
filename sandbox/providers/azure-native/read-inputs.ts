import { isPropertyArray, isPropertyMap, valuesEqual, type PropertyMap, type PropertyValue } from "../protocol";
import { containerOf, objectSchema, type ResourceSchema, type TypeReference } from "./schema/schema";

/**
 * The inputs that outputs hold: what Azure says of a resource, without what only Azure can say.
 *
 * @param pathValues The inputs that are part of the resource's id.
 */
export function projectInputs(
  schema: ResourceSchema,
  outputs: PropertyMap,
  pathValues: Readonly<Record<string, string>> = {},
): PropertyMap {
  const named = Object.entries(pathValues).filter(([name]) => name in schema.inputs.properties);
  return { ...projectObject(outputs, schema.inputs.properties), ...Object.fromEntries(named) };
}

function projectObject(value: PropertyMap, declared: Readonly<Record<string, TypeReference>>): PropertyMap {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const type = declared[key];
      return type === undefined ? [] : [[key, projectValue(member, type, key)]];
    }),
  );
}

function projectValue(value: PropertyValue, type: TypeReference, key: string): PropertyValue {
  // The reverse of what a request does with this set of ids.
  if (key === "userAssignedIdentities" && isPropertyMap(value)) return Object.keys(value);
  const container = containerOf(type);
  if (isPropertyArray(value)) {
    return container?.kind === "array" ? value.map((element) => projectValue(element, container.element, "")) : value;
  }
  if (!isPropertyMap(value)) return value;
  if (container?.kind === "map") {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, projectValue(member, container.element, name)]),
    );
  }
  const declared = objectSchema(type);
  return declared === undefined ? value : projectObject(value, declared.properties);
}

/**
 * Brings to the inputs what changed between two projections of outputs: what somebody changed in Azure since the last update, and
 * nothing that Azure merely filled in.
 */
export function applyDrift(inputs: PropertyMap, before: PropertyMap, after: PropertyMap): PropertyMap {
  const kept = Object.entries(inputs).filter(([key]) => !(key in before) || key in after);
  const changed = Object.entries(after)
    .filter(([key, value]) => !valuesEqual(before[key], value))
    .map(([key, value]): [string, PropertyValue] => [key, applyDriftToValue(inputs[key], before[key], value)]);
  return Object.fromEntries([...kept, ...changed]);
}

function applyDriftToValue(
  input: PropertyValue | undefined,
  before: PropertyValue | undefined,
  after: PropertyValue,
): PropertyValue {
  if (isPropertyMap(input) && isPropertyMap(before) && isPropertyMap(after)) return applyDrift(input, before, after);
  if (isPropertyArray(input) && isPropertyArray(before) && isPropertyArray(after)) {
    return after.map((element, index) =>
      index < input.length && index < before.length
        ? valuesEqual(before[index], element)
          ? (input[index] ?? element)
          : applyDriftToValue(input[index], before[index], element)
        : element,
    );
  }
  return after;
}
