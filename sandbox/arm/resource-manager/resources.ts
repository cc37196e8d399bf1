import { createHash } from "node:crypto";

import { type ArmContext, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type JsonObject, stringAt } from "../json";
import { providerPath, type ResourcePath } from "../resource-id";

const PREFIX = "resource:";

/** Store key of a resource: ids are compared without regard to case. */
export function resourceKey(id: string): string {
  return PREFIX + id.toLowerCase();
}

/** The resource with this id, as Azure would return it. */
export function findResource(context: ArmContext, id: string): JsonObject | undefined {
  return context.store.get(resourceKey(id));
}

/** All resources whose id starts with the given id and a slash. */
export function resourcesBelow(context: ArmContext, id: string): JsonObject[] {
  return context.store.list(`${resourceKey(id)}/`).map(({ value }) => value);
}

/** Store keys of a resource and everything below it. */
export function keysOf(context: ArmContext, id: string): string[] {
  return [resourceKey(id), ...context.store.list(`${resourceKey(id)}/`).map(({ key }) => key)];
}

/** Whether a path's subscription is the emulator's. @throws ArmError 404 SubscriptionNotFound. */
export function requireSubscription(context: ArmContext, path: ResourcePath): string {
  const { subscriptionId } = context.identity;
  if (path.subscriptionId?.toLowerCase() !== subscriptionId.toLowerCase()) {
    throw new ArmError(
      404,
      "SubscriptionNotFound",
      `The subscription '${path.subscriptionId ?? ""}' could not be found.`,
    );
  }
  return subscriptionId;
}

/** Id of a resource group. */
export function resourceGroupId(subscriptionId: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${name}`;
}

/** The resource group a path names. @throws ArmError 404 ResourceGroupNotFound, 409 while it is being deleted. */
export function requireResourceGroup(context: ArmContext, path: ResourcePath, forWriting: boolean): JsonObject {
  const name = path.resourceGroup ?? "";
  const group = findResource(context, resourceGroupId(requireSubscription(context, path), name));
  if (group === undefined) {
    throw new ArmError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
  }
  if (forWriting && stringAt(group, "properties", "provisioningState") === "Deleting") {
    throw new ArmError(
      409,
      "ResourceGroupBeingDeleted",
      `The resource group '${name}' is in deprovisioning state and cannot perform this operation.`,
    );
  }
  return group;
}

/** The error for a resource that is not there, worded as Azure Resource Manager does. */
export function resourceNotFound(path: ResourcePath): ArmError {
  const part = path.provider;
  const resource = part === undefined ? "" : providerPath(part).slice("/providers/".length);
  const where = path.resourceGroup === undefined ? "" : ` under resource group '${path.resourceGroup}'`;
  return new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${resource}'${where} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

/** `Microsoft.X/a/b` with the casing given. */
export function typeName(path: ResourcePath): string {
  return path.provider === undefined ? "" : [path.provider.namespace, ...path.provider.types].join("/");
}

/** An id that is always the same for the same words: nothing random, so that a run can be compared with another. */
export function derivedGuid(...words: readonly string[]): string {
  const hex = createHash("sha256").update(words.join("\n")).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** A new entity tag. */
export function newEtag(context: ArmContext, id: string): string {
  return derivedGuid("etag", id.toLowerCase(), String(context.now()), String(process.hrtime.bigint()));
}

/**
 * Checks If-Match and If-None-Match against the resource as it is.
 *
 * @param code What the resource's provider calls it; the container service says `EtagMismatch`.
 * @throws ArmError 412.
 */
export function checkEtag(
  request: ResourceRequest,
  existing: JsonObject | undefined,
  code: "PreconditionFailed" | "EtagMismatch" = "PreconditionFailed",
): void {
  const opaque = (tag: string | string[] | undefined): string | undefined =>
    typeof tag === "string" ? tag.replace(/^(?:W\/)?"(.*)"$/, "$1") : undefined;
  const ifMatch = opaque(request.headers["if-match"]);
  const ifNoneMatch = opaque(request.headers["if-none-match"]);
  const current = opaque(
    stringAt(existing, "eTag") ?? stringAt(existing, "etag") ?? stringAt(existing, "properties", "eTag"),
  );
  const matches = ifMatch === undefined || (existing !== undefined && (ifMatch === "*" || ifMatch === current));
  const isNew = ifNoneMatch === undefined || existing === undefined || (ifNoneMatch !== "*" && ifNoneMatch !== current);
  if (matches && isNew) return;
  throw new ArmError(
    412,
    code,
    existing === undefined
      ? "The resource does not exist, so that If-Match cannot hold."
      : `The entity tag of the request does not match the current one, '${current ?? ""}'. Read the resource again.`,
    { bare: true },
  );
}
