import { type ArmContext, operationPlan, type ResourceHandler, type ResourceRequest } from "../context";
import { aksError } from "../errors";
import { type ArmResponse } from "../http";
import { type JsonObject, objectAt, stringAt } from "../json";
import { typeKey } from "../resource-id";
import { asyncHeaders } from "../resource-manager/operation-results";
import { resourceKey } from "../resource-manager/resources";
import {
  clusterId,
  NAMESPACE,
  poolsOf,
  presentCluster,
  requireCluster,
  requireIdle,
  requireRunning,
  withState,
} from "./cluster-resources";
import { type ControlPlanes } from "./control-planes";
import { userKubeconfig } from "./kubeconfig";
import { upgradeProfiles } from "./mesh-profiles";
import { hasLongTermSupport, poolUpgrades } from "./pool-surroundings";
import { compareVersions, MAX_POOL_SKEW, minorOf, minorsBetween, offeredVersions, upgradesFrom } from "./versions";

/** What can be asked of one cluster besides reading it: credentials, upgrades, start and stop. */
export function createClusterActionsHandler(planes: ControlPlanes): ResourceHandler {
  return async (context, request) => {
    const part = request.resource.provider;
    if (part === undefined || part.names[0] === undefined) return undefined;
    const type = typeKey(part);
    const base = "microsoft.containerservice/managedclusters/";
    if (!type.startsWith(base)) return undefined;
    const what = type.slice(base.length);
    switch (`${request.method} ${what}`) {
      case "POST listclusterusercredential":
        return userCredential(context, request, planes);
      case "POST listclusteradmincredential":
        return adminCredential(context, request, planes);
      case "POST listclustermonitoringusercredential":
        return userCredential(context, request, planes);
      case "POST accessprofiles/listcredential":
        return accessProfile(context, request, planes);
      case "GET upgradeprofiles":
        return upgradeProfile(context, request);
      case "GET meshupgradeprofiles":
        return upgradeProfiles(context, request);
      case "GET availableagentpoolversions":
        return availableVersions(context, request);
      case "GET accessprofiles":
        return accessProfile(context, request, planes);
      case "POST start":
      case "POST stop":
        return power(context, request, what);
      case "POST rotateclustercertificates":
      case "POST rotateserviceaccountsigningkeys":
      case "POST resetserviceprincipalprofile":
      case "POST resetaadprofile":
        return renew(context, request);
      case "POST abort":
      case "POST agentpools/abort":
        return abort(context, request);
      case "POST runcommand":
        throw aksError(
          400,
          "NotSupported",
          "The sandbox runs no command in a cluster: its nodes have no containers. Use kubectl with the cluster's credentials.",
        );
      case "GET commandresults":
        throw aksError(404, "NotFound", "The sandbox runs no command in a cluster, so there is no result of one.");
      default:
        return undefined;
    }
  };
}

/** Certificates, keys and passwords that the sandbox's clusters keep: the operation takes its time and changes nothing. */
function renew(context: ArmContext, request: ResourceRequest): ArmResponse {
  const cluster = requireCluster(context, request.resource);
  const id = stringAt(cluster, "id") ?? "";
  requireRunning(cluster);
  requireIdle(context, id);
  const operation = context.operations.start(
    {
      kind: "clusterPut",
      target: id,
      lock: id.toLowerCase(),
      subscriptionId: context.identity.subscriptionId,
      ...operationPlan(context, request, "clusterUpdate"),
    },
    { put: { [resourceKey(id)]: withState(cluster, "Updating") } },
  );
  const location = stringAt(cluster, "location") ?? "";
  return { status: 202, headers: asyncHeaders(context, operation, NAMESPACE, location, request.apiVersion, "both") };
}

/** Azure aborts what it still can; the sandbox's operations are too short for that, and end as they would have. */
function abort(context: ArmContext, request: ResourceRequest): ArmResponse {
  const cluster = requireCluster(context, request.resource);
  const running = context.operations.holding((stringAt(cluster, "id") ?? "").toLowerCase());
  if (running === undefined) {
    throw aksError(
      400,
      "OperationNotAllowed",
      "There is no operation on the managed cluster that could be aborted: the last one has ended.",
    );
  }
  throw aksError(
    409,
    "OperationNotAllowed",
    `The sandbox cannot abort operation ${running.kind} (${running.id}): it ends at ${new Date(running.dueAt).toISOString()}.`,
  );
}

/** @throws ArmError 409 where the cluster is still being created: there is nothing to log in to yet. */
function requireReady(cluster: JsonObject): void {
  const state = stringAt(cluster, "properties", "provisioningState");
  if (state !== "Creating" && state !== "Deleting") return;
  throw aksError(
    409,
    "OperationNotAllowed",
    `The managed cluster is in provisioningState ${state}: its credentials cannot be listed now.`,
  );
}

async function userCredential(
  context: ArmContext,
  request: ResourceRequest,
  planes: ControlPlanes,
): Promise<ArmResponse> {
  const cluster = requireCluster(context, request.resource);
  requireReady(cluster);
  const id = stringAt(cluster, "id") ?? "";
  const plane = await planes.open(context, id);
  const hasEntra = objectAt(cluster, "properties", "aadProfile")["managed"] === true;
  const kubeconfig = hasEntra
    ? userKubeconfig({
        clusterName: stringAt(cluster, "name") ?? "",
        resourceGroup: id.split("/")[4] ?? "",
        tenantId: context.identity.tenantId,
        authorityHost: context.baseUrl,
        plane,
      })
    : plane.adminKubeconfig;
  return credentials("clusterUser", kubeconfig);
}

async function adminCredential(
  context: ArmContext,
  request: ResourceRequest,
  planes: ControlPlanes,
): Promise<ArmResponse> {
  const cluster = requireCluster(context, request.resource);
  requireReady(cluster);
  requireLocalAccounts(cluster);
  const plane = await planes.open(context, stringAt(cluster, "id") ?? "");
  return credentials("clusterAdmin", plane.adminKubeconfig);
}

function requireLocalAccounts(cluster: JsonObject): void {
  if (objectAt(cluster, "properties")["disableLocalAccounts"] !== true) return;
  throw aksError(
    400,
    "BadRequest",
    "Getting static credential is not allowed because this cluster is set to disable local accounts.",
  );
}

function credentials(name: string, kubeconfig: string): ArmResponse {
  return { status: 200, body: { kubeconfigs: [{ name, value: Buffer.from(kubeconfig).toString("base64") }] } };
}

/** The old way to a kubeconfig: `accessProfiles/{clusterAdmin | clusterUser}`. */
async function accessProfile(
  context: ArmContext,
  request: ResourceRequest,
  planes: ControlPlanes,
): Promise<ArmResponse> {
  const cluster = requireCluster(context, request.resource);
  requireReady(cluster);
  requireLocalAccounts(cluster);
  const id = stringAt(cluster, "id") ?? "";
  const name = request.resource.provider?.names[1] ?? "clusterAdmin";
  const plane = await planes.open(context, id);
  return {
    status: 200,
    body: {
      id: `${id}/accessProfiles/${name}`,
      name,
      type: `${NAMESPACE}/ManagedClusters/AccessProfiles`,
      location: cluster["location"],
      properties: { kubeConfig: Buffer.from(plane.adminKubeconfig).toString("base64") },
    },
  };
}

function upgradeProfile(context: ArmContext, request: ResourceRequest): ArmResponse {
  const cluster = requireCluster(context, request.resource);
  const id = stringAt(cluster, "id") ?? "";
  const offered = offeredVersions(context);
  const profile = (current: string, upgrades: readonly string[]): JsonObject => ({
    kubernetesVersion: current,
    osType: "Linux",
    upgrades: upgrades.map((kubernetesVersion) => ({
      kubernetesVersion,
      isPreview: offered.some(({ minor, isPreview }) => minor === minorOf(kubernetesVersion) && isPreview === true),
    })),
  });
  const version = stringAt(cluster, "properties", "currentKubernetesVersion") ?? "";
  return {
    status: 200,
    body: {
      id: `${id}/upgradeprofiles/default`,
      name: "default",
      type: `${NAMESPACE}/ManagedClusters/UpgradeProfiles`,
      properties: {
        controlPlaneProfile: profile(version, upgradesFrom(version, offered)),
        agentPoolProfiles: poolsOf(context, id).map((pool) => {
          const current = stringAt(pool, "properties", "currentOrchestratorVersion") ?? "";
          return {
            ...profile(current, poolUpgrades(context, cluster, current)),
            name: pool["name"],
            osType: objectAt(pool, "properties")["osType"],
          };
        }),
      },
    },
  };
}

function availableVersions(context: ArmContext, request: ResourceRequest): ArmResponse {
  const cluster = requireCluster(context, request.resource);
  const current = stringAt(cluster, "properties", "currentKubernetesVersion") ?? "";
  return {
    status: 200,
    body: {
      id: `${clusterId(context, request.resource)}/availableAgentPoolVersions`,
      name: "default",
      type: `${NAMESPACE}/managedClusters/availableAgentpoolVersions`,
      properties: {
        agentPoolVersions: offeredVersions(context)
          .filter(({ longTermOnly }) => !longTermOnly || hasLongTermSupport(cluster))
          .flatMap(({ patches, isPreview }) => patches.map((patch) => ({ patch, isPreview: isPreview === true })))
          .filter(({ patch }) => compareVersions(patch, current) <= 0 && minorsBetween(patch, current) <= MAX_POOL_SKEW)
          .map(({ patch, isPreview }) => ({ default: patch === current, kubernetesVersion: patch, isPreview })),
      },
    },
  };
}

function power(context: ArmContext, request: ResourceRequest, action: string): ArmResponse {
  const cluster = requireCluster(context, request.resource);
  const id = stringAt(cluster, "id") ?? "";
  requireIdle(context, id);
  const code = action === "start" ? "Running" : "Stopped";
  const turn = (resource: JsonObject): JsonObject => ({
    ...resource,
    properties: {
      ...objectAt(resource, "properties"),
      powerState: { code },
      provisioningState: action === "start" ? "Starting" : "Stopping",
    },
  });
  const operation = context.operations.start(
    {
      kind: "clusterPut",
      target: id,
      lock: id.toLowerCase(),
      subscriptionId: context.identity.subscriptionId,
      input: { crdDelaySeconds: context.settings().crdDelaySeconds },
      ...operationPlan(context, request, "clusterUpdate"),
    },
    {
      put: Object.fromEntries(
        [cluster, ...poolsOf(context, id)].map((resource) => [
          resourceKey(stringAt(resource, "id") ?? ""),
          turn(resource),
        ]),
      ),
    },
  );
  return {
    status: 202,
    body: presentCluster(context, turn(cluster), request.apiVersion),
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
