import { without, type Json, type JsonObject } from "./client/json";
import {
  Secret,
  containsSecret,
  isPropertyArray,
  isPropertyMap,
  unknown,
  type PropertyMap,
  type PropertyValue,
} from "../protocol";

/** A JSON object that still may hold unknowns, with secrets opened and nulls dropped: inputs as this provider works on them. */
export type Inputs = { [key: string]: InputValue };
/** One value of {@link Inputs}. */
export type InputValue = null | boolean | number | string | typeof unknown | InputValue[] | Inputs;

/** Whether an input is an object (neither null nor an array nor unknown). */
export function isInputs(value: InputValue | undefined): value is Inputs {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Opens secrets, drops members that are null (which Kubernetes reads as absent), and gives schema keywords their own names. */
export function toInputs(properties: PropertyMap): Inputs {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, member]) => {
      const value = toInput(member);
      return value === null ? [] : [[toKubernetesKey(key), value]];
    }),
  );
}

function toInput(value: PropertyValue): InputValue {
  if (value instanceof Secret) return toInput(value.value);
  if (isPropertyArray(value)) return value.map(toInput);
  if (isPropertyMap(value)) return toInputs(value);
  return value;
}

/**
 * Inputs that are all known.
 * @throws an Error naming the unknown: callers look for unknowns first.
 */
export function toJson(inputs: Inputs, path = ""): JsonObject {
  return Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, knownValue(value, `${path}.${key}`)]));
}

function knownValue(value: InputValue, path: string): Json {
  if (value === unknown) throw new Error(`${path.slice(1)} is not known yet`);
  if (Array.isArray(value)) return value.map((element, index) => knownValue(element, `${path}[${index}]`));
  return isInputs(value) ? toJson(value, path) : value;
}

/** As {@link toJson}, leaving out what is unknown: for annotations and names that are looked at in previews. */
export function knownPart(inputs: Inputs): JsonObject {
  const known: JsonObject = {};
  for (const [key, value] of Object.entries(inputs)) {
    if (value === unknown) continue;
    if (Array.isArray(value)) known[key] = knownElements(value);
    else known[key] = isInputs(value) ? knownPart(value) : value;
  }
  return known;
}

function knownElements(values: InputValue[]): Json[] {
  return values.flatMap((value): Json[] => {
    if (value === unknown) return [];
    if (Array.isArray(value)) return [knownElements(value)];
    return [isInputs(value) ? knownPart(value) : value];
  });
}

/** Writes inputs or a live object as properties, with secret what is secret in `pattern`, and all data of a Secret. */
export function toProperties(object: Inputs | JsonObject, pattern: PropertyMap): PropertyMap {
  const properties = markSecrets(renameMembers(object), pattern);
  if (object["kind"] !== "Secret") return properties;
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [
      key,
      key === "data" || key === "stringData" ? new Secret(value) : value,
    ]),
  );
}

function renameMembers(object: Inputs | JsonObject): PropertyMap {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [toPulumiKey(key), renameValue(value)]));
}

function renameValue(value: InputValue | Json): PropertyValue {
  if (Array.isArray(value)) return value.map(renameValue);
  if (typeof value === "object" && value !== null) return renameMembers(value);
  return value;
}

/** An array with a secret inside becomes secret as a whole: the server may put its elements in another order. */
function markSecrets(properties: PropertyMap, pattern: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const model = pattern[key];
      if (isPropertyMap(value) && isPropertyMap(model)) return [key, markSecrets(value, model)];
      return [key, containsSecret(model) ? new Secret(value) : value];
    }),
  );
}

/** The SDKs write the keywords `x-kubernetes-…` of CRD schemas with underscores, as names in a programming language need. */
function toKubernetesKey(key: string): string {
  return key.startsWith("x_kubernetes_") ? key.replaceAll("_", "-") : key;
}

function toPulumiKey(key: string): string {
  return key.startsWith("x-kubernetes-") ? key.replaceAll("-", "_") : key;
}

/** The member that is an object, made where it is missing; undefined where it is unknown or something else. */
export function memberOf(inputs: Inputs, key: string): Inputs | undefined {
  const member = (inputs[key] ??= {});
  return isInputs(member) ? member : undefined;
}

/** The live object, as properties hold it; for state written before. */
export function liveObject(outputs: PropertyMap): JsonObject {
  return without(knownPart(toInputs(outputs)), "__inputs", "__initialApiVersion", "__fieldManager");
}

/** Whether an input is unknown somewhere. */
export function containsUnknowns(value: InputValue): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(containsUnknowns);
  return isInputs(value) && Object.values(value).some(containsUnknowns);
}
