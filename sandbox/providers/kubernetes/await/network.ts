import type { ClusterObjects } from "../client/cluster";
import { at, isObject, objectsAt, stringAt, type JsonObject } from "../client/json";
import { ready, waiting, type Readiness } from "./readiness";

/** The service has an endpoint that takes requests, where it selects pods, and an address, where it asks for one. */
export async function service(object: JsonObject, objects: ClusterObjects): Promise<Readiness> {
  const type = stringAt(object, "spec", "type") ?? "ClusterIP";
  if (type === "ExternalName") return ready;
  const selector = at(object, "spec", "selector");
  const selects = isObject(selector) && Object.keys(selector).length > 0;
  const headless = stringAt(object, "spec", "clusterIP") === "None";
  if (selects && !headless && !(await hasEndpoint(object, objects))) {
    return waiting("Waiting for a ready pod behind the service: its selector matches none yet");
  }
  return type === "LoadBalancer" && objectsAt(object, "status", "loadBalancer", "ingress").length === 0
    ? waiting("Waiting for the load balancer's address")
    : ready;
}

async function hasEndpoint(object: JsonObject, objects: ClusterObjects): Promise<boolean> {
  const slices = await objects.list(
    "discovery.k8s.io/v1",
    "EndpointSlice",
    stringAt(object, "metadata", "namespace") ?? "default",
    { labelSelector: `kubernetes.io/service-name=${stringAt(object, "metadata", "name") ?? ""}` },
  );
  // An endpoint without a condition counts as ready: the API's own definition.
  return slices.some((slice) =>
    objectsAt(slice, "endpoints").some((endpoint) => at(endpoint, "conditions", "ready") !== false),
  );
}

/** The ingress controller has published an address. */
export function ingress(object: JsonObject): Readiness {
  return objectsAt(object, "status", "loadBalancer", "ingress").length > 0
    ? ready
    : waiting("Waiting for an ingress controller to publish an address");
}
