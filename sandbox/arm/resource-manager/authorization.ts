import { type ArmContext, type ResourceHandler, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { type JsonObject, objectAt, stringAt } from "../json";
import { providerPath, typeKey } from "../resource-id";
import { findResource, resourceKey, requireSubscription } from "./resources";
import { requireRoleDefinition, roleDefinitions } from "./role-definitions";

const ASSIGNMENTS = "microsoft.authorization/roleassignments";
const DEFINITIONS = "microsoft.authorization/roledefinitions";

/** Microsoft.Authorization: role assignments and role definitions at any scope. */
export const authorizationHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (part === undefined) return undefined;
  const type = typeKey(part);
  if (type === DEFINITIONS) return roleDefinitions(context, request);
  if (type !== ASSIGNMENTS) return undefined;
  if (request.resource.subscriptionId !== undefined) requireSubscription(context, request.resource);
  if (part.names.length === 0) return request.method === "GET" ? listAssignments(context, request) : undefined;
  const id = `${request.resource.scope}${providerPath(part)}`;
  const existing = findResource(context, id);
  switch (request.method) {
    case "GET":
      if (existing === undefined) throw assignmentNotFound(part.names[0] ?? "");
      return { status: 200, body: existing };
    case "PUT":
      return assign(context, request, id, existing);
    case "DELETE":
      if (existing === undefined) return { status: 204 };
      context.store.commit({ delete: [resourceKey(id)] });
      return { status: 200, body: existing };
    default:
      return undefined;
  }
};

function assignmentNotFound(name: string): ArmError {
  return new ArmError(404, "RoleAssignmentNotFound", `The role assignment '${name}' is not found.`);
}

function assignments(context: ArmContext): JsonObject[] {
  return context.store
    .list("resource:")
    .map(({ value }) => value)
    .filter((resource) => stringAt(resource, "type")?.toLowerCase() === ASSIGNMENTS);
}

function assign(
  context: ArmContext,
  request: ResourceRequest,
  id: string,
  existing: JsonObject | undefined,
): ArmResponse {
  const { scope } = request.resource;
  const name = request.resource.provider?.names[0] ?? "";
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name)) {
    throw new ArmError(
      400,
      "InvalidRoleAssignmentId",
      `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
    );
  }
  if (/\/resourcegroups\//i.test(scope) && findResource(context, scope) === undefined && !isNamespaceScope(scope)) {
    throw new ArmError(
      404,
      "ResourceNotFound",
      `The Resource '${scope}' was not found: nothing can be assigned there.`,
    );
  }
  const asked = objectAt(jsonBody(request), "properties");
  const principalId = stringAt(asked, "principalId");
  const roleDefinitionId = stringAt(asked, "roleDefinitionId");
  for (const [property, value] of Object.entries({ principalId, roleDefinitionId })) {
    if (value === undefined || value === "") {
      throw new ArmError(400, "InvalidRequestContent", `properties.${property} is required.`, {
        target: `properties.${property}`,
      });
    }
  }
  requireRoleDefinition(context, roleDefinitionId ?? "");
  const same =
    (property: string, value: string | undefined) =>
    (assignment: JsonObject): boolean =>
      stringAt(assignment, "properties", property)?.toLowerCase() === value?.toLowerCase();
  const isFor = (assignment: JsonObject): boolean =>
    same("principalId", principalId)(assignment) &&
    roleOf(stringAt(assignment, "properties", "roleDefinitionId")) === roleOf(roleDefinitionId) &&
    same("scope", scope)(assignment);
  if (existing !== undefined) {
    if (!isFor(existing)) {
      throw new ArmError(
        400,
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
      );
    }
  } else {
    const other = assignments(context).find(isFor);
    if (other !== undefined) {
      const otherName = stringAt(other, "name") ?? "";
      throw new ArmError(
        409,
        "RoleAssignmentExists",
        `The role assignment already exists. The ID of the conflicting role assignment is ${otherName.replaceAll("-", "")}.`,
      );
    }
  }
  const at = new Date(context.now()).toISOString();
  const stored: JsonObject = {
    properties: {
      roleDefinitionId: `/subscriptions/${context.identity.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleOf(roleDefinitionId)}`,
      principalId,
      principalType: asked["principalType"] ?? "ServicePrincipal",
      scope,
      description: asked["description"],
      condition: asked["condition"] ?? null,
      conditionVersion: asked["conditionVersion"] ?? null,
      createdOn: stringAt(existing, "properties", "createdOn") ?? at,
      updatedOn: at,
      createdBy: context.identity.objectId,
      updatedBy: context.identity.objectId,
      delegatedManagedIdentityResourceId: asked["delegatedManagedIdentityResourceId"] ?? null,
    },
    id,
    type: "Microsoft.Authorization/roleAssignments",
    name,
  };
  context.store.commit({ put: { [resourceKey(id)]: stored } });
  return { status: 201, body: stored };
}

/** The GUID at the end of a role definition's id. */
function roleOf(roleDefinitionId: string | undefined): string {
  return (roleDefinitionId ?? "").split("/").at(-1)?.toLowerCase() ?? "";
}

/** AKS takes role assignments at a namespace of a cluster, which is no resource. */
function isNamespaceScope(scope: string): boolean {
  return /\/managedclusters\/[^/]+\/namespaces\/[^/]+$/i.test(scope);
}

/** `$filter`: atScope(), principalId eq '…', assignedTo('…'), joined by and. */
function listAssignments(context: ArmContext, request: ResourceRequest): ArmResponse {
  const filter = request.query.get("$filter") ?? "";
  const scope = request.resource.scope.toLowerCase();
  const principal = /(?:principalId\s+eq\s+'([^']+)'|assignedTo\('([^']+)'\))/i.exec(filter);
  const wanted = (principal?.[1] ?? principal?.[2])?.toLowerCase();
  const onlyAbove = /atScope\(\)/i.test(filter);
  const value = assignments(context).filter((assignment) => {
    const where = (stringAt(assignment, "properties", "scope") ?? "").toLowerCase();
    const isAbove = scope === where || scope.startsWith(`${where === "/" ? "" : where}/`);
    const isBelow = where.startsWith(`${scope}/`);
    const isWanted =
      wanted === undefined || stringAt(assignment, "properties", "principalId")?.toLowerCase() === wanted;
    return isWanted && (isAbove || (!onlyAbove && isBelow));
  });
  return { status: 200, body: { value } };
}
