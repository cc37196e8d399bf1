import { type ArmContext } from "../context";
import { aksError } from "../errors";
import { type JsonObject, objectAt, stringAt } from "../json";
import { type Operation } from "../operations";
import { type ResourcePath } from "../resource-id";
import {
  findResource,
  requireResourceGroup,
  requireSubscription,
  resourceNotFound,
  resourcesBelow,
} from "../resource-manager/resources";
import { inlineProfile } from "./agent-pool";
import { forApiVersion } from "./service-mesh";

/** Types as Azure writes them in answers. */
export const CLUSTER_TYPE = "Microsoft.ContainerService/ManagedClusters";
export const POOL_TYPE = "Microsoft.ContainerService/managedClusters/agentPools";
export const NAMESPACE = "Microsoft.ContainerService";

/** Id of a cluster as AKS writes it: `resourcegroups` in lower case. */
export function clusterId(context: ArmContext, path: ResourcePath): string {
  const group = requireResourceGroup(context, path, false);
  const name = path.provider?.names[0] ?? "";
  return `/subscriptions/${requireSubscription(context, path)}/resourcegroups/${stringAt(group, "name") ?? ""}/providers/${NAMESPACE}/managedClusters/${name}`;
}

/** The cluster a path names. @throws ArmError 404 ResourceNotFound. */
export function requireCluster(context: ArmContext, path: ResourcePath): JsonObject {
  const cluster = findResource(context, clusterId(context, path));
  if (cluster !== undefined) return cluster;
  const part = path.provider;
  throw resourceNotFound(
    part === undefined
      ? path
      : { ...path, provider: { ...part, types: part.types.slice(0, 1), names: part.names.slice(0, 1) } },
  );
}

/** Stored agent pools of a cluster, by name. */
export function poolsOf(context: ArmContext, id: string): JsonObject[] {
  return resourcesBelow(context, id).filter((resource) => stringAt(resource, "type") === POOL_TYPE);
}

/** The cluster as Azure returns it in an API version: with its pools inline. */
export function presentCluster(context: ArmContext, cluster: JsonObject, apiVersion: string): JsonObject {
  const pools = poolsOf(context, stringAt(cluster, "id") ?? "").map(inlineProfile);
  const properties = forApiVersion(objectAt(cluster, "properties"), apiVersion);
  return { ...cluster, properties: { ...properties, agentPoolProfiles: pools } };
}

/** A stopped cluster can only be started or deleted. @throws ArmError 400 OperationNotAllowed. */
export function requireRunning(cluster: JsonObject): void {
  if (stringAt(cluster, "properties", "powerState", "code") !== "Stopped") return;
  throw aksError(
    400,
    "OperationNotAllowed",
    `The managed cluster '${stringAt(cluster, "name") ?? ""}' is stopped: it can only be started or deleted. Start it first. See https://aka.ms/aks-start-stop for more details`,
  );
}

/** @throws ArmError 409 OperationNotAllowed where another operation works on the cluster or one of its pools. */
export function requireIdle(context: ArmContext, id: string): void {
  const key = id.toLowerCase();
  const running = context.operations
    .running()
    .find(({ lock }) => lock !== undefined && (lock === key || lock.startsWith(`${key}/`)));
  refuseBusy(running);
}

/** @throws ArmError 409 OperationNotAllowed where another operation works on the cluster as a whole, or on this pool. */
export function requireIdlePool(context: ArmContext, clusterId: string, poolId: string): void {
  refuseBusy(context.operations.holding(clusterId.toLowerCase()) ?? context.operations.holding(poolId.toLowerCase()));
}

function refuseBusy(running: Operation | undefined): void {
  if (running === undefined) return;
  throw aksError(
    409,
    "OperationNotAllowed",
    `Operation is not allowed because there's an in progress ${running.kind} operation (${running.id}) on the managed cluster started on ${new Date(running.startedAt).toISOString()}, please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details`,
  );
}

/** The same resource with another provisioningState. */
export function withState(resource: JsonObject, provisioningState: string): JsonObject {
  return { ...resource, properties: { ...objectAt(resource, "properties"), provisioningState } };
}
