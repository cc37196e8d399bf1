import { isObject, type Json, type JsonObject, propertyIgnoringCase } from "../json";

/** What Azure has at the top of a resource; all else that an alias names is in `properties`. */
const TOP = ["extendedlocation", "identity", "kind", "managedby", "plan", "sku", "zones"];

/** Fields that are no alias (https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule#fields). */
const PLAIN = ["id", "kind", "location", "name", "type"];

/** Elements that a `count` looks at just now, by the alias of their array in lower case. */
export type Current = ReadonlyMap<string, Json>;

/** A field of a rule, taken apart. */
export type Field =
  | { readonly kind: "plain"; readonly path: readonly string[] }
  | { readonly kind: "tag"; readonly name: string }
  | { readonly kind: "alias"; readonly type: string; readonly path: readonly string[] };

/** Takes a field apart; undefined where Azure has none of that form. */
export function parseField(field: string): Field | undefined {
  if (PLAIN.includes(field.toLowerCase())) return { kind: "plain", path: [field.toLowerCase()] };
  if (/^fullname$/i.test(field)) return { kind: "plain", path: ["fullName"] };
  if (/^tags$/i.test(field)) return { kind: "plain", path: ["tags"] };
  if (/^identity\.type$/i.test(field)) return { kind: "plain", path: ["identity", "type"] };
  const tag = /^tags(?:\['([^']+)'\]|\[([^'\]]+)\]|\.(.+))$/i.exec(field);
  if (tag !== null) return { kind: "tag", name: tag[1] ?? tag[2] ?? tag[3] ?? "" };
  const slash = field.lastIndexOf("/");
  if (!/^[a-z]+\.[\w.]+\//i.test(field) || slash === -1) return undefined;
  return { kind: "alias", type: field.slice(0, slash), path: field.slice(slash + 1).split(".") };
}

/**
 * What a resource has in a field: one value, or one for each element where the field names an array's (`[*]`). What is not there is undefined; an
 * alias of another type is nowhere.
 */
export function fieldValues(resource: JsonObject, field: string, current: Current): readonly (Json | undefined)[] {
  const parsed = parseField(field);
  if (parsed === undefined) return [undefined];
  if (parsed.kind === "tag") return [step(resource["tags"], parsed.name)];
  if (parsed.kind === "plain") return [parsed.path.reduce<Json | undefined>(step, resource)];
  if (parsed.type.toLowerCase() !== String(resource["type"]).toLowerCase()) return [undefined];
  const [first = ""] = parsed.path;
  const root = TOP.includes(first.toLowerCase()) ? resource : resource["properties"];
  let values: readonly (Json | undefined)[] = [root];
  let alias = `${parsed.type}/`.toLowerCase();
  for (const [index, part] of parsed.path.entries()) {
    const name = part.replace(/\[\*\]$/, "");
    alias += `${index === 0 ? "" : "."}${part.toLowerCase()}`;
    values = values.map((value) => step(value, name));
    if (name === part) continue;
    const element = current.get(alias);
    values = element === undefined ? values.flatMap((value) => (Array.isArray(value) ? value : [])) : [element];
  }
  return values;
}

function step(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? propertyIgnoringCase(value, name)?.value : undefined;
}
