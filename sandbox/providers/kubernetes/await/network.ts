import { hasCode } from "../client/api-error";
import type { ClusterObjects } from "../client/cluster";
import { at, isObject, objectsAt, stringAt, type JsonObject } from "../client/json";
import { ready, waiting, type Readiness, type ReadinessCheck } from "./readiness";

/**
 * Judges a Service as the real provider does. One with a selector and an address is ready when its Endpoints have been there for a
 * while (the settle time) and name no pod that is not ready; that they name any is not asked. All others are ready at once, and a
 * load balancer when it has its address. (pulumi-kubernetes, provider/pkg/await/service.go.)
 *
 * @param settleTime How long after each change of the Endpoints, in milliseconds; undefined judges the moment, as a refresh does.
 */
export function serviceCheck(settleTime?: number): ReadinessCheck {
  let seen: string | undefined;
  const changes: number[] = [];
  return async (object, objects) => {
    const type = stringAt(object, "spec", "type") ?? "ClusterIP";
    if (type === "ExternalName") return ready;
    if (type === "LoadBalancer" && objectsAt(object, "status", "loadBalancer", "ingress").length === 0) {
      return waiting("Waiting for the load balancer's address");
    }
    if (!isRouted(object)) return ready;
    const endpoints = await endpointsOf(object, objects);
    if (endpoints !== undefined && isPending(endpoints)) return waiting("Waiting for pods behind the service");
    if (settleTime === undefined) return ready;
    if (endpoints === undefined) return waiting("Waiting for the service's Endpoints");
    const version = stringAt(endpoints, "metadata", "resourceVersion") ?? "";
    if (version !== seen) {
      seen = version;
      changes.push(Date.now());
    }
    // Each change starts a wait of its own; the first that ends after the last change is enough.
    const last = changes.at(-1) ?? 0;
    const ends = changes.map((change) => change + settleTime);
    return ends.some((end) => end >= last && end <= Date.now())
      ? ready
      : waiting("Waiting for the service's Endpoints to settle");
  };
}

/** Whether Endpoints stand behind the Service's own address. */
function isRouted(service: JsonObject): boolean {
  const selector = at(service, "spec", "selector");
  const selects = isObject(selector) && Object.keys(selector).length > 0;
  return selects && stringAt(service, "spec", "clusterIP") !== "None";
}

async function endpointsOf(service: JsonObject, objects: ClusterObjects): Promise<JsonObject | undefined> {
  try {
    return await objects.get({
      apiVersion: "v1",
      kind: "Endpoints",
      namespace: stringAt(service, "metadata", "namespace"),
      name: stringAt(service, "metadata", "name") ?? "",
    });
  } catch (error) {
    if (hasCode(error, 404)) return undefined;
    throw error;
  }
}

function isPending(endpoints: JsonObject): boolean {
  return objectsAt(endpoints, "subsets").some((subset) => objectsAt(subset, "notReadyAddresses").length > 0);
}

/** The ingress controller has published an address. */
export function ingress(object: JsonObject): Readiness {
  return objectsAt(object, "status", "loadBalancer", "ingress").length > 0
    ? ready
    : waiting("Waiting for an ingress controller to publish an address");
}
