import { type ArmContext, type ResourceHandler } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse } from "../http";
import { type JsonObject } from "../json";
import { requireSubscription } from "./resources";

/** Regions of the emulator: name → display name, and whether it has availability zones. */
export const regions: Readonly<Record<string, { readonly displayName: string; readonly zones: boolean }>> = {
  eastus: { displayName: "East US", zones: true },
  eastus2: { displayName: "East US 2", zones: true },
  centralus: { displayName: "Central US", zones: true },
  southcentralus: { displayName: "South Central US", zones: true },
  northcentralus: { displayName: "North Central US", zones: false },
  westus: { displayName: "West US", zones: false },
  westus2: { displayName: "West US 2", zones: true },
  westus3: { displayName: "West US 3", zones: true },
  canadacentral: { displayName: "Canada Central", zones: true },
  brazilsouth: { displayName: "Brazil South", zones: true },
  northeurope: { displayName: "North Europe", zones: true },
  westeurope: { displayName: "West Europe", zones: true },
  uksouth: { displayName: "UK South", zones: true },
  ukwest: { displayName: "UK West", zones: false },
  francecentral: { displayName: "France Central", zones: true },
  germanywestcentral: { displayName: "Germany West Central", zones: true },
  italynorth: { displayName: "Italy North", zones: true },
  norwayeast: { displayName: "Norway East", zones: true },
  polandcentral: { displayName: "Poland Central", zones: true },
  spaincentral: { displayName: "Spain Central", zones: true },
  swedencentral: { displayName: "Sweden Central", zones: true },
  switzerlandnorth: { displayName: "Switzerland North", zones: true },
  australiaeast: { displayName: "Australia East", zones: true },
  southeastasia: { displayName: "Southeast Asia", zones: true },
  eastasia: { displayName: "East Asia", zones: true },
  japaneast: { displayName: "Japan East", zones: true },
  koreacentral: { displayName: "Korea Central", zones: true },
  centralindia: { displayName: "Central India", zones: true },
  southafricanorth: { displayName: "South Africa North", zones: true },
  uaenorth: { displayName: "UAE North", zones: true },
};

/** `West Europe` and `westeurope` are the same region. */
export function normalizeLocation(location: string): string {
  return location.replaceAll(" ", "").toLowerCase();
}

/** @throws ArmError 400 where there is no such region. */
export function requireLocation(location: string, resourceType: string): void {
  if (location.toLowerCase() === "global" || regions[normalizeLocation(location)] !== undefined) return;
  throw new ArmError(
    400,
    "LocationNotAvailableForResourceType",
    `The provided location '${location}' is not available for resource type '${resourceType}'. List of available regions for the resource type is '${Object.keys(regions).join(",")}'.`,
  );
}

/** Subscriptions, tenants and regions. */
export const subscriptionsHandler: ResourceHandler = (context, request) => {
  if (request.method !== "GET") return undefined;
  const { resource } = request;
  const path = request.path.toLowerCase().replace(/\/$/, "");
  if (path === "/subscriptions") return list([subscription(context)]);
  if (path === "/tenants") return list([tenant(context)]);
  if (resource.subscriptionId === undefined || resource.resourceGroup !== undefined || resource.provider)
    return undefined;
  if (resource.rest.length === 0) {
    requireSubscription(context, resource);
    return { status: 200, body: subscription(context) };
  }
  if (resource.rest.length === 1 && resource.rest[0]?.toLowerCase() === "locations") {
    const subscriptionId = requireSubscription(context, resource);
    return list(
      Object.entries(regions).map(([name, region]) => ({
        id: `/subscriptions/${subscriptionId}/locations/${name}`,
        name,
        type: "Region",
        displayName: region.displayName,
        regionalDisplayName: region.displayName,
        metadata: {
          regionType: "Physical",
          regionCategory: "Recommended",
          geographyGroup: "Sandbox",
          pairedRegion: [],
        },
        availabilityZoneMappings: region.zones
          ? ["1", "2", "3"].map((zone) => ({ logicalZone: zone, physicalZone: `${name}-az${zone}` }))
          : undefined,
      })),
    );
  }
  return undefined;
};

function list(value: JsonObject[]): ArmResponse {
  return { status: 200, body: { value, count: { type: "Total", value: value.length } } };
}

function subscription(context: ArmContext): JsonObject {
  const { subscriptionId, tenantId } = context.identity;
  return {
    id: `/subscriptions/${subscriptionId}`,
    authorizationSource: "RoleBased",
    managedByTenants: [],
    subscriptionId,
    tenantId,
    displayName: "Sandbox",
    state: "Enabled",
    subscriptionPolicies: {
      locationPlacementId: "Public_2014-09-01",
      quotaId: "PayAsYouGo_2014-09-01",
      spendingLimit: "Off",
    },
  };
}

function tenant(context: ArmContext): JsonObject {
  const { tenantId } = context.identity;
  return {
    id: `/tenants/${tenantId}`,
    tenantId,
    countryCode: "US",
    displayName: "Sandbox",
    domains: ["sandbox.localhost"],
    defaultDomain: "sandbox.localhost",
    tenantCategory: "Home",
    tenantType: "AAD",
  };
}
