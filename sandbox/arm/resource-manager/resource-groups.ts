import { setTimeout as sleep } from "node:timers/promises";

import { type ArmContext, operationPlan, type ResourceHandler, type ResourceRequest, retryAfter } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { isObject, type JsonObject, stringAt } from "../json";
import { secretValuesBelow } from "../key-vault/read-secret";
import { type OperationHandler } from "../operations";
import { type Change, mergeChanges } from "../store";
import { listResources } from "./resource-list";
import {
  findResource,
  keysOf,
  requireResourceGroup,
  requireSubscription,
  resourceGroupId,
  resourceKey,
  resourcesBelow,
} from "./resources";
import { normalizeLocation, regions } from "./subscriptions";

const DELETE = "resourceGroupDelete";

/** How clusters of a resource group that is being deleted go. */
export interface ClusterRemoval {
  /** Removes the control plane. */
  destroy(context: ArmContext, clusterId: string): Promise<void>;
  /** What then goes from the store: the cluster, its pools, its node resource group. */
  change(context: ArmContext, clusterId: string): Change;
}

/** How often an operation on a cluster is asked whether it has ended. */
const WAIT_MILLISECONDS = 100;

/** Resource groups, and what they hold. */
export const resourceGroupsHandler: ResourceHandler = (context, request) => {
  const { resource } = request;
  const isCollection =
    resource.provider === undefined &&
    resource.rest.length === 1 &&
    resource.rest[0]?.toLowerCase() === "resourcegroups";
  if (isCollection && request.method === "GET") {
    const subscriptionId = requireSubscription(context, resource);
    const groups = context.store
      .list(`${resourceKey(resourceGroupId(subscriptionId, ""))}`)
      .map(({ value }) => value)
      .filter((value) => stringAt(value, "type") === "Microsoft.Resources/resourceGroups");
    return listResources(context, request, groups);
  }
  if (resource.resourceGroup === undefined || resource.provider !== undefined) return undefined;
  if (resource.rest.length === 1 && resource.rest[0]?.toLowerCase() === "resources" && request.method === "GET") {
    const group = requireResourceGroup(context, resource, false);
    const found = resourcesBelow(context, stringAt(group, "id") ?? "").filter(isTopLevel);
    return listResources(context, request, found.map(summary));
  }
  if (resource.rest.length > 0) return undefined;

  switch (request.method) {
    case "HEAD": {
      const found = findResource(
        context,
        resourceGroupId(requireSubscription(context, resource), resource.resourceGroup),
      );
      return { status: found === undefined ? 404 : 204 };
    }
    case "GET":
      return { status: 200, body: requireResourceGroup(context, resource, false) };
    case "PUT":
      return put(context, request, resource.resourceGroup);
    case "PATCH":
      return patch(context, request);
    case "DELETE":
      return remove(context, request, resource.resourceGroup);
    default:
      return undefined;
  }
};

/** Whether a resource is listed among a group's resources: neither a child nor an extension of another. */
export function isTopLevel(resource: JsonObject): boolean {
  const id = stringAt(resource, "id") ?? "";
  const [, tail = ""] = id.split(/\/providers\//i);
  // What belongs to Azure Resource Manager itself, such as locks and deployments, is listed elsewhere.
  if (/^microsoft\.(?:authorization|resources)\//i.test(tail)) return false;
  return id.split(/\/providers\//i).length === 2 && tail.split("/").length === 3;
}

/** What a list of resources says of each. */
export function summary(resource: JsonObject): JsonObject {
  const { id, name, type, location, tags, identity, sku, kind, managedBy } = resource;
  return { id, name, type, location, tags, identity, sku, kind, managedBy };
}

function put(context: ArmContext, request: ResourceRequest, name: string): ArmResponse {
  const subscriptionId = requireSubscription(context, request.resource);
  const body = jsonBody(request);
  const allowed = ["location", "tags", "managedBy", "properties", "id", "name", "type"];
  const unknown = Object.keys(body).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    throw new ArmError(
      400,
      "InvalidRequestContent",
      `The request content was invalid and could not be deserialized: 'Could not find member '${unknown}' on object of type 'ResourceGroupDefinition'. Path '${unknown}'.'.`,
    );
  }
  if (!/^[-\w._()]{0,89}[-\w_()]$/u.test(name)) {
    throw new ArmError(
      400,
      "InvalidParameter",
      `The provided resource group name '${name}' has these invalid characters or ends with a period. It has 1–90 letters, digits, periods, underscores, hyphens and parentheses.`,
    );
  }
  const existing = findResource(context, resourceGroupId(subscriptionId, name));
  const location = normalizeLocation(stringAt(body, "location") ?? "");
  if (location === "") {
    throw new ArmError(400, "LocationRequired", "The location property is required for this definition.");
  }
  if (regions[location] === undefined) {
    throw new ArmError(
      400,
      "LocationNotAvailableForResourceGroup",
      `The provided location '${location}' is not available for resource group. List of available regions is '${Object.keys(regions).join(",")}'.`,
    );
  }
  if (existing !== undefined) {
    requireResourceGroup(context, request.resource, true);
    const before = stringAt(existing, "location");
    if (before !== location) {
      throw new ArmError(
        409,
        "InvalidResourceGroupLocation",
        `Invalid resource group location '${location}'. The Resource group already exists in location '${before ?? ""}'.`,
      );
    }
  }
  const group: JsonObject = {
    id: stringAt(existing, "id") ?? resourceGroupId(subscriptionId, name),
    name: stringAt(existing, "name") ?? name,
    type: "Microsoft.Resources/resourceGroups",
    location,
    managedBy: body["managedBy"],
    tags: isObject(body["tags"]) ? body["tags"] : undefined,
    properties: { provisioningState: "Succeeded" },
  };
  context.store.commit({ put: { [resourceKey(resourceGroupId(subscriptionId, name))]: group } });
  return { status: existing === undefined ? 201 : 200, body: group };
}

function patch(context: ArmContext, request: ResourceRequest): ArmResponse {
  const group = requireResourceGroup(context, request.resource, true);
  const { tags, managedBy } = jsonBody(request);
  const changed: JsonObject = { ...group, tags: tags ?? group["tags"], managedBy: managedBy ?? group["managedBy"] };
  context.store.commit({ put: { [resourceKey(stringAt(group, "id") ?? "")]: changed } });
  return { status: 200, body: changed };
}

function remove(context: ArmContext, request: ResourceRequest, name: string): ArmResponse {
  const group = requireResourceGroup(context, request.resource, false);
  const subscriptionId = requireSubscription(context, request.resource);
  const id = resourceGroupId(subscriptionId, name);
  const running = context.operations
    .running()
    .find(({ kind, target }) => kind === DELETE && target.toLowerCase() === id.toLowerCase());
  const operation =
    running ??
    context.operations.start(
      { kind: DELETE, target: id, subscriptionId, ...operationPlan(context, request, DELETE) },
      { put: { [resourceKey(id)]: { ...group, properties: { provisioningState: "Deleting" } } } },
    );
  return {
    status: 202,
    headers: {
      location: `${context.baseUrl}/subscriptions/${subscriptionId}/operationresults/${operation.id}?api-version=${request.apiVersion}`,
      "retry-after": retryAfter(context, operation),
    },
  };
}

/** Deletes everything in a group, clusters first. */
export function resourceGroupOperations(
  context: () => ArmContext,
  removal: ClusterRemoval,
): Readonly<Record<string, OperationHandler>> {
  const clusterIds = (group: string): string[] =>
    resourcesBelow(context(), group)
      .filter((resource) => stringAt(resource, "type")?.toLowerCase() === "microsoft.containerservice/managedclusters")
      .map((cluster) => stringAt(cluster, "id") ?? "");
  return {
    [DELETE]: {
      async work(operation) {
        const { operations } = context();
        for (const id of clusterIds(operation.target)) {
          // What began before the deletion is let end: two may not work on one control plane.
          while (operations.holding(id.toLowerCase()) !== undefined) {
            await sleep(WAIT_MILLISECONDS, undefined, { signal: operations.stopping });
          }
          await removal.destroy(context(), id);
        }
      },
      succeed: (operation) =>
        mergeChanges(
          { delete: [...keysOf(context(), operation.target), ...secretValuesBelow(context(), operation.target)] },
          ...clusterIds(operation.target).map((id) => removal.change(context(), id)),
        ),
      fail(operation) {
        const group = findResource(context(), operation.target);
        if (group === undefined) return {};
        return {
          put: { [resourceKey(operation.target)]: { ...group, properties: { provisioningState: "Succeeded" } } },
        };
      },
    },
  };
}
