import { type JsonObject } from "./json";

/** Parameters whose value is a path itself, as the resource that a role assignment is on. */
const pathValued: ReadonlySet<string> = new Set(["scope", "resourceUri"]);

/** The names of the parameters of an ARM path, without the subscription, which the provider knows. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").filter((name) => name !== "subscriptionId");
}

/**
 * Fills an ARM path's parameters in.
 *
 * @throws Error when a parameter is missing or not a text.
 */
export function buildResourceId(path: string, values: JsonObject): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (typeof value !== "string" || value === "") throw new Error(`missing required property '${name}'`);
    return pathValued.has(name) ? value.replace(/^\/+|\/+$/g, "") : encodeURIComponent(value);
  });
}

/**
 * Finds the parameters of an ARM path in the id of a resource. ARM does not tell upper from lower case in the fixed parts.
 *
 * @throws Error when the id is not of this resource type.
 */
export function parseResourceId(path: string, id: string): Readonly<Record<string, string>> {
  const pattern = path
    .split(/(\{\w+\})/)
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      return pathValued.has(name) ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`;
    })
    .join("");
  const match = new RegExp(`^${pattern}$`, "i").exec(id);
  if (match?.groups === undefined) throw new Error(`The id ${id} does not have the form ${path}.`);
  return Object.fromEntries(
    Object.entries(match.groups).map(([name, value]) => [
      name,
      // A path as value starts at the root again, as people write the ids of resources.
      pathValued.has(name) ? `/${value}` : decodeURIComponent(value),
    ]),
  );
}
