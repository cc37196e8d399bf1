import { type ArmContext } from "./context";
import { isObject, type Json, type JsonObject, objectAt, stringAt } from "./json";
import { roleAllows } from "./role-permissions";
import { findResource } from "./resource-manager/resources";

/** Path below which API servers ask whether Azure RBAC allows a request; the cluster's lower-case id follows. */
export const guardPath = "/_sandbox/guard";

/**
 * Answers a SubjectAccessReview as AKS's guard does: from the role assignments at the cluster, above it, and at the namespace
 * below it. It never denies: without an opinion the API server goes on to its other authorizers.
 */
export function reviewAccess(context: ArmContext, clusterId: string, review: Json): JsonObject {
  const spec = objectAt(review, "spec");
  const answer = (allowed: boolean, reason: string): JsonObject => ({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    metadata: {},
    status: { allowed, reason },
  });
  const cluster = findResource(context, clusterId);
  if (cluster === undefined) return answer(false, "There is no such cluster.");
  const entra = objectAt(cluster, "properties", "aadProfile");
  if (entra["enableAzureRBAC"] !== true) return answer(false, "Azure RBAC is not enabled for this cluster.");
  const objectIds = [stringAt(spec, "uid"), stringAt(spec, "user"), extraObjectId(spec)].flatMap((id) =>
    id === undefined ? [] : [id.toLowerCase()],
  );
  const namespace = stringAt(spec, "resourceAttributes", "namespace");
  const scopes = scopesOf(clusterId.toLowerCase(), namespace);
  const assignment = context.store
    .list("resource:")
    .map(({ value }) => value)
    .filter((resource) => stringAt(resource, "type") === "Microsoft.Authorization/roleAssignments")
    .find((candidate) => {
      const properties = objectAt(candidate, "properties");
      const scope = (stringAt(properties, "scope") ?? "").toLowerCase();
      const role = (stringAt(properties, "roleDefinitionId") ?? "").split("/").at(-1) ?? "";
      return (
        objectIds.includes((stringAt(properties, "principalId") ?? "").toLowerCase()) &&
        scopes.includes(scope) &&
        roleAllows(role, spec)
      );
    });
  return assignment === undefined
    ? answer(false, "User does not have access to the resource in Azure. Update role assignment to allow access.")
    : answer(true, `Access allowed by Azure RBAC Role Assignment ${stringAt(assignment, "name") ?? ""}.`);
}

function extraObjectId(spec: JsonObject): string | undefined {
  const oid = objectAt(spec, "extra")["oid"];
  return Array.isArray(oid) && typeof oid[0] === "string" ? oid[0] : undefined;
}

/** Every scope whose assignments count for the cluster, and for one namespace of it. */
function scopesOf(clusterId: string, namespace: string | undefined): string[] {
  const [, , subscription = "", , group = ""] = clusterId.split("/");
  const scopes = [
    "/",
    `/subscriptions/${subscription}`,
    `/subscriptions/${subscription}/resourcegroups/${group}`,
    clusterId,
  ];
  return namespace === undefined || namespace === ""
    ? scopes
    : [...scopes, `${clusterId}/namespaces/${namespace.toLowerCase()}`];
}

/** Whether a value is a SubjectAccessReview. */
export function isAccessReview(value: unknown): value is JsonObject {
  return isObject(value) && value["kind"] === "SubjectAccessReview";
}
