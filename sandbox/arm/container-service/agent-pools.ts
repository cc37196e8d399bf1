import { type ArmContext, methodAndPath, operationPlan, type ResourceHandler, type ResourceRequest } from "../context";
import { aksError, ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { type JsonObject, objectAt, stringAt } from "../json";
import { type OperationHandler } from "../operations";
import { typeKey } from "../resource-id";
import { asyncHeaders } from "../resource-manager/operation-results";
import { requireRegistered } from "../resource-manager/resource-providers";
import {
  checkEtag,
  findResource,
  newEtag,
  requireResourceGroup,
  resourceKey,
  resourceNotFound,
} from "../resource-manager/resources";
import { type Change } from "../store";
import { checkPool, checkPoolChange, completePool } from "./agent-pool";
import { checkCluster } from "./cluster-preconditions";
import { checkEncryptionAtHost } from "./feature-preconditions";
import {
  clusterId,
  NAMESPACE,
  POOL_TYPE,
  poolsOf,
  requireCluster,
  requireIdle,
  requireIdlePool,
  requireRunning,
  withState,
} from "./cluster-resources";
import { type ControlPlanes } from "./control-planes";
import { quotaError } from "./managed-clusters";
import { checkQuota } from "./quota";
import { checkModel } from "./model";
import { newestNodeImage } from "./node-images";
import { poolSurroundings, poolUpgrades } from "./pool-surroundings";
import { withNewestImage } from "./releases";
import { checkPoolUpgrade } from "./version-changes";

const PUT = "agentPoolPut";
const DELETE = "agentPoolDelete";

/** Agent pools: create, update, read, list, delete, and what they can be upgraded to. */
export const agentPoolsHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (part === undefined) return undefined;
  const type = typeKey(part);
  const base = "microsoft.containerservice/managedclusters/agentpools";
  if (type === `${base}/upgradeprofiles` && request.method === "GET") return upgradeProfile(context, request);
  if (type === `${base}/upgradenodeimageversion` && request.method === "POST") return upgradeImage(context, request);
  if (type === `${base}/deletemachines` && request.method === "POST") {
    throw aksError(
      400,
      "NotSupported",
      "The sandbox cannot take single machines out of a pool: scale the pool, which takes the last ones.",
    );
  }
  if (type !== base) return undefined;
  if (part.names.length === 1) {
    if (request.method !== "GET") return undefined;
    const cluster = requireCluster(context, request.resource);
    return { status: 200, body: { value: poolsOf(context, stringAt(cluster, "id") ?? "") } };
  }
  switch (request.method) {
    case "GET":
      return { status: 200, body: requirePool(context, request) };
    case "PUT":
      return put(context, request);
    case "DELETE":
      return remove(context, request);
    default:
      return undefined;
  }
};

function poolId(context: ArmContext, request: ResourceRequest): string {
  return `${clusterId(context, request.resource)}/agentPools/${request.resource.provider?.names[1] ?? ""}`;
}

function requirePool(context: ArmContext, request: ResourceRequest): JsonObject {
  requireParent(context, request);
  const pool = findResource(context, poolId(context, request));
  if (pool !== undefined) return pool;
  throw aksError(
    404,
    "NotFound",
    `Could not find the agentpool: ${request.resource.provider?.names[1] ?? ""} in subscription ${context.identity.subscriptionId}, resourceGroup: ${request.resource.resourceGroup ?? ""}, resourceName: ${request.resource.provider?.names[0] ?? ""}.`,
  );
}

/** The cluster of a pool. @throws ArmError 404 ParentResourceNotFound. */
function requireParent(context: ArmContext, request: ResourceRequest): JsonObject {
  requireResourceGroup(context, request.resource, request.method !== "GET");
  try {
    return requireCluster(context, request.resource);
  } catch (error) {
    if (!(error instanceof ArmError) || error.code !== "ResourceNotFound") throw error;
    const [cluster = ""] = request.resource.provider?.names ?? [];
    throw new ArmError(
      404,
      "ParentResourceNotFound",
      `Failed to perform 'write' on resource(s) of type 'managedClusters/agentPools', because the parent resource '${request.resource.scope}/providers/${NAMESPACE}/managedClusters/${cluster}' could not be found.`,
    );
  }
}

function put(context: ArmContext, request: ResourceRequest): ArmResponse {
  requireRegistered(context, NAMESPACE);
  const cluster = requireParent(context, request);
  const owner = stringAt(cluster, "id") ?? "";
  const location = stringAt(cluster, "location") ?? "";
  const id = poolId(context, request);
  const existing = findResource(context, id);
  checkEtag(request, existing, "EtagMismatch");
  const body = checkModel("AgentPool", jsonBody(request));
  if (context.faults.strikes("quota", methodAndPath(request))) throw quotaError(location);
  requireRunning(cluster);
  requireIdle(context, owner);

  const asked = objectAt(body, "properties");
  const before = objectAt(existing, "properties");
  const name = stringAt(existing, "name") ?? request.resource.provider?.names[1] ?? "";
  const surroundings = poolSurroundings(context, cluster, false);
  if (existing !== undefined) checkPoolChange(before, asked, "properties");
  const properties = completePool(before, asked, surroundings);
  const upgraded = checkPoolUpgrade(before, properties, "properties");
  checkPool(name, properties, surroundings, "properties");
  const others = poolsOf(context, owner).filter((pool) => stringAt(pool, "id")?.toLowerCase() !== id.toLowerCase());
  if (before["mode"] === "System" && properties["mode"] !== "System") requireOtherSystemPool(others, name);
  checkCluster(cluster, [
    ...others.map((pool) => ({ name: stringAt(pool, "name") ?? "", properties: objectAt(pool, "properties") })),
    { name, properties },
  ]);
  checkEncryptionAtHost(context, [{ name, properties }]);
  checkQuota(context, location, [before], [properties]);

  const state = existing === undefined ? "Creating" : upgraded ? "Upgrading" : "Updating";
  const pool: JsonObject = {
    id: stringAt(existing, "id") ?? id,
    name,
    type: POOL_TYPE,
    properties: { ...properties, eTag: newEtag(context, id), provisioningState: state },
  };
  const operation = context.operations.start(
    {
      kind: PUT,
      target: stringAt(pool, "id") ?? id,
      lock: owner.toLowerCase(),
      subscriptionId: context.identity.subscriptionId,
      ...operationPlan(context, request, existing === undefined ? "poolCreate" : "poolUpdate"),
    },
    { put: { [resourceKey(id)]: pool } },
  );
  return {
    status: existing === undefined ? 201 : 200,
    body: pool,
    headers: asyncHeaders(context, operation, NAMESPACE, location, request.apiVersion, "status"),
  };
}

/** The newest node image for a pool, its Kubernetes version unchanged. */
function upgradeImage(context: ArmContext, request: ResourceRequest): ArmResponse {
  const pool = requirePool(context, request);
  const cluster = requireCluster(context, request.resource);
  const upgraded = withState(withNewestImage(context, pool), "UpgradingNodeImageVersion");
  const id = stringAt(pool, "id") ?? "";
  requireRunning(cluster);
  requireIdlePool(context, stringAt(cluster, "id") ?? "", id);
  const operation = context.operations.start(
    {
      kind: PUT,
      target: id,
      // Of this pool only: the images of several pools are upgraded at the same time.
      lock: id.toLowerCase(),
      subscriptionId: context.identity.subscriptionId,
      ...operationPlan(context, request, "poolUpdate"),
    },
    { put: { [resourceKey(id)]: upgraded } },
  );
  const location = stringAt(cluster, "location") ?? "";
  return {
    status: 202,
    body: upgraded,
    headers: asyncHeaders(context, operation, NAMESPACE, location, request.apiVersion, "both"),
  };
}

/** @throws ArmError 400 where no other pool in mode System is left. */
function requireOtherSystemPool(others: readonly JsonObject[], name: string): void {
  const isSystem = (pool: JsonObject): boolean =>
    stringAt(pool, "properties", "mode") === "System" &&
    stringAt(pool, "properties", "provisioningState") !== "Deleting";
  if (others.some(isSystem)) return;
  throw aksError(
    400,
    "OperationNotAllowed",
    `There has to be at least one system agent pool: '${name}' is the last one. Add another agent pool in mode System first. See https://aka.ms/aks-system-pool`,
  );
}

function remove(context: ArmContext, request: ResourceRequest): ArmResponse {
  const cluster = requireParent(context, request);
  const owner = stringAt(cluster, "id") ?? "";
  const id = poolId(context, request);
  const pool = findResource(context, id);
  if (pool === undefined) return { status: 204 };
  checkEtag(request, pool, "EtagMismatch");
  const deleting = context.operations
    .running()
    .find(({ kind, target }) => kind === DELETE && target.toLowerCase() === id.toLowerCase());
  if (deleting === undefined) {
    requireRunning(cluster);
    requireIdle(context, owner);
    const others = poolsOf(context, owner).filter((other) => stringAt(other, "id") !== stringAt(pool, "id"));
    if (stringAt(pool, "properties", "mode") === "System") requireOtherSystemPool(others, stringAt(pool, "name") ?? "");
  }
  const operation =
    deleting ??
    context.operations.start(
      {
        kind: DELETE,
        target: stringAt(pool, "id") ?? id,
        lock: owner.toLowerCase(),
        subscriptionId: context.identity.subscriptionId,
        ...operationPlan(context, request, "poolDelete"),
      },
      { put: { [resourceKey(id)]: withState(pool, "Deleting") } },
    );
  return {
    status: 202,
    headers: asyncHeaders(
      context,
      operation,
      NAMESPACE,
      stringAt(cluster, "location") ?? "",
      request.apiVersion,
      "both",
    ),
  };
}

function upgradeProfile(context: ArmContext, request: ResourceRequest): ArmResponse {
  const cluster = requireCluster(context, request.resource);
  const pool = findResource(context, poolId(context, request));
  if (pool === undefined) throw resourceNotFound(request.resource);
  const properties = objectAt(pool, "properties");
  const current = stringAt(properties, "currentOrchestratorVersion") ?? "";
  return {
    status: 200,
    body: {
      id: `${stringAt(pool, "id") ?? ""}/upgradeProfiles/default`,
      name: "default",
      type: `${POOL_TYPE}/upgradeProfiles`,
      properties: {
        kubernetesVersion: current,
        osType: properties["osType"],
        latestNodeImageVersion: newestNodeImage(
          context,
          stringAt(properties, "osType") ?? "",
          stringAt(properties, "osSKU") ?? "",
        ),
        upgrades: poolUpgrades(context, cluster, current).map((kubernetesVersion) => ({ kubernetesVersion })),
      },
    },
  };
}

/** How long-running operations on agent pools are carried out. */
export function agentPoolOperations(
  context: () => ArmContext,
  planes: () => ControlPlanes,
): Readonly<Record<string, OperationHandler>> {
  const owner = (target: string): string => target.split("/").slice(0, -2).join("/");
  const stateChange = (target: string, state: string): Change => {
    const pool = findResource(context(), target);
    return pool === undefined ? {} : { put: { [resourceKey(target)]: withState(pool, state) } };
  };
  const work = (operation: { readonly target: string }): Promise<void> =>
    planes().reconcile(context(), owner(operation.target), context().settings().crdDelaySeconds);
  return {
    [PUT]: {
      work,
      succeed: (operation) => stateChange(operation.target, "Succeeded"),
      fail: (operation) => stateChange(operation.target, "Failed"),
    },
    [DELETE]: {
      work,
      succeed: (operation) => ({ delete: [resourceKey(operation.target)] }),
      fail: (operation) => stateChange(operation.target, "Failed"),
    },
  };
}
