import { type ArmContext, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { jsonBody } from "../http";
import { type Json, type JsonObject, objectAt, objectsAt, stringAt, stringsAt } from "../json";
import { providerPath } from "../resource-id";
import { findResource, resourceGroupId, typeName } from "../resource-manager/resources";
import { holds } from "./conditions";
import { EvaluationFailure, type PolicyScope } from "./expressions";
import { type Assigned, assigned, assignmentsOf } from "./policies";

/**
 * Holds policy assignments with the effect `deny`: what a PUT or PATCH would make is evaluated before any resource provider sees it. What AKS
 * makes by itself, such as a node resource group, comes with no request and is not evaluated.
 *
 * @throws ArmError 403 RequestDisallowedByPolicy.
 */
export function requireAllowedByPolicy(context: ArmContext, request: ResourceRequest): void {
  if (request.method !== "PUT" && request.method !== "PATCH") return;
  const resource = plannedResource(context, request);
  if (resource === undefined) return;
  const path = (stringAt(resource, "id") ?? "").toLowerCase();
  const denying = assignmentsOf(context)
    .filter((assignment) => isInScope(assignment, path))
    .flatMap((assignment) => {
      const found = assigned(context, assignment);
      return found !== undefined && denies(context, request, resource, found) ? [{ assignment, ...found }] : [];
    });
  if (denying.length > 0) throw disallowed(resource, denying);
}

/** The resource as it would be; undefined for requests about no resource, and for bodies that cannot be read, which others refuse. */
function plannedResource(context: ArmContext, { method, resource: path, body, ...rest }: ResourceRequest) {
  const asked = readable({ method, resource: path, body, ...rest });
  const part = path.provider;
  const group = part === undefined && path.rest.length === 0 ? path.resourceGroup : undefined;
  if (asked === undefined) return undefined;
  if (part === undefined ? group === undefined : part.types.length !== part.names.length) return undefined;
  const id =
    part === undefined
      ? resourceGroupId(context.identity.subscriptionId, group ?? "")
      : `${path.scope}${providerPath(part)}`;
  const existing = method === "PATCH" ? findResource(context, id) : undefined;
  const merged: JsonObject =
    existing === undefined
      ? asked
      : {
          ...existing,
          ...asked,
          properties: { ...objectAt(existing, "properties"), ...objectAt(asked, "properties") },
        };
  return {
    ...merged,
    id,
    name: part?.names.at(-1) ?? group,
    fullName: part?.names.join("/") ?? group,
    type: part === undefined ? "Microsoft.Resources/subscriptions/resourceGroups" : typeName(path),
  };
}

function readable(request: ResourceRequest): JsonObject | undefined {
  try {
    return jsonBody(request);
  } catch (error) {
    if (error instanceof ArmError) return undefined;
    throw error;
  }
}

function isInScope(assignment: JsonObject, path: string): boolean {
  if (stringAt(assignment, "properties", "enforcementMode")?.toLowerCase() === "donotenforce") return false;
  const [scope = ""] = (stringAt(assignment, "id") ?? "").split(
    /\/providers\/microsoft\.authorization\/policyassignments\//i,
  );
  const within = (where: string): boolean => `${path}/`.startsWith(`${where.toLowerCase()}/`);
  return within(scope) && !stringsAt(assignment, "properties", "notScopes").some(within);
}

function denies(context: ArmContext, request: ResourceRequest, resource: JsonObject, found: Assigned): boolean {
  if (found.effect.toLowerCase() !== "deny") return false;
  const mode = stringAt(found.definition, "properties", "mode") ?? "Indexed";
  // Types without tags and location are for the mode All.
  if (mode.toLowerCase() !== "all" && resource["location"] === undefined) return false;
  const { subscriptionId, tenantId } = context.identity;
  const { resourceGroup: group } = request.resource;
  const scope: PolicyScope = {
    parameters: found.parameters,
    resource,
    resourceGroup:
      group === undefined
        ? undefined
        : (findResource(context, resourceGroupId(subscriptionId, group)) ?? { name: group }),
    subscription: { id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId },
    apiVersion: request.apiVersion,
    current: new Map(),
  };
  try {
    return holds(objectAt(found.rule, "if"), scope);
  } catch (error) {
    // What cannot be evaluated counts as denied.
    if (error instanceof EvaluationFailure) return true;
    throw error;
  }
}

interface Denial extends Assigned {
  readonly assignment: JsonObject;
}

function disallowed(resource: JsonObject, denials: readonly Denial[]): ArmError {
  const name = stringAt(resource, "name") ?? "";
  const reasons = denials.flatMap(({ assignment }) =>
    objectsAt(assignment, "properties", "nonComplianceMessages").map((one) => `'${stringAt(one, "message") ?? ""}'`),
  );
  const named = ({ name: own, id, properties }: JsonObject): JsonObject => ({
    name: stringAt(properties, "displayName") ?? own,
    id,
  });
  const identifiers = denials.map(({ assignment, definition }) => ({
    policyAssignment: named(assignment),
    policyDefinition: named(definition),
  }));
  const detail =
    reasons.length > 0
      ? `Reasons: ${reasons.join(", ")}. See error details for policy resource IDs.`
      : `Policy identifiers: '${JSON.stringify(identifiers)}'.`;
  return new ArmError(403, "RequestDisallowedByPolicy", `Resource '${name}' was disallowed by policy. ${detail}`, {
    target: name,
    additionalInfo: denials.map(violation),
  });
}

/** What Azure tells of each assignment that denied (the type `PolicyViolation`). */
function violation({ assignment, definition, effect, parameters }: Denial): Json {
  return {
    type: "PolicyViolation",
    info: {
      policyDefinitionDisplayName: stringAt(definition, "properties", "displayName"),
      policyDefinitionId: definition["id"],
      policyDefinitionName: definition["name"],
      policyDefinitionEffect: effect,
      policyAssignmentDisplayName: stringAt(assignment, "properties", "displayName"),
      policyAssignmentId: assignment["id"],
      policyAssignmentName: assignment["name"],
      policyAssignmentScope: (stringAt(assignment, "id") ?? "").split("/providers/Microsoft.Authorization/")[0],
      policyAssignmentParameters: Object.fromEntries(
        Object.entries(parameters).map(([key, value]) => [key, { value }]),
      ),
    },
  };
}
