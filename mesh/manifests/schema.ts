import { nearNames } from "./near-names";

/** The part of OpenAPI's schemas that the kinds need. */
export type Schema =
  | {
      readonly type: "object";
      readonly properties: Readonly<Record<string, Schema>>;
      readonly required?: readonly string[];
      /** Exactly one of these properties. */
      readonly oneOf?: readonly string[];
    }
  | { readonly type: "map"; readonly values: Schema }
  | { readonly type: "array"; readonly items: Schema; readonly minItems?: number }
  | {
      readonly type: "string";
      readonly enum?: readonly string[];
      readonly pattern?: { readonly regex: RegExp; readonly means: string };
      readonly minLength?: number;
    }
  | { readonly type: "integer" | "number"; readonly minimum?: number; readonly maximum?: number }
  | { readonly type: "boolean" }
  /** A number or a name, as Kubernetes' IntOrString. */
  | { readonly type: "integer-or-string" }
  | { readonly type: "quantity" };

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

/** Compares a value with a schema. Cost: O(size of the value). */
export function schemaProblems(value: unknown, schema: Schema, path: string): SchemaProblem[] {
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
    case "map":
      return Object.entries(isRecord(value) ? value : {}).flatMap(([key, child]) =>
        schemaProblems(child, schema.values, below(path, key)),
      );
    case "array": {
      const items: unknown[] = Array.isArray(value) ? value : [];
      return items.length < (schema.minItems ?? 0)
        ? [{ path, problem: "is empty", remedy: `give at least ${schema.minItems}` }]
        : items.flatMap((item, index) => schemaProblems(item, schema.items, `${path}[${index}]`));
    }
    case "string": {
      const text = String(value);
      if (schema.enum !== undefined && !schema.enum.includes(text)) {
        return [{ path, problem: `${shown(text)} is not allowed`, remedy: `write one of ${schema.enum.join(", ")}` }];
      }
      if (schema.pattern !== undefined && !schema.pattern.regex.test(text)) {
        return [{ path, problem: `${shown(text)} does not fit`, remedy: `write ${schema.pattern.means}` }];
      }
      return text.length < (schema.minLength ?? 0)
        ? [{ path, problem: "is empty", remedy: "write at least one character" }]
        : [];
    }
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
