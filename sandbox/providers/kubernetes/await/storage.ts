import { hasCode } from "../client/api-error";
import type { ClusterObjects } from "../client/cluster";
import { at, equal, stringAt, isObject, type JsonObject } from "../client/json";
import { ready, waiting, type Readiness } from "./readiness";

/** The claim is bound, or waits for its first pod as its storage class says. */
export async function persistentVolumeClaim(object: JsonObject, objects: ClusterObjects): Promise<Readiness> {
  const phase = stringAt(object, "status", "phase") ?? "Pending";
  if (phase === "Bound") return ready;
  const storageClass = stringAt(object, "spec", "storageClassName");
  if (phase === "Pending" && storageClass !== undefined && (await bindsLate(storageClass, objects))) return ready;
  return waiting(`the claim is ${phase}`);
}

async function bindsLate(name: string, objects: ClusterObjects): Promise<boolean> {
  try {
    const storageClass = await objects.get({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      namespace: undefined,
      name,
    });
    return storageClass["volumeBindingMode"] === "WaitForFirstConsumer";
  } catch (error) {
    if (hasCode(error, 404)) return false;
    throw error;
  }
}

/** The volume can be claimed, or is. */
export function persistentVolume(object: JsonObject): Readiness {
  const phase = stringAt(object, "status", "phase") ?? "Pending";
  return phase === "Available" || phase === "Bound" ? ready : waiting(`the volume is ${phase}`);
}

/** The quota is enforced as written. */
export function resourceQuota(object: JsonObject): Readiness {
  return equal(at(object, "spec", "hard"), at(object, "status", "hard"))
    ? ready
    : waiting("Waiting for the quota to take effect");
}

/** A service account's token is filled in by a controller; other secrets are complete at once. */
export function secret(object: JsonObject): Readiness {
  if (object["type"] !== "kubernetes.io/service-account-token") return ready;
  const data = object["data"];
  return isObject(data) && Object.keys(data).length > 0 ? ready : waiting("Waiting for the token");
}
