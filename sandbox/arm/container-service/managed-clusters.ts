import { type ArmContext, operationPlan, methodAndPath, type ResourceHandler, type ResourceRequest } from "../context";
import { aksError, type ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { isObject, type JsonObject, objectAt, objectsAt, stringAt } from "../json";
import { type OperationHandler } from "../operations";
import { typeKey } from "../resource-id";
import { requireSameLocation } from "../resource-manager/generic-resources";
import { asyncHeaders } from "../resource-manager/operation-results";
import { requireRegistered } from "../resource-manager/resource-providers";
import {
  checkEtag,
  findResource,
  keysOf,
  newEtag,
  requireResourceGroup,
  requireSubscription,
  resourceGroupId,
  resourceKey,
  resourcesBelow,
} from "../resource-manager/resources";
import { normalizeLocation, requireLocation } from "../resource-manager/subscriptions";
import { type Change, mergeChanges } from "../store";
import { checkPool, checkPoolChange, completePool, type PoolSurroundings } from "./agent-pool";
import {
  CLUSTER_TYPE,
  clusterId,
  NAMESPACE,
  POOL_TYPE,
  poolsOf,
  presentCluster,
  requireCluster,
  requireIdle,
  requireRunning,
  withState,
} from "./cluster-resources";
import { checkClusterChange } from "./cluster-changes";
import { checkCluster } from "./cluster-preconditions";
import { type ControlPlanes, forgetCluster } from "./control-planes";
import { checkEncryptionAtHost, checkMeshFeature } from "./feature-preconditions";
import { completeIdentity, completeProperties, mergeAddons } from "./managed-cluster";
import { checkModel } from "./model";
import { poolSurroundings } from "./pool-surroundings";
import { checkQuota } from "./quota";
import {
  checkCertificateAuthority,
  checkRedirection,
  checkRevisions,
  completeServiceMesh,
  mergeServiceMesh,
  type MeshChange,
} from "./service-mesh";
import { checkPoolUpgrade, checkVersionChange } from "./version-changes";
import { offeredVersions } from "./versions";

const PUT = "clusterPut";
const DELETE = "clusterDelete";

/** Clusters: create, update, read, list, delete. */
export const managedClustersHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (part === undefined || typeKey(part) !== "microsoft.containerservice/managedclusters") return undefined;
  if (part.names.length === 0) return request.method === "GET" ? list(context, request) : undefined;
  switch (request.method) {
    case "GET":
      return {
        status: 200,
        body: presentCluster(context, requireCluster(context, request.resource), request.apiVersion),
      };
    case "HEAD":
      requireCluster(context, request.resource);
      return { status: 204 };
    case "PUT":
      return put(context, request);
    case "PATCH":
      return patch(context, request);
    case "DELETE":
      return remove(context, request);
    default:
      return undefined;
  }
};

function list(context: ArmContext, request: ResourceRequest): ArmResponse {
  const { resource } = request;
  const subscriptionId = requireSubscription(context, resource);
  const root =
    resource.resourceGroup === undefined
      ? `/subscriptions/${subscriptionId}/resourceGroups`
      : (stringAt(requireResourceGroup(context, resource, false), "id") ?? "");
  const clusters = resourcesBelow(context, root).filter((candidate) => stringAt(candidate, "type") === CLUSTER_TYPE);
  return {
    status: 200,
    body: { value: clusters.map((cluster) => presentCluster(context, cluster, request.apiVersion)) },
  };
}

function put(context: ArmContext, request: ResourceRequest): ArmResponse {
  const { resource } = request;
  const group = requireResourceGroup(context, resource, true);
  requireRegistered(context, NAMESPACE);
  const id = clusterId(context, resource);
  const existing = findResource(context, id);
  checkEtag(request, existing, "EtagMismatch");
  const body = checkModel("ManagedCluster", jsonBody(request));
  requireLocation(stringAt(body, "location") ?? "", CLUSTER_TYPE);
  requireSameLocation(resource, existing, stringAt(body, "location"));
  if (context.faults.strikes("quota", methodAndPath(request))) throw quotaError(stringAt(body, "location") ?? "");
  if (existing !== undefined) {
    requireRunning(existing);
    requireIdle(context, id);
  }

  const place = {
    id: stringAt(existing, "id") ?? id,
    name: stringAt(existing, "name") ?? resource.provider?.names[0] ?? "",
    resourceGroup: stringAt(group, "name") ?? "",
    location: normalizeLocation(stringAt(body, "location") ?? ""),
  };
  const before = objectAt(existing, "properties");
  const asked = objectAt(body, "properties");
  const wanted: JsonObject = { ...before, ...asked };
  const meshBefore = objectAt(before, "serviceMeshProfile");
  delete wanted["agentPoolProfiles"];
  wanted["addonProfiles"] = mergeAddons(objectAt(before, "addonProfiles"), objectAt(asked, "addonProfiles"));
  wanted["networkProfile"] = { ...objectAt(before, "networkProfile"), ...objectAt(asked, "networkProfile") };
  checkRedirection(asked["serviceMeshProfile"], request.apiVersion);
  wanted["serviceMeshProfile"] = mergeServiceMesh(meshBefore, asked["serviceMeshProfile"]);
  if (existing !== undefined) checkClusterChange(existing, body);
  const sku = { name: "Base", tier: "Free", ...objectAt(existing, "sku"), ...objectAt(body, "sku") };
  const identity = completeIdentity(context, place.id, body["identity"] ?? existing?.["identity"]);
  const completed = completeProperties(context, place, wanted, { identity, tier: sku.tier });
  const newVersion = stringAt(completed, "currentKubernetesVersion") ?? "";
  const properties: JsonObject = {
    ...completed,
    serviceMeshProfile: completeServiceMesh(context, wanted["serviceMeshProfile"], newVersion),
  };
  const version = stringAt(before, "currentKubernetesVersion");
  const upgraded = version !== undefined && version !== newVersion;
  const state = existing === undefined ? "Creating" : upgraded ? "Upgrading" : "Updating";
  const cluster: JsonObject = {
    id: place.id,
    name: place.name,
    type: CLUSTER_TYPE,
    location: place.location,
    tags: body["tags"] ?? existing?.["tags"],
    sku,
    kind: body["kind"] ?? existing?.["kind"] ?? "Base",
    identity,
    extendedLocation: body["extendedLocation"],
    eTag: newEtag(context, id),
    properties: { ...properties, provisioningState: state },
  };
  if (upgraded) {
    checkVersionChange(version, newVersion, offeredVersions(context));
  }
  const pools = plannedPools(
    context,
    place.id,
    existing !== undefined,
    asked,
    poolSurroundings(context, cluster, true),
  );
  const planned = pools.map((pool) => ({
    name: stringAt(pool, "name") ?? "",
    properties: objectAt(pool, "properties"),
  }));
  checkCluster(cluster, planned);
  checkEncryptionAtHost(context, planned);
  checkQuota(
    context,
    place.location,
    poolsOf(context, place.id).map((pool) => objectAt(pool, "properties")),
    planned.map((pool) => pool.properties),
  );
  checkMeshFeature(context, existing, cluster);
  const meshChange: MeshChange = {
    before: meshBefore,
    after: objectAt(properties, "serviceMeshProfile"),
    versionBefore: version,
    version: newVersion,
  };
  checkRevisions(context, meshChange);
  checkCertificateAuthority(meshChange);

  const change: Change = {
    put: {
      [resourceKey(id)]: cluster,
      ...Object.fromEntries(pools.map((pool) => [resourceKey(stringAt(pool, "id") ?? ""), withState(pool, state)])),
    },
  };
  const operation = context.operations.start(
    {
      kind: PUT,
      target: place.id,
      lock: place.id.toLowerCase(),
      subscriptionId: context.identity.subscriptionId,
      input: { crdDelaySeconds: crdDelay(context, request) },
      ...operationPlan(context, request, existing === undefined ? "clusterCreate" : "clusterUpdate"),
    },
    existing === undefined ? mergeChanges(change, nodeResourceGroupChange(context, cluster)) : change,
  );
  return {
    status: existing === undefined ? 201 : 200,
    body: presentCluster(context, cluster, request.apiVersion),
    headers: asyncHeaders(context, operation, NAMESPACE, place.location, request.apiVersion, "status"),
  };
}

/** The pools after a PUT of the cluster: all of a new one, those named in a later one. */
function plannedPools(
  context: ArmContext,
  id: string,
  clusterExists: boolean,
  asked: JsonObject,
  surroundings: PoolSurroundings,
): JsonObject[] {
  const existing = poolsOf(context, id);
  const profiles = objectsAt(asked, "agentPoolProfiles");
  if (!clusterExists && profiles.length === 0) {
    throw aksError(400, "InvalidParameter", "Required parameter properties.agentPoolProfiles is missing (null).", {
      target: "properties.agentPoolProfiles",
    });
  }
  const changed = profiles.map((profile, index) => {
    const path = `properties.agentPoolProfiles[${index}]`;
    const { name: given, ...settings } = profile;
    const name = typeof given === "string" ? given : "";
    const before = existing.find((pool) => stringAt(pool, "name")?.toLowerCase() === name.toLowerCase());
    if (clusterExists && before === undefined) {
      throw aksError(
        400,
        "BadRequest",
        "A new agent pool was introduced. Adding agent pools to an existing cluster is not allowed through managed cluster operations. For agent pool specific change, please use per agent pool operations: https://aka.ms/agent-pool-rest-api",
        { target: path },
      );
    }
    if (before !== undefined) checkPoolChange(objectAt(before, "properties"), settings, path);
    const properties = completePool(objectAt(before, "properties"), settings, surroundings);
    checkPool(name, properties, surroundings, path);
    checkPoolUpgrade(objectAt(before, "properties"), properties, path);
    const pool: JsonObject = before ?? { id: `${id}/agentPools/${name}`, name, type: POOL_TYPE };
    return { ...pool, properties };
  });
  const untouched = existing.filter((pool) => !changed.some((other) => stringAt(other, "id") === stringAt(pool, "id")));
  return [...untouched, ...changed];
}

/** The group that AKS makes for nodes, with the kubelet identity in it. */
function nodeResourceGroupChange(context: ArmContext, cluster: JsonObject): Change {
  const { subscriptionId, tenantId } = context.identity;
  const name = stringAt(cluster, "properties", "nodeResourceGroup") ?? "";
  const id = resourceGroupId(subscriptionId, name);
  if (findResource(context, id) !== undefined) {
    throw aksError(
      400,
      "NodeResourceGroupNameInUse",
      `The node resource group name '${name}' is already in use by another resource group. Choose another properties.nodeResourceGroup.`,
      { target: "properties.nodeResourceGroup" },
    );
  }
  const kubelet = objectAt(cluster, "properties", "identityProfile", "kubeletidentity");
  const identityId = stringAt(kubelet, "resourceId") ?? "";
  const location = cluster["location"];
  const change: Change = {
    put: {
      [resourceKey(id)]: {
        id,
        name,
        type: "Microsoft.Resources/resourceGroups",
        location,
        managedBy: cluster["id"],
        tags: {
          "aks-managed-cluster-name": cluster["name"],
          "aks-managed-cluster-rg": (stringAt(cluster, "id") ?? "").split("/")[4],
        },
        properties: { provisioningState: "Succeeded" },
      },
    },
  };
  if (!identityId.toLowerCase().startsWith(`${id.toLowerCase()}/`)) return change;
  return mergeChanges(change, {
    put: {
      [resourceKey(identityId)]: {
        id: identityId,
        name: identityId.split("/").at(-1),
        type: "Microsoft.ManagedIdentity/userAssignedIdentities",
        location,
        properties: { tenantId, clientId: kubelet["clientId"], principalId: kubelet["objectId"] },
      },
    },
  });
}

/** Seconds until the mesh's custom resource definitions appear. */
export function crdDelay(context: ArmContext, request: ResourceRequest): number {
  const late = 30;
  return context.faults.strikes("late-crds", methodAndPath(request)) ? late : context.settings().crdDelaySeconds;
}

/** Azure's refusal where a subscription has too few cores left. */
export function quotaError(location: string): ArmError {
  return aksError(
    400,
    "ErrCode_InsufficientVCPUQuota",
    `Insufficient vcpu quota requested 4, remaining 0 for family standardDDSv5Family for region ${location}. (Fault quota of the sandbox.)`,
  );
}

function patch(context: ArmContext, request: ResourceRequest): ArmResponse {
  const cluster = requireCluster(context, request.resource);
  const id = stringAt(cluster, "id") ?? "";
  checkEtag(request, cluster, "EtagMismatch");
  const { tags } = checkModel("TagsObject", jsonBody(request));
  requireIdle(context, id);
  const changed: JsonObject = { ...cluster, tags: isObject(tags) ? tags : cluster["tags"], eTag: newEtag(context, id) };
  context.store.commit({ put: { [resourceKey(id)]: changed } });
  return { status: 200, body: presentCluster(context, changed, request.apiVersion) };
}

function remove(context: ArmContext, request: ResourceRequest): ArmResponse {
  requireResourceGroup(context, request.resource, true);
  const id = clusterId(context, request.resource);
  const cluster = findResource(context, id);
  if (cluster === undefined) return { status: 204 };
  checkEtag(request, cluster, "EtagMismatch");
  const deleting = context.operations.running().find(({ kind, lock }) => kind === DELETE && lock === id.toLowerCase());
  if (deleting === undefined) requireIdle(context, id);
  const operation =
    deleting ??
    context.operations.start(
      {
        kind: DELETE,
        target: stringAt(cluster, "id") ?? id,
        lock: id.toLowerCase(),
        subscriptionId: context.identity.subscriptionId,
        ...operationPlan(context, request, "clusterDelete"),
      },
      { put: { [resourceKey(id)]: withState(cluster, "Deleting") } },
    );
  const location = stringAt(cluster, "location") ?? "";
  return { status: 202, headers: asyncHeaders(context, operation, NAMESPACE, location, request.apiVersion, "both") };
}

/** The change that removes a cluster, its pools and its node resource group. */
export function removeClusterChange(context: ArmContext, id: string): Change {
  const cluster = findResource(context, id);
  const nodeGroup = stringAt(cluster, "properties", "nodeResourceGroup");
  return mergeChanges(
    { delete: keysOf(context, id) },
    forgetCluster(id),
    nodeGroup === undefined
      ? {}
      : { delete: keysOf(context, resourceGroupId(context.identity.subscriptionId, nodeGroup)) },
  );
}

/** How long-running operations on clusters are carried out. */
export function managedClusterOperations(
  context: () => ArmContext,
  planes: () => ControlPlanes,
): Readonly<Record<string, OperationHandler>> {
  function stateChange(target: string, state: string): Change {
    const cluster = findResource(context(), target);
    if (cluster === undefined) return {};
    const pools = poolsOf(context(), target);
    return {
      put: Object.fromEntries(
        [cluster, ...pools].map((resource) => [
          resourceKey(stringAt(resource, "id") ?? ""),
          withState(resource, state),
        ]),
      ),
    };
  }
  return {
    [PUT]: {
      async work(operation) {
        const delay = operation.input["crdDelaySeconds"];
        await planes().reconcile(context(), operation.target, typeof delay === "number" ? delay : 0);
      },
      succeed: (operation) => stateChange(operation.target, "Succeeded"),
      fail: (operation) => stateChange(operation.target, "Failed"),
    },
    [DELETE]: {
      work: (operation) => planes().destroy(context(), operation.target),
      succeed: (operation) => removeClusterChange(context(), operation.target),
      fail: (operation) => stateChange(operation.target, "Failed"),
    },
  };
}
