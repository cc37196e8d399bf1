import { isObject, type Json, type JsonObject } from "../json";
import { derivedGuid } from "../resource-manager/resources";
import { invalidTemplate } from "./expression-parser";

type TemplateFunction = (values: readonly Json[]) => Json;

/** The functions of the template language that need nothing but their arguments. Names in lower case. */
export const plainFunctions: Readonly<Record<string, TemplateFunction>> = {
  // Texts
  base64: ([text]) => Buffer.from(string("base64", text)).toString("base64"),
  base64tostring: ([text]) => Buffer.from(string("base64ToString", text), "base64").toString("utf8"),
  concat: (values) =>
    values.every((value) => Array.isArray(value)) ? values.flat() : values.map((value) => text(value)).join(""),
  endswith: ([whole, end]) => string("endsWith", whole).toLowerCase().endsWith(string("endsWith", end).toLowerCase()),
  format: ([pattern, ...values]) =>
    string("format", pattern).replace(/\{(\d+)(?::[^}]*)?\}/g, (_, index: string) => text(values[Number(index)] ?? "")),
  guid: (values) => derivedGuid("template", ...values.map((value) => text(value))),
  indexof: ([whole, part]) => string("indexOf", whole).toLowerCase().indexOf(string("indexOf", part).toLowerCase()),
  join: ([list, separator]) => array("join", list).map(text).join(string("join", separator)),
  json: ([source]) => {
    try {
      const parsed: Json = JSON.parse(string("json", source));
      return parsed;
    } catch {
      throw invalidTemplate("the function 'json' got no JSON");
    }
  },
  padleft: ([value, width, fill]) =>
    text(value ?? "").padStart(number("padLeft", width), fill === undefined ? " " : text(fill)),
  replace: ([whole, from, to]) => string("replace", whole).replaceAll(string("replace", from), string("replace", to)),
  split: ([whole, separator]) =>
    Array.isArray(separator)
      ? separator.reduce<string[]>(
          (parts, one) => parts.flatMap((part) => part.split(string("split", one))),
          [string("split", whole)],
        )
      : string("split", whole).split(string("split", separator)),
  startswith: ([whole, start]) =>
    string("startsWith", whole).toLowerCase().startsWith(string("startsWith", start).toLowerCase()),
  string: ([value]) => text(value ?? null),
  substring: ([whole, start, length]) => {
    const begin = number("substring", start);
    return string("substring", whole).slice(
      begin,
      length === undefined ? undefined : begin + number("substring", length),
    );
  },
  tolower: ([value]) => string("toLower", value).toLowerCase(),
  toupper: ([value]) => string("toUpper", value).toUpperCase(),
  trim: ([value]) => string("trim", value).trim(),
  uniquestring: (values) =>
    derivedGuid("uniqueString", ...values.map((value) => text(value)))
      .replaceAll("-", "")
      .slice(0, 13),
  uri: ([base, relative]) => new URL(string("uri", relative), string("uri", base)).toString(),
  uricomponent: ([value]) => encodeURIComponent(string("uriComponent", value)),

  // Arrays and objects
  array: ([value]) => (Array.isArray(value) ? value : [value ?? null]),
  contains: ([whole, part]) => {
    if (Array.isArray(whole)) return whole.some((item) => same(item, part ?? null));
    if (isObject(whole)) return Object.keys(whole).some((key) => key.toLowerCase() === text(part ?? "").toLowerCase());
    return string("contains", whole).includes(text(part ?? ""));
  },
  createarray: (values) => [...values],
  createobject: (values) =>
    Object.fromEntries(
      values.flatMap((key, index) =>
        index % 2 === 0 ? [[string("createObject", key), values[index + 1] ?? null]] : [],
      ),
    ),
  empty: ([value]) =>
    value === null ||
    value === undefined ||
    value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0),
  first: ([value]) => (Array.isArray(value) ? (value[0] ?? null) : string("first", value).slice(0, 1)),
  intersection: ([first, ...others]) =>
    array("intersection", first).filter((item) =>
      others.every((other) => array("intersection", other).some((one) => same(one, item))),
    ),
  items: ([value]) =>
    Object.entries(object("items", value))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => ({ key, value: item ?? null })),
  last: ([value]) => (Array.isArray(value) ? (value.at(-1) ?? null) : string("last", value).slice(-1)),
  length: ([value]) =>
    isObject(value) ? Object.keys(value).length : Array.isArray(value) ? value.length : string("length", value).length,
  range: ([start, count]) =>
    Array.from({ length: number("range", count) }, (_, index) => number("range", start) + index),
  skip: ([value, count]) =>
    Array.isArray(value) ? value.slice(number("skip", count)) : string("skip", value).slice(number("skip", count)),
  take: ([value, count]) =>
    Array.isArray(value)
      ? value.slice(0, number("take", count))
      : string("take", value).slice(0, number("take", count)),
  union: (values) =>
    values.every((value) => Array.isArray(value))
      ? values.flat().filter((item, index, all) => all.findIndex((other) => same(other, item)) === index)
      : Object.assign({}, ...values.map((value) => object("union", value))),

  // Logic and comparison
  and: (values) => values.every((value) => boolean("and", value)),
  bool: ([value]) => value === true || value === 1 || (typeof value === "string" && /^(?:true|1)$/i.test(value)),
  coalesce: (values) => values.find((value) => value !== null) ?? null,
  equals: ([a, b]) => same(a ?? null, b ?? null),
  false: () => false,
  greater: ([a, b]) => compare(a, b) > 0,
  greaterorequals: ([a, b]) => compare(a, b) >= 0,
  less: ([a, b]) => compare(a, b) < 0,
  lessorequals: ([a, b]) => compare(a, b) <= 0,
  not: ([value]) => !boolean("not", value),
  null: () => null,
  or: (values) => values.some((value) => boolean("or", value)),
  true: () => true,

  // Numbers
  add: ([a, b]) => number("add", a) + number("add", b),
  div: ([a, b]) => Math.trunc(number("div", a) / divisor("div", b)),
  int: ([value]) => {
    const whole = Number(value);
    if (!Number.isInteger(whole)) throw invalidTemplate(`the function 'int' got '${text(value ?? null)}'`);
    return whole;
  },
  max: (values) => Math.max(...values.flat().map((value) => number("max", value))),
  min: (values) => Math.min(...values.flat().map((value) => number("min", value))),
  mod: ([a, b]) => number("mod", a) % divisor("mod", b),
  mul: ([a, b]) => number("mul", a) * number("mul", b),
  sub: ([a, b]) => number("sub", a) - number("sub", b),
};

/** A value as the language writes it into a text. */
export function text(value: Json): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

function same(a: Json, b: Json): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part ?? null)]),
  );
}

function compare(a: Json | undefined, b: Json | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [string("less", a), string("less", b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function refuse(name: string, wanted: string, value: Json | undefined): never {
  throw invalidTemplate(`the function '${name}' needs ${wanted}, not ${JSON.stringify(value ?? null)}`);
}

function string(name: string, value: Json | undefined): string {
  return typeof value === "string" ? value : refuse(name, "a string", value);
}

function number(name: string, value: Json | undefined): number {
  return typeof value === "number" ? value : refuse(name, "an integer", value);
}

function divisor(name: string, value: Json | undefined): number {
  const found = number(name, value);
  return found === 0 ? refuse(name, "a divisor other than 0", value) : found;
}

function boolean(name: string, value: Json | undefined): boolean {
  return typeof value === "boolean" ? value : refuse(name, "a boolean", value);
}

function array(name: string, value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : refuse(name, "an array", value);
}

function object(name: string, value: Json | undefined): JsonObject {
  return isObject(value) ? value : refuse(name, "an object", value);
}
