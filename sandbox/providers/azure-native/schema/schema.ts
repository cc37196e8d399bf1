import schemaJson from "./schema.json";

/**
 * The type of a property: `string`, `number`, `boolean`, `any` or the name of an {@link ObjectSchema}; `[]` after it for an array of
 * such, `{}` for a map.
 */
export type TypeReference = string;

/** An object with known properties. */
export interface ObjectSchema {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, TypeReference>>;
}

/** What the SDK declares about a resource type. */
export interface ResourceSchema {
  /** The default API version of this version of azure-native. */
  readonly apiVersion: string;
  readonly inputs: ObjectSchema;
  readonly outputs: Readonly<Record<string, TypeReference>>;
}

/** What schema.json holds. */
export interface Schema {
  /** By type token. */
  readonly resources: Readonly<Record<string, ResourceSchema>>;
  /** Types of nested inputs (`…Args`) and outputs (`…Response`), by `module.Name`. */
  readonly types: Readonly<Record<string, ObjectSchema>>;
}

const schema: Schema = schemaJson;

/** What the SDK declares about the resource type. */
export function resourceSchema(token: string): ResourceSchema {
  const found = schema.resources[token];
  if (found === undefined)
    throw new Error(`${token} is not in schema.json: run generate.ts in sandbox/providers/azure-native/schema.`);
  return found;
}

/** The object type of that name; undefined for basic types. */
export function objectSchema(type: TypeReference): ObjectSchema | undefined {
  return schema.types[type];
}

/** Takes the outermost container off a type. */
export function containerOf(
  type: TypeReference,
): { readonly kind: "array" | "map"; readonly element: TypeReference } | undefined {
  if (type.endsWith("[]")) return { kind: "array", element: type.slice(0, -2) };
  if (type.endsWith("{}")) return { kind: "map", element: type.slice(0, -2) };
  return undefined;
}
