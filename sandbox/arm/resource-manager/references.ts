import { type ArmContext } from "../context";
import { ArmError } from "../errors";
import { isObject, type Json, type JsonObject, objectAt } from "../json";
import { parseResourcePath } from "../resource-id";
import { findResource } from "./resources";

/** What a body may name although nobody can look it up here: roles, policies and what stands beside resources. */
const NOT_LOOKED_UP = /\/providers\/microsoft\.(?:authorization|resources|policyinsights)\//i;

/** Properties that hold one resource's id, and where Azure says so when it is none. */
const ID_PROPERTY = /^id$|(?:resource|workspace|account|endpoint|identity|vault|subnet|network|service)id$/i;

/**
 * Checks that the resources which a body names are there: subnets, identities, workspaces, and all else with an id of this
 * subscription.
 *
 * @throws ArmError 400 LinkedInvalidPropertyId, InvalidResourceReference or FailedIdentityOperation; 404 ResourceNotFound.
 */
export function checkReferences(context: ArmContext, id: string, body: JsonObject): void {
  for (const identity of Object.keys(objectAt(body, "identity", "userAssignedIdentities"))) {
    if (findResource(context, identity) !== undefined) continue;
    throw new ArmError(
      400,
      "FailedIdentityOperation",
      `Identity operation for resource '${id}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{"error":{"code":"BadRequest","message":"Resource '${identity}' was not found."}}'.'.`,
    );
  }
  visit(context, id, objectAt(body, "properties"), "properties");
}

function visit(context: ArmContext, owner: string, value: Json | undefined, path: string): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => visit(context, owner, item, `${path}[${index}]`));
    return;
  }
  if (!isObject(value)) return;
  for (const [name, part] of Object.entries(value)) {
    const where = `${path}.${name}`;
    if (typeof part === "string" && ID_PROPERTY.test(name)) checkId(context, owner, part, where, name);
    else visit(context, owner, part, where);
  }
}

function checkId(context: ArmContext, owner: string, value: string, path: string, property: string): void {
  const isNetwork = /\/providers\/microsoft\.network\//i.test(owner);
  if (!value.startsWith("/")) {
    // Elsewhere an `id` may be anything, such as an application's.
    if (!isNetwork || property !== "id" || value === "") return;
    throw new ArmError(
      400,
      "LinkedInvalidPropertyId",
      `Property id '${value}' at path '${path}' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.`,
    );
  }
  const { subscriptionId, provider } = parseResourcePath(value);
  if (subscriptionId?.toLowerCase() !== context.identity.subscriptionId.toLowerCase() || provider === undefined) return;
  if (NOT_LOOKED_UP.test(value) || provider.types[0]?.toLowerCase() === "locations") return;
  // The parts of a resource, such as the frontends of a load balancer, are no resources of their own.
  const root = topLevel(value).toLowerCase();
  if (root === topLevel(owner).toLowerCase()) return;
  const isChild = provider.types.length === 2 && /^(?:subnets|agentpools)$/i.test(provider.types[1] ?? "");
  if (findResource(context, isChild ? value : root) !== undefined) return;
  if (isNetwork) {
    throw new ArmError(
      400,
      "InvalidResourceReference",
      `Resource ${value} referenced by resource ${owner} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
    );
  }
  throw new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${value}' at path '${path}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

/** The id up to the first type's name. */
function topLevel(id: string): string {
  return /^.*?\/providers\/[^/]+\/[^/]+\/[^/]+/i.exec(id)?.[0] ?? id;
}
