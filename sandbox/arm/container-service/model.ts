import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { aksError, type ArmError } from "../errors";
import { isObject, type Json, type JsonObject } from "../json";

/**
 * Request bodies are checked against Microsoft's own model: the mappers that @azure/arm-containerservice serialises with, and the
 * enumerations it declares. The SDK's own serializer is no help, as it drops what it does not know.
 */
const load = createRequire(__filename);
const MODELS = join(dirname(load.resolve("@azure/arm-containerservice/package.json")), "dist", "commonjs", "models");

/** One property of a model, as its mapper describes it. */
interface Property {
  readonly type: JsonObject;
  readonly required: boolean;
  readonly readOnly: boolean;
  readonly constraints: JsonObject;
  /** Values that Microsoft declares for it; undefined where it is no enumeration. */
  readonly values: readonly string[] | undefined;
}

/** Properties by their path on the wire: a mapper flattens `properties.x` into x. */
interface Shape {
  readonly properties: Map<string, Property | Shape>;
}

let loaded:
  { mappers: JsonObject; enumerations: ReadonlyMap<string, readonly string[]>; declared: Declared } | undefined;
const shapes = new Map<string, Shape>();

function model(): NonNullable<typeof loaded> {
  if (loaded === undefined) {
    const mappers: JsonObject = load(join(MODELS, "mappers.js"));
    loaded = {
      mappers,
      enumerations: enumerations(),
      declared: declaredTypes(readFileSync(join(MODELS, "index.d.ts"), "utf8")),
    };
  }
  return loaded;
}

/** `Known…` enumerations by the name of the type they list. */
function enumerations(): Map<string, readonly string[]> {
  const exports: JsonObject = load(join(MODELS, "index.js"));
  return new Map(
    Object.entries(exports).flatMap(([name, values]) =>
      name.startsWith("Known") && isObject(values)
        ? [[name.slice("Known".length), Object.values(values).filter((value) => typeof value === "string")]]
        : [],
    ),
  );
}

/** Interface → property → name of its type; and interface → the one it extends. */
interface Declared {
  readonly types: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly parents: ReadonlyMap<string, string>;
}

/** Reads which type each property of each interface has: mappers call every enumeration a string. */
function declaredTypes(declarations: string): Declared {
  const types = new Map<string, Map<string, string>>();
  const parents = new Map<string, string>();
  let current: Map<string, string> | undefined;
  for (const line of declarations.split("\n")) {
    const heading = /^export interface (\w+)(?: extends (\w+))? \{/.exec(line);
    if (heading?.[1] !== undefined) {
      current = new Map();
      types.set(heading[1], current);
      if (heading[2] !== undefined) parents.set(heading[1], heading[2]);
      continue;
    }
    const property = /^ {4}(?:readonly )?(\w+)\??: (\w+)(?:\[\])*;/.exec(line);
    if (property?.[1] !== undefined && property[2] !== undefined) current?.set(property[1], property[2]);
  }
  return { types, parents };
}

function declaredType(declared: Declared, className: string, property: string): string | undefined {
  for (let name: string | undefined = className; name !== undefined; name = declared.parents.get(name)) {
    const found = declared.types.get(name)?.get(property);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Properties that came with API versions which the SDK does not speak: by model, with the values of an enumeration. */
const NEWER: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  IstioComponents: { proxyRedirectionMechanism: ["InitContainers", "CNIChaining"] },
};

function isShape(value: Property | Shape): value is Shape {
  return "properties" in value;
}

function shapeOf(className: string): Shape {
  const known = shapes.get(className);
  if (known !== undefined) return known;
  const { mappers, enumerations: enums, declared } = model();
  const mapper = mappers[className];
  const modelProperties = isObject(mapper) && isObject(mapper["type"]) ? mapper["type"]["modelProperties"] : undefined;
  if (!isObject(modelProperties)) throw new Error(`@azure/arm-containerservice has no model ${className}.`);
  const shape: Shape = { properties: new Map() };
  for (const [key, described] of Object.entries(modelProperties)) {
    if (!isObject(described) || !isObject(described["type"]) || typeof described["serializedName"] !== "string")
      continue;
    const type = declaredType(declared, className, key);
    // A dot separates levels, except where it is escaped.
    const path = described["serializedName"].split(/(?<!\\)\./).map((step) => step.replaceAll("\\", ""));
    const leaf = path.pop() ?? "";
    let level = shape;
    for (const step of path) {
      const next = level.properties.get(step);
      const nested: Shape = next !== undefined && isShape(next) ? next : { properties: new Map() };
      level.properties.set(step, nested);
      level = nested;
    }
    level.properties.set(leaf, {
      type: described["type"],
      required: described["required"] === true,
      readOnly: described["readOnly"] === true,
      constraints: isObject(described["constraints"]) ? described["constraints"] : {},
      values: type === undefined ? undefined : enums.get(type),
    });
  }
  for (const [name, values] of Object.entries(NEWER[className] ?? {})) {
    shape.properties.set(name, { type: { name: "String" }, required: false, readOnly: false, constraints: {}, values });
  }
  shapes.set(className, shape);
  return shape;
}

/** Whether a model has a property at a path; elements of an array are where the array is. */
export function hasProperty(className: string, path: readonly string[]): boolean {
  let shape: Shape | undefined = shapeOf(className);
  for (const [index, step] of path.entries()) {
    const property: Property | Shape | undefined = shape?.properties.get(step);
    if (property === undefined) return false;
    if (index === path.length - 1) return true;
    shape = isShape(property) ? property : composite(property.type);
  }
  return false;
}

/** What a property or the elements of an array are made of; undefined for plain values. */
function composite(type: JsonObject): Shape | undefined {
  if (type["name"] === "Sequence") return composite(elementType(type["element"]));
  return type["name"] === "Composite" ? shapeOf(String(type["className"])) : undefined;
}

/**
 * Checks a request body against one of the models, and returns it without what only Azure writes (such properties may be sent, and
 * are ignored, so that what was read can be put back).
 *
 * @throws ArmError 400 with the path of the first property that is unknown, misspelt, missing, of a wrong type or out of range.
 */
export function checkModel(className: string, body: JsonObject): JsonObject {
  return checkShape(shapeOf(className), body, "");
}

function checkShape(shape: Shape, value: JsonObject, path: string): JsonObject {
  const result: JsonObject = {};
  for (const [name, item] of Object.entries(value)) {
    const where = path === "" ? name : `${path}.${name}`;
    const property = shape.properties.get(name);
    if (property === undefined) throw unknownProperty(shape, name, where);
    // AKS takes null and the empty string for "not said"; azure-cli sends both.
    if (item === null || item === undefined || item === "") {
      if (!isShape(property) && property.required) throw missing(where);
      continue;
    }
    if (isShape(property)) {
      if (!isObject(item)) throw wrongType(where, "an object", item);
      result[name] = checkShape(property, item, where);
    } else if (!property.readOnly) {
      result[name] = checkValue(property.type, item, where, property);
    }
  }
  for (const [name, property] of shape.properties) {
    const where = path === "" ? name : `${path}.${name}`;
    if (!isShape(property) && property.required && !property.readOnly && value[name] === undefined)
      throw missing(where);
  }
  return result;
}

function checkValue(type: JsonObject, value: Json, path: string, property: Property): Json {
  switch (type["name"]) {
    case "Composite": {
      if (!isObject(value)) throw wrongType(path, "an object", value);
      return checkShape(shapeOf(String(type["className"])), value, path);
    }
    case "Sequence": {
      if (!Array.isArray(value)) throw wrongType(path, "an array", value);
      checkCount(value.length, property.constraints, path);
      const element = elementType(type["element"]);
      return value.map((item, index) =>
        checkValue(element, item, `${path}[${index}]`, { ...property, constraints: {} }),
      );
    }
    case "Dictionary": {
      if (!isObject(value)) throw wrongType(path, "an object", value);
      const element = elementType(type["value"]);
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          item === undefined || item === null
            ? item
            : checkValue(element, item, `${path}.${key}`, { ...property, constraints: {} }),
        ]),
      );
    }
    case "Boolean":
      if (typeof value !== "boolean") throw wrongType(path, "true or false", value);
      return value;
    case "Number":
      if (typeof value !== "number") throw wrongType(path, "a number", value);
      checkRange(value, property.constraints, path);
      return value;
    case "Enum":
    case "String":
      if (typeof value !== "string") throw wrongType(path, "a string", value);
      checkText(value, property, path);
      return value;
    default:
      return value;
  }
}

function elementType(mapper: Json | undefined): JsonObject {
  return isObject(mapper) && isObject(mapper["type"]) ? mapper["type"] : {};
}

function checkCount(length: number, constraints: JsonObject, path: string): void {
  const { MinItems: least, MaxItems: most } = constraints;
  if (typeof least === "number" && length < least) throw invalid(path, `it needs at least ${least} elements`);
  if (typeof most === "number" && length > most) throw invalid(path, `it may have at most ${most} elements`);
}

function checkRange(value: number, constraints: JsonObject, path: string): void {
  const { InclusiveMinimum: least, InclusiveMaximum: most } = constraints;
  if (typeof least === "number" && value < least) throw invalid(path, `${value} is less than ${least}`);
  if (typeof most === "number" && value > most) throw invalid(path, `${value} is more than ${most}`);
}

function checkText(value: string, property: Property, path: string): void {
  const { Pattern: pattern, MinLength: shortest, MaxLength: longest } = property.constraints;
  if (typeof shortest === "number" && value.length < shortest)
    throw invalid(path, `it needs at least ${shortest} characters`);
  if (typeof longest === "number" && value.length > longest)
    throw invalid(path, `it may have at most ${longest} characters`);
  if (pattern instanceof RegExp && !pattern.test(value))
    throw invalid(path, `'${value}' does not match ${pattern.source}`);
  const { values } = property;
  if (values === undefined || values.some((known) => known.toLowerCase() === value.toLowerCase())) return;
  throw invalid(path, `'${value}' is none of ${values.join(", ")}`);
}

function unknownProperty(shape: Shape, name: string, path: string): ArmError {
  const close = [...shape.properties.keys()].find((known) => known.toLowerCase() === name.toLowerCase());
  const remedy = close === undefined ? "" : ` Write '${close}'.`;
  return aksError(400, "UnmarshalError", `UnmarshalEntity encountered error: unknown field: ${path}.${remedy}`, {
    target: path,
  });
}

function missing(path: string): ArmError {
  return aksError(400, "InvalidParameter", `Required parameter ${path} is missing (null).`, { target: path });
}

function wrongType(path: string, expected: string, value: Json): ArmError {
  const given = Array.isArray(value) ? "an array" : value === null ? "null" : `a value of type ${typeof value}`;
  return aksError(
    400,
    "UnmarshalError",
    `UnmarshalEntity encountered error: ${path}: ${expected} is expected, not ${given}.`,
    {
      target: path,
    },
  );
}

function invalid(path: string, detail: string): ArmError {
  return aksError(400, "InvalidParameter", `The value of parameter ${path} is invalid. Error details: ${detail}.`, {
    target: path,
  });
}
