import { type ArmContext, type ResourceHandler, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { isObject, type JsonObject, objectAt, stringAt } from "../json";
import { providerPath, type ResourcePath, typeKey } from "../resource-id";
import { answerAction } from "./actions";
import { computedProperties } from "./computed-properties";
import { isTopLevel, summary } from "./resource-groups";
import { filterResources } from "./resource-list";
import { requireRegistered } from "./resource-providers";
import {
  checkEtag,
  findResource,
  keysOf,
  requireResourceGroup,
  requireSubscription,
  resourceKey,
  resourceNotFound,
  resourcesBelow,
  typeName,
} from "./resources";
import { normalizeLocation } from "./subscriptions";

/** Namespaces whose top-level resources have no location of their own. */
const WITHOUT_LOCATION = [
  "microsoft.resources",
  "microsoft.authorization",
  "microsoft.consumption",
  "microsoft.costmanagement",
];

/** Id of a resource with the casing of what already exists above it, as Azure builds it. */
export function canonicalId(context: ArmContext, path: ResourcePath): string {
  const part = path.provider;
  if (part === undefined) return path.scope;
  const subscriptionId = path.subscriptionId === undefined ? undefined : context.identity.subscriptionId;
  let scope = path.scope;
  const owner = findResource(context, path.scope);
  if (owner !== undefined) scope = stringAt(owner, "id") ?? scope;
  else if (subscriptionId !== undefined && path.resourceGroup === undefined && !/\/providers\//i.test(path.scope)) {
    scope = `/subscriptions/${subscriptionId}`;
  }
  return `${scope}${providerPath(part)}`;
}

/** Everything that no other handler knows: any type, at any scope. */
export const genericResourcesHandler: ResourceHandler = (context, request) => {
  const { resource } = request;
  if (/^\/subscriptions\/[^/]+\/resources\/?$/i.test(request.path) && request.method === "GET") {
    const subscriptionId = requireSubscription(context, resource);
    const all = resourcesBelow(context, `/subscriptions/${subscriptionId}/resourceGroups`)
      .filter(isTopLevel)
      .map(summary);
    return { status: 200, body: { value: filterResources(all, request.query.get("$filter")) } };
  }
  const part = resource.provider;
  if (part === undefined || part.types.length === 0) return undefined;
  if (resource.subscriptionId !== undefined) requireSubscription(context, resource);
  const isCollection = part.types.length > part.names.length;
  if (request.method === "POST" && isCollection) return act(context, request);
  if (isCollection) return request.method === "GET" ? list(context, request) : undefined;
  const id = canonicalId(context, resource);
  const existing = findResource(context, id);
  switch (request.method) {
    case "HEAD":
      return { status: existing === undefined ? 404 : 204 };
    case "GET":
      if (existing === undefined) {
        requireOwner(context, resource);
        throw resourceNotFound(resource);
      }
      return { status: 200, body: existing };
    case "PUT":
      return put(context, request, id, existing);
    case "PATCH":
      return patch(context, request, id, existing);
    case "DELETE":
      if (existing === undefined) return { status: 204 };
      checkEtag(request, existing);
      context.store.commit({ delete: keysOf(context, id) });
      return { status: 200 };
    default:
      return undefined;
  }
};

/** @throws ArmError 404 where the group, the resource an extension hangs on, or the parent of a child is not there. */
export function requireOwner(context: ArmContext, path: ResourcePath): void {
  const part = path.provider;
  if (part === undefined) return;
  if (path.resourceGroup !== undefined) requireResourceGroup(context, path, false);
  const isExtension = /\/providers\//i.test(path.scope);
  if (isExtension && findResource(context, path.scope) === undefined) {
    throw new ArmError(
      404,
      "ResourceNotFound",
      `The Resource '${path.scope}' was not found, on which '${typeName(path)}' would hang.`,
    );
  }
  const parentNames = part.names.slice(0, part.types.length - 1);
  if (parentNames.length === 0) return;
  const parent = { ...part, types: part.types.slice(0, parentNames.length), names: parentNames };
  if (findResource(context, `${path.scope}${providerPath(parent)}`) !== undefined) return;
  throw new ArmError(
    404,
    "ParentResourceNotFound",
    `Failed to perform 'write' on resource(s) of type '${part.types.join("/")}', because the parent resource '${path.scope}${providerPath(parent)}' could not be found.`,
  );
}

function put(context: ArmContext, request: ResourceRequest, id: string, existing: JsonObject | undefined): ArmResponse {
  const { resource } = request;
  const part = resource.provider;
  if (part === undefined) throw resourceNotFound(resource);
  if (resource.resourceGroup !== undefined) requireResourceGroup(context, resource, true);
  requireOwner(context, resource);
  requireRegistered(context, part.namespace);
  checkEtag(request, existing);
  const body = jsonBody(request);
  const isTracked =
    part.types.length === 1 &&
    resource.resourceGroup !== undefined &&
    !/\/providers\//i.test(resource.scope) &&
    !WITHOUT_LOCATION.includes(part.namespace.toLowerCase());
  const location = stringAt(body, "location");
  if (isTracked && location === undefined) {
    throw new ArmError(400, "LocationRequired", "The location property is required for this definition.");
  }
  requireSameLocation(resource, existing, location);
  const properties = objectAt(body, "properties");
  const stored: JsonObject = {
    ...body,
    id: stringAt(existing, "id") ?? id,
    name: stringAt(existing, "name") ?? part.names.at(-1),
    type: stringAt(existing, "type") ?? typeName(resource),
    location: location === undefined ? undefined : normalizeLocation(location),
    properties: {
      ...properties,
      ...computedProperties(context, typeKey(part), id, body),
      provisioningState: "Succeeded",
    },
  };
  context.store.commit({ put: { [resourceKey(id)]: stored } });
  return { status: existing === undefined ? 201 : 200, body: stored };
}

/** @throws ArmError 409 where a resource would move to another region. */
export function requireSameLocation(
  path: ResourcePath,
  existing: JsonObject | undefined,
  location: string | undefined,
): void {
  const before = stringAt(existing, "location");
  if (before === undefined || location === undefined || normalizeLocation(location) === normalizeLocation(before))
    return;
  const name = path.provider?.names.at(-1) ?? "";
  throw new ArmError(
    409,
    "InvalidResourceLocation",
    `The resource '${name}' already exists in location '${before}' in resource group '${path.resourceGroup ?? ""}'. A resource with the same name cannot be created in location '${normalizeLocation(location)}'. Please select a new resource name.`,
  );
}

function patch(
  context: ArmContext,
  request: ResourceRequest,
  id: string,
  existing: JsonObject | undefined,
): ArmResponse {
  if (existing === undefined) {
    requireOwner(context, request.resource);
    throw resourceNotFound(request.resource);
  }
  checkEtag(request, existing);
  const body = jsonBody(request);
  const changed: JsonObject = { ...existing };
  for (const [name, value] of Object.entries(body)) {
    if (["id", "name", "type"].includes(name)) continue;
    changed[name] =
      name === "properties" && isObject(value) ? { ...objectAt(existing, "properties"), ...value } : value;
  }
  context.store.commit({ put: { [resourceKey(id)]: changed } });
  return { status: 200, body: changed };
}

function list(context: ArmContext, request: ResourceRequest): ArmResponse {
  const { resource } = request;
  const part = resource.provider;
  if (part === undefined) return { status: 200, body: { value: [] } };
  if (resource.resourceGroup !== undefined) requireResourceGroup(context, resource, false);
  const isSubscriptionWide =
    resource.resourceGroup === undefined && resource.subscriptionId !== undefined && part.names.length === 0;
  const root =
    isSubscriptionWide && !/\/providers\//i.test(resource.scope)
      ? `/subscriptions/${context.identity.subscriptionId}`
      : resource.scope;
  const parentOfChildren =
    part.names.length === 0 ? root : `${root}${providerPath(part)}`.split("/").slice(0, -1).join("/");
  if (part.names.length > 0) requireOwner(context, { ...resource, provider: part });
  const wanted = typeKey(part);
  const value = resourcesBelow(context, parentOfChildren).filter(
    (candidate) => stringAt(candidate, "type")?.toLowerCase() === wanted,
  );
  return { status: 200, body: { value } };
}

function act(context: ArmContext, request: ResourceRequest): ArmResponse {
  const part = request.resource.provider;
  const action = part?.types.at(-1) ?? "";
  if (part === undefined || part.names.length === 0) throw resourceNotFound(request.resource);
  const target = { ...part, types: part.types.slice(0, -1) };
  const path = { ...request.resource, provider: target };
  const existing = findResource(context, canonicalId(context, path));
  if (existing === undefined) {
    requireOwner(context, path);
    throw resourceNotFound(path);
  }
  const answer = answerAction(typeKey(target), action, existing);
  if (answer === undefined) {
    throw new ArmError(
      400,
      "UnsupportedAction",
      `The sandbox does not know the action '${action}' of '${typeName(path)}'.`,
    );
  }
  return answer;
}
