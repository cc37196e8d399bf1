import { type ArmContext } from "./context";
import { ArmError } from "./errors";
import { answerGroups, groupsOf, startOfName } from "./graph-groups";
import { type ArmRequest, type ArmResponse, jsonBody } from "./http";
import { type JsonObject, stringAt, stringsAt } from "./json";
import { segmentsOf } from "./resource-id";
import { resourcesBelow } from "./resource-manager/resources";

/** Paths of Microsoft Graph. */
export const graphPath = /^\/(?:v1\.0|beta)\//;

/** The little of Microsoft Graph that azure-cli asks for: who the service principal and the managed identities are, and groups. */
export function answerGraph(context: ArmContext, request: ArmRequest): ArmResponse {
  const [, collection = "", key, action = ""] = segmentsOf(request.path);
  const { clientId, objectId } = context.identity;
  const me: JsonObject = {
    "@odata.type": "#microsoft.graph.servicePrincipal",
    id: objectId,
    appId: clientId,
    displayName: "sandbox",
    servicePrincipalType: "Application",
    servicePrincipalNames: [clientId],
  };
  const principals = [me, ...managedIdentities(context)];
  /** Those that a text, such as a filter or a list of ids, names. */
  const named = (text: string): JsonObject[] => {
    const start = startOfName(text);
    return principals.filter(({ id, appId, displayName }) =>
      start === undefined
        ? [id, appId].some((guid) => typeof guid === "string" && text.toLowerCase().includes(guid.toLowerCase()))
        : String(displayName).toLowerCase().startsWith(start),
    );
  };
  switch (`${request.method} ${collection.toLowerCase().replace(/\(.*$/, "")}`) {
    case "GET serviceprincipals": {
      if (key === undefined) {
        const filter = request.query.get("$filter");
        return { status: 200, body: { value: filter === null ? principals : named(filter) } };
      }
      const [found] = named(key);
      if (found !== undefined) return { status: 200, body: found };
      break;
    }
    case "GET directoryobjects": {
      const [found] = named(key ?? "");
      if (found !== undefined) return { status: 200, body: found };
      break;
    }
    case "POST directoryobjects":
      if (key !== undefined && /^(?:check|get)membergroups$/i.test(action)) {
        const asked = /^check/i.test(action) ? stringsAt(jsonBody(request), "groupIds") : undefined;
        const value = groupsOf(context, key).filter((group) => asked?.includes(group) ?? true);
        return { status: 200, body: { value } };
      }
      return { status: 200, body: { value: named(request.body) } };
    case "GET me":
      throw new ArmError(400, "BadRequest", "/me request is only valid with delegated authentication flow.");
    default:
      break;
  }
  if (collection.toLowerCase() === "groups") return answerGroups(context, request, principals);
  if (["applications", "users"].includes(collection.toLowerCase())) {
    throw new ArmError(
      400,
      "Request_BadRequest",
      `The sandbox's directory has no ${collection}: there are groups, the service principal ${clientId} and the managed identities.`,
    );
  }
  throw new ArmError(
    404,
    "Request_ResourceNotFound",
    `Resource '${request.path}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

function managedIdentities(context: ArmContext): JsonObject[] {
  return resourcesBelow(context, `/subscriptions/${context.identity.subscriptionId}/resourceGroups`)
    .filter(
      (resource) => stringAt(resource, "type")?.toLowerCase() === "microsoft.managedidentity/userassignedidentities",
    )
    .map((identity) => ({
      "@odata.type": "#microsoft.graph.servicePrincipal",
      id: stringAt(identity, "properties", "principalId"),
      appId: stringAt(identity, "properties", "clientId"),
      displayName: stringAt(identity, "name"),
      servicePrincipalType: "ManagedIdentity",
      servicePrincipalNames: [stringAt(identity, "properties", "clientId") ?? ""],
      alternativeNames: ["isExplicit=True", stringAt(identity, "id") ?? ""],
    }));
}
