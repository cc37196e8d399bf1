import { type ArmContext } from "../context";
import { type JsonObject, objectAt, stringAt } from "../json";
import { type PoolSurroundings } from "./agent-pool";
import { newestNodeImage } from "./node-images";
import { compareVersions, offeredVersions, upgradesFrom } from "./versions";

/** Whether a cluster has long-term support, and so may run versions that standard support has left behind. */
export function hasLongTermSupport(cluster: JsonObject): boolean {
  return (
    stringAt(cluster, "properties", "supportPlan") === "AKSLongTermSupport" &&
    stringAt(cluster, "sku", "tier") === "Premium"
  );
}

/** What the pools of a cluster take from it. */
export function poolSurroundings(context: ArmContext, cluster: JsonObject, inline: boolean): PoolSurroundings {
  const properties = objectAt(cluster, "properties");
  return {
    location: stringAt(cluster, "location") ?? "",
    kubernetesVersion: stringAt(properties, "kubernetesVersion") ?? "",
    controlPlaneVersion: stringAt(properties, "currentKubernetesVersion") ?? "",
    offered: offeredVersions(context),
    nodeImage: (osType, osSku) => newestNodeImage(context, osType, osSku),
    networkProfile: objectAt(properties, "networkProfile"),
    longTermSupport: hasLongTermSupport(cluster),
    inline,
  };
}

/** Versions that a pool of the cluster can go to: none is newer than the control plane. */
export function poolUpgrades(context: ArmContext, cluster: JsonObject, current: string): string[] {
  const limit = stringAt(cluster, "properties", "currentKubernetesVersion") ?? "";
  return upgradesFrom(current, offeredVersions(context)).filter((version) => compareVersions(version, limit) <= 0);
}
