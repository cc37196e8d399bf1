import { equal, isObject, type Json, type JsonObject } from "./client/json";
import { allFields, isSet, keyedElements, memberFields, type FieldSet } from "./ownership";
import { isInputs, type Inputs, type InputValue } from "./properties";
import { holdsQuantity, sameQuantity } from "./quantity";

/**
 * The part of a live object that the inputs speak of, so that the two can be compared: defaults set by the server and fields of
 * other managers fall away. Where inputs and server say the same in different words, the inputs' words are kept.
 *
 * A Secret's `stringData`, which the server never gives back, is made from its `data`.
 */
export function pruneToInputs(live: JsonObject, inputs: Inputs): JsonObject {
  return pruneObject(withStringData(live, inputs), inputs, allFields(live), "");
}

function withStringData(live: JsonObject, inputs: Inputs): JsonObject {
  const { stringData } = inputs;
  if (live["kind"] !== "Secret" || !isInputs(stringData) || !isObject(live["data"])) return live;
  const { data } = live;
  const decoded = Object.keys(stringData).flatMap((key) => {
    const value = data[key];
    return typeof value === "string" ? [[key, Buffer.from(value, "base64").toString("utf8")]] : [];
  });
  return { ...live, stringData: Object.fromEntries(decoded) };
}

function pruneObject(live: JsonObject, inputs: Inputs, fields: FieldSet | undefined, name: string): JsonObject {
  const pruned: JsonObject = {};
  for (const [key, input] of Object.entries(inputs)) {
    const value = live[key];
    if (value === undefined) {
      // The server drops empty objects and lists; an input that says nothing is not missing.
      if (isEmpty(input)) pruned[key] = Array.isArray(input) ? [] : {};
      continue;
    }
    pruned[key] =
      holdsQuantity(name, key) && isScalar(input) && sameQuantity(value, input)
        ? input
        : prune(value, input, memberFields(fields, key), key);
  }
  return pruned;
}

function isScalar(value: InputValue): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function isEmpty(value: InputValue): boolean {
  return Array.isArray(value) ? value.length === 0 : isInputs(value) && Object.keys(value).length === 0;
}

function prune(live: Json, input: InputValue, fields: FieldSet | undefined, name: string): Json {
  if (isObject(live) && isInputs(input)) return pruneObject(live, input, fields, name);
  if (Array.isArray(live) && Array.isArray(input)) return pruneList(live, input, fields, name);
  return live;
}

function pruneList(live: Json[], input: InputValue[], fields: FieldSet | undefined, name: string): Json[] {
  const keyed = keyedElements(fields);
  if (keyed !== undefined) {
    // Elements that only others name stay theirs.
    return input.flatMap((element) => {
      const match = keyed.find(({ key }) => isInputs(element) && matchesKey(element, key));
      const found = live.find((candidate) =>
        match === undefined ? false : isObject(candidate) && containsKey(candidate, match.key),
      );
      return found === undefined ? [] : [prune(found, element, match?.fields, name)];
    });
  }
  if (isSet(fields)) return live.filter((element) => input.some((wanted) => wanted === element));
  if (live.length !== input.length) return live;
  return live.map((element, index) => prune(element, input[index] ?? null, undefined, name));
}

/** An input may leave out a part of the key that the server fills in, as a port's protocol. */
function matchesKey(element: Inputs, key: JsonObject): boolean {
  return Object.entries(key).every(([name, value]) => element[name] === undefined || element[name] === value);
}

function containsKey(element: JsonObject, key: JsonObject): boolean {
  return Object.entries(key).every(([name, value]) => equal(element[name], value));
}
