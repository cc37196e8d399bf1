/**
 * ARM keeps what matters of a resource under `properties`, and Microsoft.Network does so in every object that is a resource somewhere
 * else too. azure-native lifts these members up. This file knows which objects that are.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "./json";
import { containerOf, objectSchema, type TypeReference } from "./schema/schema";

/** Members that stay beside `properties` in objects of Microsoft.Network. */
const beside: ReadonlySet<string> = new Set([
  "id",
  "name",
  "type",
  "etag",
  "location",
  "tags",
  "zones",
  "sku",
  "extendedLocation",
  "identity",
]);

/** The nested inputs of Microsoft.Network that are resources, by the name of their type. */
const resourcesWithin: ReadonlySet<string> = new Set([
  "network.ApplicationGatewayIPConfigurationArgs",
  "network.ApplicationSecurityGroupArgs",
  "network.DelegationArgs",
  "network.NatGatewayArgs",
  "network.NetworkSecurityGroupArgs",
  "network.PublicIPAddressArgs",
  "network.RouteArgs",
  "network.RouteTableArgs",
  "network.SecurityRuleArgs",
  "network.ServiceEndpointPolicyArgs",
  "network.ServiceEndpointPolicyDefinitionArgs",
  "network.SubnetArgs",
  "network.VirtualNetworkPeeringArgs",
]);

/** Brings an input of the given type into ARM's form. */
export function toArmShape(value: JsonValue, type: TypeReference): JsonValue {
  const container = containerOf(type);
  if (container?.kind === "array" && isJsonArray(value)) {
    return value.map((element) => toArmShape(element, container.element));
  }
  if (!isJsonObject(value)) return value;
  if (container?.kind === "map") return mapMembers(value, (member) => toArmShape(member, container.element));

  const declared = objectSchema(type);
  if (declared === undefined) return value;
  const converted = mapMembers(value, (member, key) => {
    // A set of ids in the SDK, an object with empty members in ARM.
    if (key === "userAssignedIdentities" && isJsonArray(member)) return setToObject(member);
    return toArmShape(member, declared.properties[key] ?? "any");
  });
  return resourcesWithin.has(type) ? splitProperties(converted) : converted;
}

/** Brings an output of Microsoft.Network into the SDK's form. */
export function flattenNested(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map((element) => flattenNested(element));
  if (!isJsonObject(value)) return value;
  const { properties, ...others } = value;
  if (!isJsonObject(properties) || !Object.keys(others).every((key) => beside.has(key))) {
    return mapMembers(value, (member) => flattenNested(member));
  }
  return mapMembers({ ...properties, ...others }, (member) => flattenNested(member));
}

function splitProperties(value: JsonObject): JsonObject {
  const entries = Object.entries(value);
  const properties = entries.filter(([key]) => !beside.has(key));
  return {
    ...Object.fromEntries(entries.filter(([key]) => beside.has(key))),
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
  };
}

function setToObject(members: readonly JsonValue[]): JsonObject {
  return Object.fromEntries(members.map((member) => [String(member), {}]));
}

function mapMembers(value: JsonObject, convert: (member: JsonValue, key: string) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, convert(member, key)]));
}
