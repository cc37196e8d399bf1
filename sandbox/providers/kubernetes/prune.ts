import { isObject, type Json, type JsonObject } from "./client/json";
import { isInputs, type Inputs, type InputValue } from "./properties";

/**
 * The part of a live object that the inputs speak of, so that the two can be compared: defaults set by the server and fields of
 * others fall away. As in the real provider, elements of lists belong together by their place, whatever their names: what somebody
 * puts in front shows as a change, what somebody appends does not.
 */
export function pruneToInputs(live: JsonObject, inputs: Inputs): JsonObject {
  const pruned: JsonObject = {};
  for (const [key, input] of Object.entries(inputs)) {
    const value = live[key];
    if (value !== undefined) pruned[key] = prune(value, input);
  }
  return pruned;
}

function prune(live: Json, input: InputValue): Json {
  if (isObject(live) && isInputs(input)) return pruneToInputs(live, input);
  if (!Array.isArray(live) || !Array.isArray(input)) return live;
  return typeof live[0] === typeof input[0] || live.length === 0 || input.length === 0
    ? live.slice(0, input.length).map((element, index) => prune(element, input[index] ?? null))
    : live;
}

/**
 * The same, with what says nothing where the server keeps nothing: it drops empty texts, lists and objects, `false` and zero from
 * most fields, so that an input which has them is not missing.
 */
export function pruneLive(live: JsonObject, inputs: Inputs): JsonObject {
  return keepEmpty(pruneToInputs(live, inputs), inputs);
}

function keepEmpty(pruned: JsonObject, inputs: Inputs): JsonObject {
  const kept: JsonObject = {};
  for (const [key, input] of Object.entries(inputs)) {
    const value = pruned[key];
    if (value !== undefined) kept[key] = keepIn(value, input);
    else if (input === "" || input === false || input === 0) kept[key] = input;
    else if (Array.isArray(input) && input.length === 0) kept[key] = [];
    else if (isInputs(input) && Object.keys(input).length === 0) kept[key] = {};
  }
  return kept;
}

function keepIn(value: Json, input: InputValue): Json {
  if (isObject(value) && isInputs(input)) return keepEmpty(value, input);
  if (!Array.isArray(value) || !Array.isArray(input)) return value;
  return value.map((element, index) => keepIn(element, input[index] ?? null));
}
