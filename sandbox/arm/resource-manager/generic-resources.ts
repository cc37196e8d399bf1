import { type ArmContext, type ResourceHandler, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { isObject, type Json, type JsonObject, objectAt, stringAt } from "../json";
import { mergeChanges } from "../store";
import { providerPath, type ResourcePath, typeKey } from "../resource-id";
import { completeIdentity } from "../container-service/managed-cluster";
import { answerAction } from "./actions";
import { computedProperties, defaultProperties } from "./computed-properties";
import { checkAmongSiblings, presentResource, recordSetsOf, takeChildren } from "./child-resources";
import { requireName } from "./name-availability";
import { checkReferences } from "./references";
import { isTopLevel, summary } from "./resource-groups";
import { listResources } from "./resource-list";
import { requireRegistered } from "./resource-providers";
import {
  checkEtag,
  findResource,
  keysOf,
  newEtag,
  requireResourceGroup,
  requireSubscription,
  resourceKey,
  resourceNotFound,
  resourcesBelow,
  typeName,
} from "./resources";
import { normalizeLocation, requireLocation } from "./subscriptions";
import { successCode } from "./success-codes";
import { afterDeletion, recovered } from "./soft-deletion";
import { requireUnused } from "./usage";

/** Namespaces whose top-level resources have no location of their own. */
const WITHOUT_LOCATION = [
  "microsoft.resources",
  "microsoft.authorization",
  "microsoft.consumption",
  "microsoft.costmanagement",
];

/** Types that stand beside other resources and are listed of each alone, not of all below a group or subscription. */
const LISTED_WHERE_THEY_HANG = [
  "microsoft.insights/diagnosticsettings",
  "microsoft.insights/datacollectionruleassociations",
];

/** Whether a resource belongs to `scope` itself and not to something below it. */
function hangsOn(resource: JsonObject, scope: string): boolean {
  const id = (stringAt(resource, "id") ?? "").toLowerCase();
  return id.slice(0, id.lastIndexOf("/providers/")) === scope.toLowerCase();
}

/** What looks like a resource and is something else, which the sandbox does not keep. By type in lower case, and what Azure has there. */
const NOT_KEPT: Readonly<Record<string, string>> = {
  "microsoft.authorization/provideroperations": "the operations of resource providers",
  "microsoft.insights/eventtypes/values": "an activity log; `GET /_sandbox/requests` counts requests",
  "microsoft.insights/metrics": "metrics",
  "microsoft.insights/metricdefinitions": "metrics",
  "microsoft.policyinsights/policystates":
    "compliance with policies: they hold when something is written, and nothing evaluates them afterwards",
};

/** @throws ArmError 400 UnsupportedOperation, which says what the sandbox does not keep. */
function refuseUnkept(type: string): void {
  const what = Object.entries(NOT_KEPT).find(([prefix]) => `${type}/`.startsWith(`${prefix}/`))?.[1];
  if (what !== undefined) throw new ArmError(400, "UnsupportedOperation", `The sandbox does not keep ${what}.`);
}

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
    return listResources(context, request, all);
  }
  const part = resource.provider;
  if (part === undefined || part.types.length === 0) return undefined;
  refuseUnkept(typeKey(part));
  if (resource.subscriptionId !== undefined) requireSubscription(context, resource);
  const isCollection = part.types.length > part.names.length;
  if (request.method === "POST" && isCollection) return act(context, request);
  if (isCollection) return request.method === "GET" ? (read(context, request) ?? list(context, request)) : undefined;
  const id = canonicalId(context, resource);
  const existing = findResource(context, id);
  switch (request.method) {
    case "HEAD":
      return { status: existing === undefined ? 404 : 204 };
    case "GET":
      if (existing === undefined) {
        requireOwner(context, resource, "read");
        throw resourceNotFound(resource);
      }
      return { status: 200, body: presentResource(context, existing) };
    case "PUT":
      return put(context, request, id, existing);
    case "PATCH":
      return patch(context, request, id, existing);
    case "DELETE":
      if (existing === undefined) return { status: 204 };
      checkEtag(request, existing);
      requireUnused(context, id, typeKey(part));
      context.store.commit(mergeChanges({ delete: keysOf(context, id) }, afterDeletion(context, existing)));
      return { status: 200 };
    default:
      return undefined;
  }
};

/** @throws ArmError 404 where the group, the resource that an extension belongs to, or the parent of a child is not there. */
export function requireOwner(context: ArmContext, path: ResourcePath, action: "read" | "write"): void {
  const part = path.provider;
  if (part === undefined) return;
  if (part.types[0]?.toLowerCase() === "locations" && part.names[0] !== undefined) {
    requireLocation(part.names[0], part.types.join("/"));
    throw new ArmError(
      404,
      "InvalidResourceType",
      `The sandbox does not know '${part.types.join("/")}' of '${part.namespace}'.`,
    );
  }
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
    `Failed to perform '${action}' on resource(s) of type '${part.types.join("/")}', because the parent resource '${path.scope}${providerPath(parent)}' could not be found.`,
  );
}

function put(context: ArmContext, request: ResourceRequest, id: string, existing: JsonObject | undefined): ArmResponse {
  const { resource } = request;
  const part = resource.provider;
  if (part === undefined) throw resourceNotFound(resource);
  if (resource.resourceGroup !== undefined) requireResourceGroup(context, resource, true);
  requireOwner(context, resource, "write");
  requireRegistered(context, part.namespace);
  checkEtag(request, existing);
  const asked = jsonBody(request);
  const name = part.names.at(-1) ?? "";
  requireName(context, typeKey(part), name, id);
  const before = recovered(context, typeKey(part), name, asked);
  const body = before === undefined ? asked : { ...before.vault, ...asked, properties: before.vault["properties"] };
  const isTracked =
    part.types.length === 1 &&
    resource.resourceGroup !== undefined &&
    !/\/providers\//i.test(resource.scope) &&
    !WITHOUT_LOCATION.includes(part.namespace.toLowerCase());
  const location = stringAt(body, "location");
  if (isTracked && location === undefined) {
    throw new ArmError(400, "LocationRequired", "The location property is required for this definition.");
  }
  if (isTracked && location !== undefined) requireLocation(location, typeName(resource));
  requireSameLocation(resource, existing, location);
  checkReferences(context, id, body);
  const type = stringAt(existing, "type") ?? typeName(resource);
  const canonical = stringAt(existing, "id") ?? id;
  checkAmongSiblings(context, canonical, type, body);
  const surroundings = { id: canonical, type, isNew: existing === undefined };
  const { properties, change } = takeChildren(context, surroundings, objectAt(body, "properties"));
  const stored: JsonObject = {
    ...body,
    id: canonical,
    name: stringAt(existing, "name") ?? part.names.at(-1),
    type,
    location: location === undefined ? undefined : normalizeLocation(location),
    identity: completeIdentity(context, canonical, body["identity"]),
    sku: completeSku(type, body["sku"]),
    etag: hasEtag(type) ? `W/"${newEtag(context, canonical)}"` : body["etag"],
    properties: {
      ...defaultProperties(typeKey(part)),
      ...properties,
      ...computedProperties(context, typeKey(part), id, body),
      provisioningState: "Succeeded",
    },
  };
  context.store.commit(mergeChanges(before?.change ?? {}, change, { put: { [resourceKey(canonical)]: stored } }));
  return { status: successCode(type, existing === undefined), body: presentResource(context, stored) };
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

/** Registries and storage accounts say the tier beside the name of their sku. */
function completeSku(type: string, sku: Json | undefined): Json | undefined {
  const name = stringAt(sku, "name") ?? "";
  if (!isObject(sku) || !/^microsoft\.(?:containerregistry|storage)\//i.test(type)) return sku;
  return { ...sku, tier: name.split("_")[0] ?? name };
}

/** Whether Azure gives resources of this type an entity tag. */
function hasEtag(type: string): boolean {
  return /^microsoft\.(?:network|operationalinsights)\//i.test(type);
}

function patch(
  context: ArmContext,
  request: ResourceRequest,
  id: string,
  existing: JsonObject | undefined,
): ArmResponse {
  if (existing === undefined) {
    requireOwner(context, request.resource, "write");
    throw resourceNotFound(request.resource);
  }
  checkEtag(request, existing);
  const body = jsonBody(request);
  checkReferences(context, id, body);
  const changed: JsonObject = { ...existing };
  for (const [name, value] of Object.entries(body)) {
    if (["id", "name", "type"].includes(name)) continue;
    changed[name] =
      isObject(value) && isObject(changed[name]) && name !== "tags" ? { ...changed[name], ...value } : value;
  }
  if (hasEtag(stringAt(existing, "type") ?? "")) changed["etag"] = `W/"${newEtag(context, id)}"`;
  changed["sku"] = completeSku(stringAt(existing, "type") ?? "", changed["sku"]);
  changed["identity"] = completeIdentity(context, id, changed["identity"]);
  context.store.commit({ put: { [resourceKey(id)]: changed } });
  return { status: 200, body: presentResource(context, changed) };
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
  if (part.names.length > 0) requireOwner(context, resource, "read");
  const wanted = typeKey(part);
  if (/^microsoft\.network\/(?:private)?dnszones\/(?:all|recordsets)$/.test(wanted)) {
    return { status: 200, body: { value: recordSetsOf(context, parentOfChildren) } };
  }
  const value = resourcesBelow(context, parentOfChildren)
    .filter((candidate) => stringAt(candidate, "type")?.toLowerCase() === wanted)
    .filter((candidate) => !LISTED_WHERE_THEY_HANG.includes(wanted) || hangsOn(candidate, root))
    .map((found) => presentResource(context, found));
  return { status: 200, body: { value } };
}

/** A GET of something that is computed from a resource. */
function read(context: ArmContext, request: ResourceRequest): ArmResponse | undefined {
  const part = request.resource.provider;
  if (part === undefined || part.names.length === 0) return undefined;
  const target = { ...part, types: part.types.slice(0, -1) };
  const resource = findResource(context, canonicalId(context, { ...request.resource, provider: target }));
  if (resource === undefined) return undefined;
  return answerAction(typeKey(target), part.types.at(-1) ?? "", { context, request, resource });
}

function act(context: ArmContext, request: ResourceRequest): ArmResponse {
  const part = request.resource.provider;
  const action = part?.types.at(-1) ?? "";
  if (part === undefined || part.names.length === 0 || part.types[0]?.toLowerCase() === "locations") {
    throw new ArmError(
      400,
      "UnsupportedAction",
      `The sandbox does not know the action '${action}' of '${part?.namespace ?? ""}'.`,
    );
  }
  const target = { ...part, types: part.types.slice(0, -1) };
  const path = { ...request.resource, provider: target };
  const existing = findResource(context, canonicalId(context, path));
  if (existing === undefined) {
    requireOwner(context, path, "read");
    throw resourceNotFound(path);
  }
  const answer = answerAction(typeKey(target), action, { context, request, resource: existing });
  if (answer === undefined) {
    throw new ArmError(
      400,
      "UnsupportedAction",
      `The sandbox does not know the action '${action}' of '${typeName(path)}'.`,
    );
  }
  return answer;
}
