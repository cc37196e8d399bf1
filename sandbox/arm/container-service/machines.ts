import { nodeAddress, nodeName } from "../../control-plane/nodes";
import { type ArmContext, type ResourceHandler } from "../context";
import { numberAt, objectAt, stringAt, stringsAt } from "../json";
import { type JsonObject } from "../json";
import { typeKey } from "../resource-id";
import { findResource, resourceNotFound } from "../resource-manager/resources";
import { clusterId, requireCluster } from "./cluster-resources";

const TYPE = "Microsoft.ContainerService/managedClusters/agentPools/machines";

/** The machines of an agent pool: one for each of its nodes, under the node's name. */
export const machinesHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (part === undefined || typeKey(part) !== TYPE.toLowerCase() || request.method !== "GET") return undefined;
  const cluster = requireCluster(context, request.resource);
  const [, poolName = "", machineName] = part.names;
  const pool = findResource(context, `${clusterId(context, request.resource)}/agentPools/${poolName}`);
  if (pool === undefined) throw resourceNotFound(request.resource);
  const machines = machinesOf(context, cluster, pool);
  if (machineName === undefined) return { status: 200, body: { value: machines } };
  const machine = machines.find(({ name }) => name === machineName.toLowerCase());
  if (machine === undefined) throw resourceNotFound(request.resource);
  return { status: 200, body: machine };
};

function machinesOf(context: ArmContext, cluster: JsonObject, pool: JsonObject): JsonObject[] {
  const properties = objectAt(pool, "properties");
  const poolName = stringAt(pool, "name") ?? "";
  const nodeGroup = stringAt(cluster, "properties", "nodeResourceGroup") ?? "";
  const zones = stringsAt(properties, "availabilityZones");
  const isStopped = stringAt(properties, "powerState", "code") === "Stopped";
  return Array.from({ length: isStopped ? 0 : (numberAt(properties, "count") ?? 0) }, (_, index) => {
    const name = nodeName(poolName, index, nodeGroup);
    const scaleSet = name.slice(0, name.lastIndexOf("vmss") + "vmss".length);
    return {
      id: `${stringAt(pool, "id") ?? ""}/machines/${name}`,
      name,
      type: TYPE,
      zones: zones.length === 0 ? undefined : [zones[index % zones.length] ?? ""],
      properties: {
        network: { ipAddresses: [{ family: "IPv4", ip: nodeAddress(name) }] },
        resourceId: `/subscriptions/${context.identity.subscriptionId}/resourceGroups/${nodeGroup}/providers/Microsoft.Compute/virtualMachineScaleSets/${scaleSet}/virtualMachines/${index}`,
      },
    };
  });
}
