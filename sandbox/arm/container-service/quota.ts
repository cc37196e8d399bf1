import { type ArmContext } from "../context";
import { aksError } from "../errors";
import { type JsonObject } from "../json";
import { vcpuLimitOf, vcpusInUse, vcpusOf } from "../resource-manager/compute";

const remedy =
  "If you want to increase the quota, please follow this instruction: https://learn.microsoft.com/en-us/azure/quotas/view-quotas";

/**
 * Whether the nodes that a change adds fit into what is left of the region's quota.
 *
 * @param before Properties of the pools that the request changes, as they are.
 * @param after The same pools as they would be.
 * @throws ArmError 400 ErrCode_InsufficientVCPUQuota.
 */
export function checkQuota(
  context: ArmContext,
  location: string,
  before: readonly JsonObject[],
  after: readonly JsonObject[],
): void {
  const had = vcpusOf(before);
  const used = vcpusInUse(context, context.identity.subscriptionId, location);
  for (const [quota, wanted] of vcpusOf(after)) {
    const requested = wanted - (had.get(quota) ?? 0);
    const left = Math.max(vcpuLimitOf(quota) - (used.get(quota) ?? 0), 0);
    if (requested <= left) continue;
    throw aksError(
      400,
      "ErrCode_InsufficientVCPUQuota",
      quota === "cores"
        ? `Insufficient regional vcpu quota left for location ${location}. left regional vcpu quota ${left}, requested quota ${requested}. ${remedy}`
        : `Insufficient vcpu quota requested ${requested}, remaining ${left} for family ${quota} for region ${location}. ${remedy}`,
    );
  }
}
