import { ArmError } from "../errors";
import { type JsonObject, objectAt, stringAt } from "../json";

/**
 * Applies the `$filter` of a list of resources or groups: `resourceType eq '…'`, `name eq '…'`, `resourceGroup eq '…'`,
 * `location eq '…'`, `tagName eq '…' and tagValue eq '…'`, joined by `and`.
 *
 * @throws ArmError 400 where the filter says anything else.
 */
export function filterResources(resources: readonly JsonObject[], filter: string | null): JsonObject[] {
  if (filter === null || filter.trim() === "") return [...resources];
  const conditions = filter.split(/\s+and\s+/i).map((text) => {
    const match = /^\(?\s*(\w+)\s+eq\s+'([^']*)'\s*\)?$/i.exec(text.trim());
    if (match?.[1] === undefined || match[2] === undefined) {
      throw new ArmError(
        400,
        "InvalidFilterInQueryString",
        `Invalid $filter '${filter}' specified in the query string.`,
      );
    }
    return { property: match[1].toLowerCase(), value: match[2] };
  });
  const same = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();
  return resources.filter((resource) => {
    const tags = objectAt(resource, "tags");
    return conditions.every(({ property, value }) => {
      switch (property) {
        case "resourcetype":
          return same(stringAt(resource, "type"), value);
        case "name":
          return same(stringAt(resource, "name"), value);
        case "location":
          return same(stringAt(resource, "location"), value);
        case "resourcegroup":
          return (stringAt(resource, "id") ?? "").toLowerCase().includes(`/resourcegroups/${value.toLowerCase()}/`);
        case "tagname":
          return Object.hasOwn(tags, value);
        case "tagvalue":
          return Object.values(tags).includes(value);
        default:
          throw new ArmError(
            400,
            "InvalidFilterInQueryString",
            `Invalid $filter '${filter}' specified in the query string.`,
          );
      }
    });
  });
}
