import { type ArmContext, type ResourceHandler } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse } from "../http";
import { type JsonObject, numberAt, objectAt, stringAt } from "../json";
import { requireSubscription, resourcesBelow } from "./resources";
import { normalizeLocation, regions } from "./subscriptions";
import { sizeName, type VmFamily, vmFamilies, vmSize } from "./vm-sizes";

/** vCPUs that a subscription may use in a region, of each family and of all together. */
const vcpuLimit = 200;

/** What Microsoft.Compute offers in a region and how much of it is taken: the list of sizes, and usages beside quotas. */
export const computeHandler: ResourceHandler = (context, request) => {
  if (request.method !== "GET") return undefined;
  const path = /\/providers\/microsoft\.compute\/(?:(skus)|locations\/([^/]+)\/(usages|vmsizes))\/?$/i.exec(
    request.path,
  );
  if (path === null) return undefined;
  const subscriptionId = requireSubscription(context, request.resource);
  if (path[1] !== undefined) return { status: 200, body: { value: skus(request.query.get("$filter") ?? "") } };
  const location = normalizeLocation(decodeURIComponent(path[2] ?? ""));
  const isUsages = path[3]?.toLowerCase() === "usages";
  requireComputeLocation(location, `locations/${isUsages ? "usages" : "vmSizes"}`);
  return isUsages ? usages(context, subscriptionId, location) : { status: 200, body: { value: vmSizes() } };
};

/** Azure lists the sizes of every region unless it is asked for one. It knows no other filter. */
function skus(filter: string): JsonObject[] {
  const asked = /^\s*location\s+eq\s+'([^']*)'\s*$/i.exec(filter)?.[1];
  if (filter !== "" && asked === undefined) {
    throw new ArmError(400, "InvalidFilter", `The filter '${filter}' is not of the form location eq 'westeurope'.`);
  }
  const wanted = Object.keys(regions).filter((name) => asked === undefined || normalizeLocation(asked) === name);
  return wanted.flatMap((location) =>
    vmFamilies.flatMap((family) => family.vcpus.map((vcpus) => sku(location, family, vcpus))),
  );
}

function sku(location: string, family: VmFamily, vcpus: number): JsonObject {
  const capabilities = {
    vCPUs: String(vcpus),
    MemoryGB: String(vcpus * family.memoryPerVcpuGiB),
    PremiumIO: "True",
    EphemeralOSDiskSupported: family.ephemeralOsDisk ? "True" : "False",
    EncryptionAtHostSupported: family.encryptionAtHost ? "True" : "False",
  };
  return {
    resourceType: "virtualMachines",
    name: sizeName(family, vcpus),
    tier: "Standard",
    size: sizeName(family, vcpus).replace("Standard_", ""),
    family: family.family,
    locations: [location],
    locationInfo: [{ location, zones: regions[location]?.zones ? ["1", "2", "3"] : [], zoneDetails: [] }],
    capabilities: Object.entries(capabilities).map(([name, value]) => ({ name, value })),
    restrictions: family.restricted
      ? [
          {
            type: "Location",
            values: [location],
            restrictionInfo: { locations: [location] },
            reasonCode: "NotAvailableForSubscription",
          },
        ]
      : [],
  };
}

function requireComputeLocation(location: string, type: string): void {
  if (regions[location] !== undefined) return;
  throw new ArmError(
    400,
    "NoRegisteredProviderFound",
    `No registered resource provider found for location '${location}' and API version for type '${type}'.`,
  );
}

/** The older list of sizes, which says less. */
function vmSizes(): JsonObject[] {
  return vmFamilies.flatMap((family) =>
    family.vcpus.map((vcpus) => ({
      name: sizeName(family, vcpus),
      numberOfCores: vcpus,
      memoryInMB: vcpus * family.memoryPerVcpuGiB * 1024,
      maxDataDiskCount: Math.min(vcpus * 2, 64),
      osDiskSizeInMB: 1047552,
      resourceDiskSizeInMB: 0,
    })),
  );
}

/** How many vCPUs the node pools of a region use, of each family, beside what the subscription may. */
function usages(context: ArmContext, subscriptionId: string, location: string): ArmResponse {
  const used = vcpusInUse(context, subscriptionId, location);
  const row = (value: string, localizedValue: string, limit: number): JsonObject => ({
    limit,
    unit: "Count",
    currentValue: used.get(value) ?? 0,
    name: { value, localizedValue },
  });
  return {
    status: 200,
    body: {
      value: [
        row("cores", "Total Regional vCPUs", vcpuLimit),
        row("lowPriorityCores", "Total Regional Low-priority vCPUs", vcpuLimit),
        ...vmFamilies.map(({ family }) => row(family, `${family} vCPUs`, vcpuLimitOf(family))),
      ],
    },
  };
}

/** vCPUs that a subscription may use of a quota: none of a family that needs Azure's consent. */
export function vcpuLimitOf(quota: string): number {
  return vmFamilies.some(({ family, restricted }) => family === quota && restricted === true) ? 0 : vcpuLimit;
}

/** vCPUs that the node pools of a region use, by quota. */
export function vcpusInUse(context: ArmContext, subscriptionId: string, location: string): Map<string, number> {
  const all = resourcesBelow(context, `/subscriptions/${subscriptionId}/resourceGroups`);
  const ofType = (type: string): JsonObject[] =>
    all.filter((resource) => stringAt(resource, "type")?.toLowerCase() === type);
  const clusters = ofType("microsoft.containerservice/managedclusters")
    .filter((cluster) => normalizeLocation(stringAt(cluster, "location") ?? "") === location)
    .map((cluster) => `${stringAt(cluster, "id")?.toLowerCase() ?? ""}/`);
  return vcpusOf(
    ofType("microsoft.containerservice/managedclusters/agentpools")
      .filter((pool) => clusters.some((cluster) => stringAt(pool, "id")?.toLowerCase().startsWith(cluster)))
      .map((pool) => objectAt(pool, "properties")),
  );
}

/** vCPUs of node pools by quota, from their properties. Those of spot pools count in a quota of their own. */
export function vcpusOf(pools: readonly JsonObject[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const pool of pools) {
    const size = vmSize(stringAt(pool, "vmSize") ?? "");
    if (size === undefined) continue;
    const quotas = stringAt(pool, "scaleSetPriority") === "Spot" ? ["lowPriorityCores"] : ["cores", size.family.family];
    for (const name of quotas) sums.set(name, (sums.get(name) ?? 0) + size.vcpus * (numberAt(pool, "count") ?? 0));
  }
  return sums;
}
