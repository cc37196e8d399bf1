import { nearNames } from "./near-names";

/** The part of OpenAPI's schemas that the kinds need. */
export type Schema =
  | {
      readonly type: "object";
      readonly properties: Readonly<Record<string, Schema>>;
      readonly required?: readonly string[];
      /** Exactly one of these properties. */
      readonly oneOf?: readonly string[];
      /** Of each group of properties one at most. */
      readonly exclusive?: readonly (readonly string[])[];
    }
  | {
      readonly type: "map";
      readonly values: Schema;
      readonly keys?: TextSchema;
      readonly minProperties?: number;
      readonly maxProperties?: number;
    }
  | { readonly type: "array"; readonly items: Schema; readonly minItems?: number; readonly maxItems?: number }
  | TextSchema
  | {
      readonly type: "integer" | "number";
      readonly minimum?: number;
      readonly maximum?: number;
      readonly nullable?: boolean;
    }
  | { readonly type: "boolean"; readonly nullable?: boolean }
  /** A number or a name, as Kubernetes' IntOrString. */
  | { readonly type: "integer-or-string" }
  | { readonly type: "quantity" };

interface TextSchema {
  readonly type: "string";
  readonly enum?: readonly string[];
  /** What a text has to fit: a regular expression, or what else tests texts. */
  readonly pattern?: { readonly regex: Pick<RegExp, "test">; readonly means: string };
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** A place where a value does not fit its schema. */
export interface SchemaProblem {
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

/** What a person would call the type of a value. */
function typeName(value: unknown): string {
  if (value === null) {
    return "null";
  }
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Text of a value for a message, cut where it is long. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The key nearest to a misspelt one: by letters to change, or by a common beginning, as `path` is of `pathRegex`. */
function similar(key: string, known: readonly string[]): string | undefined {
  const folded = key.toLowerCase();
  const [near] = nearNames(key, known);
  return (
    near ??
    known.find(
      (candidate) =>
        candidate.toLowerCase().startsWith(folded.slice(0, 4)) || folded.startsWith(candidate.toLowerCase()),
    )
  );
}

const expectations = {
  object: "an object",
  map: "an object",
  array: "a list",
  string: "a string",
  integer: "an integer",
  number: "a number",
  boolean: "true or false",
  quantity: "a quantity such as 100m or 64Mi",
  "integer-or-string": "an integer or a string",
} as const;

/** Whether a value is an object with keys. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value has a schema's type. */
function hasType(value: unknown, type: Schema["type"]): boolean {
  switch (type) {
    case "object":
    case "map":
      return isRecord(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "integer-or-string":
      return Number.isInteger(value) || typeof value === "string";
    case "quantity":
      return typeof value === "string" || typeof value === "number";
    case "string":
    case "number":
    case "boolean":
      return typeof value === type;
  }
}

/** Path of a property below another. */
function below(path: string, key: string): string {
  return path === "" ? key : /^[\w$-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/**
 * What the API server keeps of an object of a CustomResourceDefinition: it leaves out nulls of fields that are not nullable, before it validates (Kubernetes' docs,
 * "Defaulting and Nullable"). What has none is given back as it is.
 */
export function withoutNulls(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return schema.type === "array" ? sameOr(items, (item) => withoutNulls(item, schema.items)) : value;
  }
  if (!isRecord(value)) return value;
  const schemaOf = (key: string): Schema | undefined => {
    if (schema.type === "map") return schema.values;
    return schema.type === "object" && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  };
  let kept: Record<string, unknown> | undefined;
  for (const [key, child] of Object.entries(value)) {
    const known = schemaOf(key);
    if (known === undefined) continue;
    const isLeftOut = child === null && !("nullable" in known && known.nullable === true);
    const less = isLeftOut ? undefined : withoutNulls(child, known);
    if (less === child) continue;
    kept ??= { ...value };
    if (isLeftOut) Reflect.deleteProperty(kept, key);
    else kept[key] = less;
  }
  return kept ?? value;
}

/** The list that a function makes of a list, or the list itself where the function changes nothing. */
function sameOr(items: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const changed = items.map(change);
  return changed.some((item, index) => item !== items[index]) ? changed : items;
}

/** Compares a value with a schema. Cost: O(size of the value). */
export function schemaProblems(value: unknown, schema: Schema, path: string): SchemaProblem[] {
  if (value === null && "nullable" in schema && schema.nullable === true) return [];
  if (!hasType(value, schema.type)) {
    return [
      {
        path,
        problem: `${shown(value)} is ${typeName(value)}`,
        remedy: `write ${expectations[schema.type]}`,
      },
    ];
  }
  switch (schema.type) {
    case "object": {
      const record = isRecord(value) ? value : {};
      const problems: SchemaProblem[] = [];
      for (const key of schema.required ?? []) {
        if (record[key] === undefined) {
          problems.push({ path: below(path, key), problem: "is missing", remedy: "this property is required" });
        }
      }
      if (schema.oneOf !== undefined && schema.oneOf.filter((key) => record[key] !== undefined).length !== 1) {
        problems.push({
          path,
          problem: "needs exactly one provider",
          remedy: `write one of ${schema.oneOf.join(", ")}`,
        });
      }
      for (const group of schema.exclusive ?? []) {
        const given = group.filter((key) => record[key] !== undefined);
        if (given.length > 1)
          problems.push({ path, problem: `has ${given.join(" and ")}`, remedy: "keep one of them" });
      }
      for (const [key, child] of Object.entries(record)) {
        const known = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
        if (child === undefined) {
          continue;
        }
        if (known === undefined) {
          const names = Object.keys(schema.properties);
          const near = similar(key, names);
          problems.push({
            path: below(path, key),
            problem: "there is no such property",
            remedy: near === undefined ? `there are: ${names.join(", ")}` : `did you mean ${near}?`,
          });
        } else {
          problems.push(...schemaProblems(child, known, below(path, key)));
        }
      }
      return problems;
    }
    case "map": {
      const { keys, minProperties = 0, maxProperties = Infinity } = schema;
      const entries = Object.entries(isRecord(value) ? value : {});
      return [
        ...sizeProblems(entries.length, minProperties, maxProperties, path),
        ...entries.flatMap(([key, child]) => [
          ...(keys === undefined ? [] : textProblems(key, keys, below(path, key))),
          ...schemaProblems(child, schema.values, below(path, key)),
        ]),
      ];
    }
    case "array": {
      const items: unknown[] = Array.isArray(value) ? value : [];
      const { minItems = 0, maxItems = Infinity } = schema;
      const size = sizeProblems(items.length, minItems, maxItems, path);
      return size.length > 0
        ? size
        : items.flatMap((item, index) => schemaProblems(item, schema.items, `${path}[${index}]`));
    }
    case "string":
      return textProblems(String(value), schema, path);
    case "integer":
    case "number": {
      const number = Number(value);
      const { minimum, maximum } = schema;
      if ((minimum === undefined || number >= minimum) && (maximum === undefined || number <= maximum)) {
        return [];
      }
      return [
        {
          path,
          problem: `${number} is out of range`,
          remedy: maximum === undefined ? `write ${minimum} or more` : `write ${minimum ?? "at most"} to ${maximum}`,
        },
      ];
    }
    case "boolean":
    case "integer-or-string":
    case "quantity":
      return [];
  }
}

/** How many parts there may be. */
function sizeProblems(size: number, least: number, most: number, path: string): SchemaProblem[] {
  if (size < least) return [{ path, problem: "is empty", remedy: `give at least ${least}` }];
  return size > most ? [{ path, problem: `has ${size} entries`, remedy: `write ${most} at most` }] : [];
}

function textProblems(text: string, schema: TextSchema, path: string): SchemaProblem[] {
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  if (schema.enum !== undefined && !schema.enum.includes(text)) {
    return [{ path, problem: `${shown(text)} is not allowed`, remedy: `write one of ${schema.enum.join(", ")}` }];
  }
  if (text.length < minLength) return [{ path, problem: "is empty", remedy: "write at least one character" }];
  if (text.length > maxLength) {
    return [{ path, problem: `has ${text.length} characters`, remedy: `write ${maxLength} at most` }];
  }
  return pattern === undefined || pattern.regex.test(text)
    ? []
    : [{ path, problem: `${shown(text)} does not fit`, remedy: `write ${pattern.means}` }];
}
