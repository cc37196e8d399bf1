import { setTimeout as sleep } from "node:timers/promises";

import JSON5 from "json5";

import { type ArmContext, methodAndPath, type ResourceHandler, type ResourceRequest } from "../context";
import { ArmError, describeError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { isObject, type Json, type JsonObject, objectAt, stringAt } from "../json";
import { type Operation, type OperationHandler } from "../operations";
import { parseResourcePath } from "../resource-id";
import { answerAction } from "../resource-manager/actions";
import { asyncHeaders } from "../resource-manager/operation-results";
import {
  derivedGuid,
  findResource,
  keysOf,
  requireResourceGroup,
  requireSubscription,
  resourceKey,
  resourceNotFound,
  resourcesBelow,
} from "../resource-manager/resources";
import { normalizeLocation, requireLocation } from "../resource-manager/subscriptions";
import { invalidTemplate } from "./expression-parser";
import { type Plan, type PlannedResource, planTemplate } from "./template";

const DEPLOY = "deployment";
const TYPE = "Microsoft.Resources/deployments";
const RECORD = "deployment:";

/** Answers a request as the emulator's clients get it, without a token. */
export type Dispatch = (context: ArmContext, request: ResourceRequest) => Promise<ArmResponse>;

/** Template deployments to a resource group or the subscription: validate, preview, create, read, delete, export. */
export const deploymentsHandler: ResourceHandler = (context, request) => {
  // Some clients write `…/deployments/{name}/operations` without the provider.
  const match =
    /^(\/subscriptions\/[^/]+(?:\/resourcegroups\/[^/]+)?)(?:\/providers\/microsoft\.resources)?\/deployments(?:\/([^/]+)(?:\/(validate|whatif|cancel|exporttemplate|operations)(?:\/([^/]+))?)?)?\/?$/i.exec(
      request.path,
    );
  if (match?.[1] === undefined) return undefined;
  const base = baseOf(context, match[1]);
  const name = match[2] === undefined ? undefined : decodeURIComponent(match[2]);
  if (name === undefined) return request.method === "GET" ? list(context, base) : undefined;
  const id = `${base}/providers/${TYPE}/${name}`;
  const existing = findResource(context, id);
  const route = `${request.method} ${match[3]?.toLowerCase() ?? ""}`.trim();
  if (route === "PUT") return start(context, request, base, id);
  if (route === "POST validate") return validate(context, request, base, id);
  if (route === "POST whatif") return whatIf(context, request, base, id);
  if (route === "HEAD") return { status: existing === undefined ? 404 : 204 };
  if (existing === undefined) {
    if (route === "DELETE") return { status: 204 };
    throw new ArmError(404, "DeploymentNotFound", `Deployment '${name}' could not be found.`);
  }
  switch (route) {
    case "GET":
      return { status: 200, body: existing };
    case "DELETE":
      context.store.commit({ delete: [...keysOf(context, id), recordKey(id)] });
      return { status: 204 };
    case "POST exporttemplate":
      return { status: 200, body: { template: objectAt(context.store.get(recordKey(id)), "template") } };
    case "POST cancel":
      throw new ArmError(
        409,
        "DeploymentCannotBeCancelled",
        `The deployment '${name}' cannot be cancelled: the sandbox lets it end.`,
      );
    case "GET operations": {
      const steps = objectAt(context.store.get(recordKey(id)), "steps");
      return { status: 200, body: { value: Object.values(steps).filter(isObject) } };
    }
    default:
      return undefined;
  }
};

function recordKey(id: string): string {
  return RECORD + id.toLowerCase();
}

/** The group's or subscription's id, as it is written. @throws ArmError 404. */
function baseOf(context: ArmContext, path: string): string {
  const resource = parseResourcePath(path);
  if (resource.resourceGroup === undefined) return `/subscriptions/${requireSubscription(context, resource)}`;
  return stringAt(requireResourceGroup(context, resource, false), "id") ?? path;
}

function list(context: ArmContext, base: string): ArmResponse {
  const value = resourcesBelow(context, `${base}/providers/${TYPE}`);
  return { status: 200, body: { value } };
}

/** What a request asks to be deployed. @throws ArmError 400 InvalidTemplate, or where it asks for what the sandbox has not. */
function planOf(
  context: ArmContext,
  properties: JsonObject,
  location: string | undefined,
  base: string,
  id: string,
): Plan {
  if (properties["templateLink"] !== undefined || properties["parametersLink"] !== undefined) {
    throw invalidTemplate("the sandbox fetches no linked templates and parameters: write them into the request");
  }
  if (/^complete$/i.test(stringAt(properties, "mode") ?? "")) {
    throw invalidTemplate("the sandbox knows the mode Incremental only, not Complete");
  }
  const { template } = properties;
  if (!isObject(template)) throw invalidTemplate("the request has no properties.template");
  const group = findResource(context, base);
  return planTemplate(template, objectAt(properties, "parameters"), base, {
    subscription: {
      id: `/subscriptions/${context.identity.subscriptionId}`,
      subscriptionId: context.identity.subscriptionId,
      tenantId: context.identity.tenantId,
      displayName: "Sandbox",
    },
    resourceGroup: group,
    deployment: { name: id.split("/").at(-1), location },
    now: context.now(),
    reference(idOrName, full) {
      const found = findResource(context, idOrName);
      if (found === undefined) throw resourceNotFound(parseResourcePath(idOrName));
      return full ? found : objectAt(found, "properties");
    },
    list(action, of) {
      const resource = findResource(context, of);
      if (resource === undefined) throw resourceNotFound(parseResourcePath(of));
      const type = (stringAt(resource, "type") ?? "").toLowerCase();
      const request = internalRequest("POST", `${of}/${action}`, "2025-05-01", {});
      const answer = answerAction(type, action, { context, request, resource });
      if (answer?.body === undefined) throw invalidTemplate(`the sandbox does not know '${action}' of '${type}'`);
      return answer.body;
    },
  });
}

function internalRequest(method: string, path: string, apiVersion: string, body: Json): ResourceRequest {
  return {
    method,
    path: encodeURI(path),
    query: new URLSearchParams({ "api-version": apiVersion }),
    headers: {},
    body: JSON.stringify(body),
    id: derivedGuid("deployment", method, path),
    resource: parseResourcePath(encodeURI(path)),
    apiVersion,
  };
}

function describe(id: string, body: JsonObject, plan: Plan, state: string): JsonObject {
  return {
    id,
    name: id.split("/").at(-1),
    type: TYPE,
    location: stringAt(body, "location"),
    tags: body["tags"],
    properties: {
      templateHash: derivedGuid("template", JSON.stringify(objectAt(body, "properties", "template"))).replaceAll(
        "-",
        "",
      ),
      parameters: plan.parameters,
      mode: "Incremental",
      provisioningState: state,
      dependencies: [],
      providers: [],
    },
  };
}

/** Azure reads templates with comments and bare names, and azure-cli sends files as they are. */
function looseBody(request: ResourceRequest): JsonObject {
  try {
    const parsed: Json = JSON5.parse(request.body);
    if (isObject(parsed)) return parsed;
  } catch {
    // The strict reader says what is wrong.
  }
  return jsonBody(request);
}

function bodyOf(request: ResourceRequest, base: string): JsonObject {
  const body = looseBody(request);
  const location = stringAt(body, "location");
  const isSubscription = base.split("/").length === 3;
  if (isSubscription && location === undefined) {
    throw new ArmError(
      400,
      "LocationRequired",
      "The location property is required for a deployment to a subscription.",
    );
  }
  if (location === undefined) return body;
  requireLocation(location, TYPE);
  return { ...body, location: normalizeLocation(location) };
}

function validate(context: ArmContext, request: ResourceRequest, base: string, id: string): ArmResponse {
  const body = bodyOf(request, base);
  const plan = planOf(context, objectAt(body, "properties"), stringAt(body, "location"), base, id);
  const shown = describe(id, body, plan, "Succeeded");
  const validatedResources = plan.resources.map((resource) => ({ id: resource.id }));
  return { status: 200, body: { ...shown, properties: { ...objectAt(shown, "properties"), validatedResources } } };
}

function whatIf(context: ArmContext, request: ResourceRequest, base: string, id: string): ArmResponse {
  const body = bodyOf(request, base);
  const plan = planOf(context, objectAt(body, "properties"), stringAt(body, "location"), base, id);
  const changes = plan.resources.map(({ id: resourceId, type, apiVersion, body: wanted }): JsonObject => {
    const before = findResource(context, resourceId);
    const after: JsonObject = { ...wanted(), id: resourceId, name: resourceId.split("/").at(-1), type, apiVersion };
    if (before === undefined) return { resourceId, changeType: "Create", after };
    const delta = differences(before, { ...after, apiVersion: undefined }, "");
    return { resourceId, changeType: delta.length === 0 ? "NoChange" : "Modify", before, after, delta };
  });
  return { status: 200, body: { status: "Succeeded", properties: { correlationId: request.id, changes } } };
}

/** What the wanted value says otherwise than what is there. */
function differences(before: Json | undefined, after: Json | undefined, path: string): JsonObject[] {
  if (isObject(before) && isObject(after)) {
    return Object.entries(after)
      .filter(([, value]) => value !== undefined)
      .flatMap(([name, value]) => differences(before[name], value, path === "" ? name : `${path}.${name}`));
  }
  const same = (a: Json | undefined, b: Json | undefined): boolean =>
    typeof a === "string" && typeof b === "string" && /^(?:id|location|type|name)$|\.id$/.test(path)
      ? normalizeLocation(a) === normalizeLocation(b)
      : JSON.stringify(a) === JSON.stringify(b);
  if (same(before, after)) return [];
  return [{ path, propertyChangeType: before === undefined ? "Create" : "Modify", before, after }];
}

function start(context: ArmContext, request: ResourceRequest, base: string, id: string): ArmResponse {
  const body = bodyOf(request, base);
  const properties = objectAt(body, "properties");
  const plan = planOf(context, properties, stringAt(body, "location"), base, id);
  const lock = id.toLowerCase();
  if (context.operations.holding(lock) !== undefined) {
    throw new ArmError(
      409,
      "DeploymentActive",
      `The deployment with resource id '${id}' cannot be saved, because this would overwrite an existing deployment which is still active.`,
    );
  }
  const existing = findResource(context, id);
  const stored = describe(id, body, plan, "Running");
  const operation = context.operations.start(
    {
      kind: DEPLOY,
      target: id,
      lock,
      subscriptionId: context.identity.subscriptionId,
      milliseconds: 0,
      input: { base, properties, location: body["location"] },
    },
    {
      put: {
        [resourceKey(id)]: stored,
        [recordKey(id)]: { template: objectAt(properties, "template"), steps: {} },
      },
    },
  );
  context.log(`${methodAndPath(request)}: ${plan.resources.length} resources`);
  const location = stringAt(body, "location") ?? stringAt(findResource(context, base), "location") ?? "";
  return {
    status: existing === undefined ? 201 : 200,
    body: stored,
    headers: asyncHeaders(context, operation, "Microsoft.Resources", location, request.apiVersion, "status"),
  };
}

/** Writes the resources of a deployment one after the other, each when those before it are there. */
export function deploymentOperations(
  context: () => ArmContext,
  dispatch: () => Dispatch,
): Readonly<Record<string, OperationHandler>> {
  const planned = ({ input, target }: Operation): Plan =>
    planOf(
      context(),
      objectAt(input, "properties"),
      stringAt(input, "location"),
      stringAt(input, "base") ?? "",
      target,
    );

  async function write(deployment: string, resource: PlannedResource): Promise<void> {
    const record = (state: string, more: JsonObject): void => {
      const key = recordKey(deployment);
      const stored = context().store.get(key) ?? {};
      const operationId = derivedGuid("step", deployment.toLowerCase(), resource.id.toLowerCase())
        .replaceAll("-", "")
        .slice(0, 16)
        .toUpperCase();
      const step: JsonObject = {
        id: `${deployment}/operations/${operationId}`,
        operationId,
        properties: {
          provisioningOperation: "Create",
          provisioningState: state,
          timestamp: new Date(context().now()).toISOString(),
          targetResource: { id: resource.id, resourceType: resource.type, resourceName: resource.id.split("/").at(-1) },
          ...more,
        },
      };
      context().store.commit({
        put: { [key]: { ...stored, steps: { ...objectAt(stored, "steps"), [operationId]: step } } },
      });
    };
    record("Running", {});
    try {
      const answer = await dispatch()(
        context(),
        internalRequest("PUT", resource.id, resource.apiVersion, resource.body()),
      );
      await ended(context(), answer);
      record("Succeeded", { statusCode: answer.status === 201 ? "Created" : "OK" });
    } catch (error) {
      const { code, message } = describeError(error);
      record("Failed", { statusCode: "Conflict", statusMessage: { status: "Failed", error: { code, message } } });
      throw new ArmError(
        409,
        "DeploymentFailed",
        `At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details. '${resource.id}': ${code}: ${message}`,
      );
    }
  }

  function propertyChange(target: string, properties: JsonObject): { put: Record<string, JsonObject> } {
    const deployment = findResource(context(), target);
    if (deployment === undefined) return { put: {} };
    const before = objectAt(deployment, "properties");
    return { put: { [resourceKey(target)]: { ...deployment, properties: { ...before, ...properties } } } };
  }

  return {
    [DEPLOY]: {
      async work(operation) {
        const plan = planned(operation);
        for (const resource of plan.resources) await write(operation.target, resource);
        // Outputs that cannot be read are the deployment's failure.
        plan.outputs();
      },
      succeed(operation) {
        const plan = planned(operation);
        return propertyChange(operation.target, {
          provisioningState: "Succeeded",
          outputs: plan.outputs(),
          outputResources: plan.resources.map(({ id }) => ({ id })),
        });
      },
      fail: (operation, error) =>
        propertyChange(operation.target, { provisioningState: "Failed", error: { ...error } }),
    },
  };
}

const WAIT_MILLISECONDS = 50;

/** Waits for the operation that an answer began. @throws ArmError where it fails. */
async function ended(context: ArmContext, answer: ArmResponse): Promise<void> {
  const url = answer.headers?.["azure-asyncoperation"];
  const id = url === undefined ? undefined : new URL(url).pathname.split("/").at(-1);
  if (id === undefined) return;
  for (;;) {
    const operation = context.operations.get(id);
    if (operation === undefined || operation.status === "Succeeded") return;
    if (operation.error !== undefined) throw new ArmError(409, operation.error.code, operation.error.message);
    await sleep(WAIT_MILLISECONDS, undefined, { signal: context.operations.stopping });
  }
}
