import ipaddr from "ipaddr.js";

import { ArmError } from "../errors";
import { type JsonObject, numberAt, stringAt, stringsAt } from "../json";

/** The resource whose children are checked. */
interface Parent {
  readonly id: string;
  readonly properties: JsonObject;
}

/** What holds between the children of one parent; the one that is written stands last. By their type in lower case. */
const CHECKS: Readonly<Record<string, (parent: Parent, children: readonly JsonObject[]) => void>> = {
  "microsoft.network/virtualnetworks/subnets": checkSubnets,
  "microsoft.network/networksecuritygroups/securityrules": checkSecurityRules,
  "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": checkFederatedCredentials,
};

/** Whether anything holds between children of this type. */
export function isCheckedAmongSiblings(type: string): boolean {
  return CHECKS[type.toLowerCase()] !== undefined;
}

/** @throws ArmError 400 or 409 where the children of a parent do not go together. */
export function checkSiblings(type: string, parent: Parent, children: readonly JsonObject[]): void {
  CHECKS[type.toLowerCase()]?.(parent, children);
}

/** Subnets lie within their network and apart from each other. */
function checkSubnets({ id, properties }: Parent, subnets: readonly JsonObject[]): void {
  const network = id.split("/").at(-1) ?? "";
  const space = stringsAt(properties, "addressSpace", "addressPrefixes");
  const taken: { readonly name: string; readonly range: Range }[] = [];
  for (const subnet of subnets) {
    const name = nameOf(subnet);
    const single = stringAt(subnet, "properties", "addressPrefix");
    for (const prefix of single === undefined ? stringsAt(subnet, "properties", "addressPrefixes") : [single]) {
      const range = rangeOf(prefix);
      if (range === undefined || !space.some((whole) => contains(rangeOf(whole), range))) {
        throw new ArmError(
          400,
          "NetcfgInvalidSubnet",
          `Subnet '${name}' is not valid in virtual network '${network}': '${prefix}' is no address range within ${space.join(", ")}.`,
        );
      }
      const other = taken.find((one) => contains(one.range, range) || contains(range, one.range));
      if (other !== undefined) {
        throw new ArmError(
          400,
          "NetcfgSubnetRangesOverlap",
          `Subnet '${name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '${network}': '${other.name}'.`,
        );
      }
      taken.push({ name, range });
    }
  }
}

/** Of two rules of one direction, one goes first. */
function checkSecurityRules(_: Parent, rules: readonly JsonObject[]): void {
  const taken = new Map<string, string>();
  for (const rule of rules) {
    const name = nameOf(rule);
    const priority = numberAt(rule, "properties", "priority");
    if (priority === undefined || priority < 100 || priority > 4096) {
      throw new ArmError(
        400,
        "SecurityRuleInvalidPriority",
        `Security rule has invalid Priority. Value provided: ${priority ?? "none"} Allowed range 100-4096. (Rule '${name}'.)`,
      );
    }
    const place = `${stringAt(rule, "properties", "direction")?.toLowerCase() ?? ""} ${priority}`;
    const other = taken.get(place);
    if (other !== undefined) {
      throw new ArmError(
        400,
        "SecurityRuleConflict",
        `Security rule ${name} conflicts with rule ${other}. Rules cannot have the same Priority and Direction.`,
      );
    }
    taken.set(place, name);
  }
}

/** A token of one issuer for one subject is exchanged for an identity in one way; there are twenty ways at most. */
function checkFederatedCredentials({ id }: Parent, credentials: readonly JsonObject[]): void {
  const identity = id.split("/").at(-1) ?? "";
  const written = credentials.at(-1);
  const isSame = (property: string, other: JsonObject): boolean =>
    stringAt(other, "properties", property) === stringAt(written, "properties", property);
  if (credentials.slice(0, -1).some((other) => isSame("issuer", other) && isSame("subject", other))) {
    throw new ArmError(
      409,
      "Conflict",
      `Issuer and subject combination already exists for this Managed Identity '${identity}'.`,
    );
  }
  if (credentials.length > 20) {
    throw new ArmError(
      400,
      "BadRequest",
      `Too many Federated Identity Credentials have been created on identity '${identity}': 20 are allowed.`,
    );
  }
}

function nameOf(child: JsonObject): string {
  return stringAt(child, "name") ?? "";
}

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

function rangeOf(prefix: string): Range | undefined {
  return ipaddr.isValidCIDR(prefix) ? ipaddr.parseCIDR(prefix) : undefined;
}

function contains(outer: Range | undefined, [address, bits]: Range): boolean {
  return outer !== undefined && outer[0].kind() === address.kind() && outer[1] <= bits && address.match(outer);
}
