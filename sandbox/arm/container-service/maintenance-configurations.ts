import { type ResourceHandler } from "../context";
import { aksError } from "../errors";
import { jsonBody } from "../http";
import { type JsonObject, objectAt, stringAt } from "../json";
import { typeKey } from "../resource-id";
import { findResource, resourceKey, resourceNotFound, resourcesBelow } from "../resource-manager/resources";
import { requireCluster } from "./cluster-resources";
import { checkModel } from "./model";

const TYPE = "Microsoft.ContainerService/managedClusters/maintenanceConfigurations";
const NAMES = ["default", "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"];

/** Maintenance windows of a cluster. */
export const maintenanceConfigurationsHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (part === undefined || typeKey(part) !== TYPE.toLowerCase()) return undefined;
  const cluster = requireCluster(context, request.resource);
  const owner = stringAt(cluster, "id") ?? "";
  if (part.names.length === 1) {
    if (request.method !== "GET") return undefined;
    return { status: 200, body: { value: resourcesBelow(context, owner).filter(({ type }) => type === TYPE) } };
  }
  const given = part.names[1] ?? "";
  const id = `${owner}/maintenanceConfigurations/${given}`;
  const existing = findResource(context, id);
  switch (request.method) {
    case "GET":
      if (existing === undefined) throw resourceNotFound(request.resource);
      return { status: 200, body: existing };
    case "PUT": {
      const name = NAMES.find((known) => known.toLowerCase() === given.toLowerCase());
      if (name === undefined) {
        throw aksError(
          400,
          "InvalidParameter",
          `The maintenance configuration name '${given}' is none of ${NAMES.join(", ")}.`,
        );
      }
      const properties = objectAt(checkModel("MaintenanceConfiguration", jsonBody(request)), "properties");
      checkWindow(name, properties);
      const stored: JsonObject = {
        id: stringAt(existing, "id") ?? `${owner}/maintenanceConfigurations/${name}`,
        name,
        type: TYPE,
        properties,
      };
      context.store.commit({ put: { [resourceKey(id)]: stored } });
      return { status: existing === undefined ? 201 : 200, body: stored };
    }
    case "DELETE":
      if (existing === undefined) return { status: 204 };
      context.store.commit({ delete: [resourceKey(id)] });
      return { status: 200 };
    default:
      return undefined;
  }
};

/** @throws ArmError 400 where a window of the wrong kind is given, or none. */
function checkWindow(name: string, properties: JsonObject): void {
  const wanted = name === "default" ? ["timeInWeek", "notAllowedTime"] : ["maintenanceWindow"];
  const given = ["timeInWeek", "notAllowedTime", "maintenanceWindow"].filter(
    (property) => properties[property] !== undefined,
  );
  const wrong = given.find((property) => !wanted.includes(property));
  if (wrong === undefined && given.length > 0) return;
  throw aksError(
    400,
    "InvalidParameter",
    `properties.${wrong ?? wanted[0] ?? ""}: the maintenance configuration '${name}' takes ${wanted.join(" and ")}${wrong === undefined ? "" : `, not ${wrong}`}.`,
    { target: `properties.${wrong ?? wanted[0] ?? ""}` },
  );
}
