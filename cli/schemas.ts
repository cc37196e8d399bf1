/** Outputs and inputs of the command that have a JSON schema in schemas/v1. */
export type SchemaName = "access" | "check" | "diff" | "guarantee" | "observed" | "request" | "verdict";

/** The `$id` of a schema. A name, not an address: nothing is ever fetched from anywhere. */
export function schemaOf(name: SchemaName): string {
  return `urn:aks-mesh:schema:v1:${name}`;
}
