import { type ArmContext, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse } from "../http";
import { type JsonObject, objectAt, stringAt } from "../json";

/** One condition of a filter. */
interface Condition {
  readonly property: string;
  readonly operator: "eq" | "ne" | "substringof" | "startswith";
  readonly value: string;
}

/** A page of the resources or groups, as `$filter`, `$top` and the page's own `$skiptoken` ask for. */
export function listResources(
  context: ArmContext,
  request: ResourceRequest,
  resources: readonly JsonObject[],
): ArmResponse {
  const found = filterResources(resources, request.query.get("$filter"));
  const start = countIn(request, "$skiptoken", 0, 0) ?? 0;
  const top = countIn(request, "$top", undefined, 1);
  if (top === undefined || start + top >= found.length) return { status: 200, body: { value: found.slice(start) } };
  const query = new URLSearchParams(request.query);
  query.set("$skiptoken", String(start + top));
  return {
    status: 200,
    body: {
      value: found.slice(start, start + top),
      nextLink: `${context.baseUrl}${request.path}?${query.toString()}`,
    },
  };
}

function countIn(
  request: ResourceRequest,
  name: string,
  otherwise: number | undefined,
  least: number,
): number | undefined {
  const text = request.query.get(name);
  if (text === null) return otherwise;
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new ArmError(
    400,
    "InvalidQueryParameter",
    `The query parameter '${name}' is '${text}': a whole number is expected.`,
  );
}

/**
 * Applies the `$filter` of a list of resources or groups: `eq` and `ne` with resourceType, name, resourceGroup, location, identity,
 * tagName and tagValue; `substringof('…', name)`; `startswith(tagName, '…')`; joined by `and`.
 *
 * @throws ArmError 400 where the filter says anything else.
 */
export function filterResources(resources: readonly JsonObject[], filter: string | null): JsonObject[] {
  if (filter === null || filter.trim() === "") return [...resources];
  const conditions = parseFilter(filter);
  return resources.filter((resource) => {
    const tag = conditions.find(({ property }) => property === "tagname")?.value;
    return conditions.every((condition) => {
      const values = valuesOf(resource, condition.property, tag);
      if (condition.operator === "ne") return !values.some((value) => matches({ ...condition, operator: "eq" }, value));
      return values.some((value) => matches(condition, value));
    });
  });
}

const PROPERTIES = ["resourcetype", "name", "location", "resourcegroup", "tagname", "tagvalue", "identity"];

function parseFilter(filter: string): Condition[] {
  const refuse = (): ArmError =>
    new ArmError(400, "InvalidFilterInQueryString", `Invalid $filter '${filter}' specified in the query string.`);
  // Quotes double within a value; 'and' within one joins nothing.
  const pattern =
    /\s*(?:\(\s*)?(?:([\w/]+)\s+(eq|ne)\s+'((?:[^']|'')*)'|(substringof)\(\s*'((?:[^']|'')*)'\s*,\s*([\w/]+)\s*\)|(startswith)\(\s*([\w/]+)\s*,\s*'((?:[^']|'')*)'\s*\))(?:\s*\))?\s*(and\s+|$)/iy;
  const conditions: Condition[] = [];
  while (pattern.lastIndex < filter.length) {
    const match = pattern.exec(filter);
    if (match === null) throw refuse();
    const property = (match[1] ?? match[6] ?? match[8] ?? "").toLowerCase();
    if (!PROPERTIES.includes(property)) throw refuse();
    const operator = match[4] !== undefined ? "substringof" : match[7] !== undefined ? "startswith" : (match[2] ?? "");
    conditions.push({
      property,
      operator: /^ne$/i.test(operator)
        ? "ne"
        : operator === "substringof" || operator === "startswith"
          ? operator
          : "eq",
      value: (match[3] ?? match[5] ?? match[9] ?? "").replaceAll("''", "'"),
    });
    if (pattern.lastIndex >= filter.length && match[10] !== "") throw refuse();
  }
  return conditions;
}

function matches({ operator, value }: Condition, actual: string): boolean {
  const [have, wanted] = [actual.toLowerCase(), value.toLowerCase()];
  if (operator === "substringof") return have.includes(wanted);
  return operator === "startswith" ? have.startsWith(wanted) : have === wanted;
}

/** What a condition compares with. A tag's value is that of the tag which the filter names, or of any. */
function valuesOf(resource: JsonObject, property: string, tag: string | undefined): string[] {
  const tags = Object.entries(objectAt(resource, "tags"));
  const one = (value: string | undefined): string[] => (value === undefined ? [] : [value]);
  switch (property) {
    case "resourcetype":
      return one(stringAt(resource, "type"));
    case "location":
      return one(stringAt(resource, "location"));
    case "resourcegroup":
      return one(/\/resourcegroups\/([^/]+)\//i.exec(stringAt(resource, "id") ?? "")?.[1]);
    case "tagname":
      return tags.map(([name]) => name);
    case "tagvalue":
      return tags
        .filter(([name]) => tag === undefined || name.toLowerCase() === tag.toLowerCase())
        .flatMap(([, value]) => (typeof value === "string" ? [value] : []));
    case "identity":
      return one(stringAt(resource, "identity", "type"));
    default:
      return one(stringAt(resource, "name"));
  }
}
