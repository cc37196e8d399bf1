import { type ArmContext } from "./context";
import { ArmError } from "./errors";
import { type ArmRequest, type ArmResponse } from "./http";
import { type JsonObject } from "./json";
import { segmentsOf } from "./resource-id";

/** Paths of Microsoft Graph. */
export const graphPath = /^\/(?:v1\.0|beta)\//;

/** The little of Microsoft Graph that azure-cli asks for: who the service principal is. */
export function answerGraph(context: ArmContext, request: ArmRequest): ArmResponse {
  const [, collection = "", key] = segmentsOf(request.path);
  const { clientId, objectId } = context.identity;
  const me: JsonObject = {
    "@odata.type": "#microsoft.graph.servicePrincipal",
    id: objectId,
    appId: clientId,
    displayName: "sandbox",
    servicePrincipalType: "Application",
    servicePrincipalNames: [clientId],
  };
  const isMine = (text: string): boolean =>
    [clientId, objectId].some((id) => text.toLowerCase().includes(id.toLowerCase()));
  switch (`${request.method} ${collection.toLowerCase().replace(/\(.*$/, "")}`) {
    case "GET serviceprincipals": {
      if (key !== undefined && isMine(key)) return { status: 200, body: me };
      if (key !== undefined) break;
      const filter = request.query.get("$filter");
      return { status: 200, body: { value: filter === null || isMine(filter) ? [me] : [] } };
    }
    case "GET directoryobjects":
      if (key !== undefined && isMine(key)) return { status: 200, body: me };
      break;
    case "POST directoryobjects":
      return { status: 200, body: { value: isMine(request.body) ? [me] : [] } };
    default:
      break;
  }
  throw new ArmError(
    404,
    "Request_ResourceNotFound",
    `Resource '${request.path}' does not exist or one of its queried reference-property objects are not present.`,
  );
}
