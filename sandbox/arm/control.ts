import { type ArmContext } from "./context";
import { bringsControlToken } from "./control-token";
import { ArmError } from "./errors";
import { faultDescriptions } from "./faults";
import { guardPath, isAccessReview, reviewAccess } from "./guard";
import { type ArmRequest, type ArmResponse, jsonBody } from "./http";
import { type JsonObject, stringAt } from "./json";
import { latencyToJson, parseLatency } from "./latency";
import { monitoring } from "./monitoring";
import { type RequestLog } from "./request-log";
import { resourcesBelow } from "./resource-manager/resources";
import { changeSettings, settingsToJson } from "./settings";
import { type ControlPlanes } from "./container-service/control-planes";
import { release } from "./container-service/releases";

/** Path of the endpoints that steer the emulator itself. */
export const controlPath = "/_sandbox";

/** Answers the control endpoints, to whoever brings their token. */
export async function answerControl(
  context: ArmContext,
  request: ArmRequest,
  parts: {
    readonly requests: RequestLog;
    readonly planes: ControlPlanes;
    readonly token: string;
    readonly shutDown: () => void;
  },
): Promise<ArmResponse> {
  if (!bringsControlToken(request, parts.token)) {
    throw new ArmError(
      401,
      "Unauthorized",
      "The control endpoints want the token in the sandbox's file control-token.",
    );
  }
  if (request.method === "POST" && request.path.startsWith(`${guardPath}/`)) {
    const review = jsonBody(request);
    if (!isAccessReview(review)) throw new ArmError(400, "InvalidReview", "A SubjectAccessReview is expected.");
    return {
      status: 200,
      body: reviewAccess(context, decodeURIComponent(request.path.slice(guardPath.length)), review),
    };
  }
  const { store } = context;
  switch (`${request.method} ${request.path.slice(controlPath.length + 1).replace(/\/$/, "")}`) {
    case "GET status":
      return { status: 200, body: status(context, parts.planes) };
    case "POST shutdown":
      // Operations first: a control plane that is going away must not make one fail, which the next process would finish.
      await context.operations.stop();
      await parts.planes.stopAll();
      parts.shutDown();
      return { status: 200, body: { stopping: true } };
    case "GET faults":
      return { status: 200, body: { active: context.faults.list(), available: { ...faultDescriptions } } };
    case "POST faults":
      return { status: 200, body: context.faults.add(jsonBody(request)) };
    case "DELETE faults":
      context.faults.remove(request.query.get("name") ?? undefined);
      return { status: 200, body: { active: context.faults.list() } };
    case "POST releases":
      return { status: 200, body: release(context, jsonBody(request)) };
    case "GET monitoring":
      return { status: 200, body: monitoring(context, request.query.get("cluster") ?? "") };
    case "GET requests":
      return { status: 200, body: parts.requests.toJson() };
    case "DELETE requests":
      parts.requests.reset();
      return { status: 200, body: parts.requests.toJson() };
    case "GET latency":
      return { status: 200, body: latencyToJson(context.latency()) };
    case "PUT latency": {
      const latency = latencyToJson(parseLatency(jsonBody(request)));
      store.commit({ put: { "settings:latency": latency } });
      return { status: 200, body: latency };
    }
    case "GET settings":
      return { status: 200, body: settingsToJson(context.settings()) };
    case "PUT settings": {
      const settings = settingsToJson(changeSettings(context.settings(), jsonBody(request)));
      store.commit({ put: { "settings:manners": settings } });
      return { status: 200, body: settings };
    }
    default:
      throw new ArmError(404, "NotFound", `No control endpoint ${request.method} ${request.path}.`);
  }
}

function status(context: ArmContext, planes: ControlPlanes): JsonObject {
  const all = resourcesBelow(context, `/subscriptions/${context.identity.subscriptionId}`);
  const ofType = (type: string): JsonObject[] =>
    all.filter((resource) => stringAt(resource, "type")?.toLowerCase() === type);
  return {
    pid: process.pid,
    resourceManager: context.baseUrl,
    subscriptionId: context.identity.subscriptionId,
    tenantId: context.identity.tenantId,
    resources: all.length,
    resourceGroups: ofType("microsoft.resources/resourcegroups").map((group) => group["name"] ?? null),
    clusters: ofType("microsoft.containerservice/managedclusters").map((cluster) => ({
      id: cluster["id"],
      provisioningState: stringAt(cluster, "properties", "provisioningState"),
      server: planes.server(stringAt(cluster, "id") ?? ""),
      problem: planes.problem(stringAt(cluster, "id") ?? ""),
    })),
    operations: context.operations.running().map(({ id, kind, target, dueAt }) => ({
      id,
      kind,
      target,
      due: new Date(dueAt).toISOString(),
    })),
    faults: context.faults.list(),
    settings: settingsToJson(context.settings()),
    latency: latencyToJson(context.latency()),
  };
}
