import { type ArmContext } from "../context";
import { ArmError } from "../errors";
import { type Json, type JsonObject, stringAt } from "../json";
import { findResource, resourcesBelow } from "./resources";

/** How Azure refuses to delete what others use, by type in lower case. */
const REFUSALS: Readonly<Record<string, (name: string, id: string, users: readonly string[]) => [string, string]>> = {
  "microsoft.network/virtualnetworks/subnets": (name, _, users) => [
    "InUseSubnetCannotBeDeleted",
    `Subnet ${name} is in use by ${users.join(", ")} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`,
  ],
  "microsoft.network/networksecuritygroups": (name, _, users) => [
    "InUseNetworkSecurityGroupCannotBeDeleted",
    `Network security group ${name} cannot be deleted because it is in use by the following resources: ${users.join(", ")}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.`,
  ],
  "microsoft.network/routetables": (name, _, users) => [
    "InUseRouteTableCannotBeDeleted",
    `Route table ${name} is in use and cannot be deleted: ${users.join(", ")}.`,
  ],
  "microsoft.network/natgateways": (name, _, users) => [
    "InUseNatGatewayCannotBeDeleted",
    `Nat gateway ${name} is in use by ${users.join(", ")} and cannot be deleted.`,
  ],
  "microsoft.network/publicipaddresses": (_, id, users) => [
    "PublicIPAddressCannotBeDeleted",
    `Public IP address ${id} can not be deleted since it is still allocated to resource ${users.join(", ")}. In order to delete the public IP, disassociate/detach the Public IP address from the resource. To learn how to do this, see aka.ms/deletepublicip.`,
  ],
};

/** Zones of private names are deleted after the networks that are linked to them. */
const NESTED_FIRST: Readonly<Record<string, string>> = {
  "microsoft.network/privatednszones": "microsoft.network/privatednszones/virtualnetworklinks",
};

/** @throws ArmError 400 where another resource uses this one or one of its children; 409 where nested ones go first. */
export function requireUnused(context: ArmContext, id: string, type: string): void {
  const nested = NESTED_FIRST[type.toLowerCase()];
  const children = resourcesBelow(context, id);
  if (nested !== undefined && children.some((child) => stringAt(child, "type")?.toLowerCase() === nested)) {
    throw new ArmError(
      409,
      "CannotDeleteResource",
      `Can not delete resource before nested resources are deleted: '${id}' has virtual network links.`,
    );
  }
  for (const resource of [findResource(context, id), ...children]) {
    const refusal = REFUSALS[stringAt(resource, "type")?.toLowerCase() ?? ""];
    if (resource === undefined || refusal === undefined) continue;
    const target = stringAt(resource, "id") ?? "";
    const users = usersOf(context, target, id);
    if (users.length === 0) continue;
    const [code, message] = refusal(stringAt(resource, "name") ?? "", target, users);
    throw new ArmError(400, code, message);
  }
}

/** Ids of the resources outside of `owner` whose properties name the target. Extensions, such as locks, are no users. */
function usersOf(context: ArmContext, target: string, owner: string): string[] {
  const lower = owner.toLowerCase();
  return resourcesBelow(context, `/subscriptions/${context.identity.subscriptionId}/resourceGroups`)
    .filter((other) => {
      const otherId = (stringAt(other, "id") ?? "").toLowerCase();
      const isExtension = otherId.split("/providers/").length > 2;
      return (
        !isExtension && otherId !== lower && !otherId.startsWith(`${lower}/`) && names(other["properties"], target)
      );
    })
    .map((other: JsonObject) => stringAt(other, "id") ?? "");
}

/** Whether a value has the id, or one of something below it, anywhere in it. */
function names(value: Json | undefined, id: string): boolean {
  if (typeof value === "string") return `${value.toLowerCase()}/`.startsWith(`${id.toLowerCase()}/`);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((part) => names(part, id));
}
