import { createHash } from "node:crypto";

import { type NodePoolSettings } from "./settings";

/** Azure's limits for the names of node pools. */
export const poolNameLimits = { linux: 12, windows: 6 } as const;

const hashLength = { linux: 5, windows: 3 } as const;

/** Longest `name` of a pool in the arguments, which leaves room for the hash. */
export const poolPrefixLimits = {
  linux: poolNameLimits.linux - hashLength.linux,
  windows: poolNameLimits.windows - hashLength.windows,
} as const;

/**
 * The fields of a pool that Azure fixes at creation. Subnets that are not known before the engine runs are left out: a
 * resource's name cannot depend on them.
 */
export function createOnlyFields(pool: NodePoolSettings): Record<string, unknown> {
  return {
    vmSize: pool.vmSize.toLowerCase(),
    zones: pool.zones,
    osDiskType: pool.osDiskType,
    osDiskSizeGb: pool.osDiskSizeGb,
    osSku: pool.osSku,
    maxPods: pool.maxPods,
    encryptionAtHost: pool.encryptionAtHost,
    fips: pool.fips,
    spot: pool.spot,
    gatewayPublicIpPrefixSize: pool.gatewayPublicIpPrefixSize,
    subnetId: typeof pool.subnetId === "string" ? pool.subnetId.toLowerCase() : undefined,
    podSubnetId: typeof pool.podSubnetId === "string" ? pool.podSubnetId.toLowerCase() : undefined,
    revision: pool.revision,
  };
}

/**
 * Name of a pool in Azure: what the arguments call it, followed by a hash of its create-only fields. Changing one of them
 * changes the name, so the engine makes the new pool before it removes the old one.
 */
export function poolName(pool: NodePoolSettings): string {
  const digest = createHash("sha256")
    .update(JSON.stringify(createOnlyFields(pool)))
    .digest("hex");
  const length = hashLength[pool.osType === "Windows" ? "windows" : "linux"];
  const hash = BigInt(`0x${digest}`).toString(36).slice(-length);
  return pool.name + hash;
}
