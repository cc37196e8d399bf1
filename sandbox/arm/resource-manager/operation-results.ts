import { type ArmContext, type ResourceHandler, retryAfter } from "../context";
import { ArmError } from "../errors";
import { type JsonObject } from "../json";
import { type Operation } from "../operations";

/** Where the state of long-running operations is asked for, in both of Azure's styles. */
export const operationResultsHandler: ResourceHandler = (context, request) => {
  if (request.method !== "GET") return undefined;
  const match =
    /^\/subscriptions\/[^/]+\/(?:providers\/[^/]+\/locations\/[^/]+\/)?(operations|operationresults)\/([^/]+)\/?$/i.exec(
      request.path,
    );
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const operation = context.operations.get(match[2]);
  if (operation === undefined) {
    throw new ArmError(404, "NotFound", `The entity was not found: no operation '${match[2]}'.`);
  }
  const pending = operation.status === "InProgress";
  const headers = pending ? { "retry-after": retryAfter(context, operation) } : undefined;
  if (match[1].toLowerCase() === "operations") return { status: 200, body: describe(operation), headers };
  // The older style: 202 until it ends, then the outcome itself.
  if (pending)
    return {
      status: 202,
      headers: { ...headers, location: `${context.baseUrl}${request.path}?${request.query.toString()}` },
    };
  if (operation.error !== undefined) throw new ArmError(409, operation.error.code, operation.error.message);
  return { status: 200 };
};

function describe(operation: Operation): JsonObject {
  return {
    name: operation.id,
    status: operation.status,
    startTime: new Date(operation.startedAt).toISOString(),
    endTime: operation.endedAt === undefined ? undefined : new Date(operation.endedAt).toISOString(),
    error: operation.error && { ...operation.error },
  };
}

/** The headers that tell a client where to ask about a container service operation. */
export function asyncHeaders(
  context: ArmContext,
  operation: Operation,
  namespace: string,
  location: string,
  apiVersion: string,
  style: "status" | "both",
): Record<string, string> {
  const base = `${context.baseUrl}/subscriptions/${operation.subscriptionId}/providers/${namespace}/locations/${location}`;
  const query = `?api-version=${apiVersion}`;
  const headers = {
    "azure-asyncoperation": `${base}/operations/${operation.id}${query}`,
    "retry-after": retryAfter(context, operation),
  };
  return style === "both" ? { ...headers, location: `${base}/operationresults/${operation.id}${query}` } : headers;
}
