import { createHash } from "node:crypto";

import ipaddr from "ipaddr.js";

import { type ArmContext, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { type JsonObject, numberAt, stringAt, valueAt } from "../json";
import { resourcesBelow } from "./resources";

/** An action on a resource of the generic store. */
interface Action {
  readonly context: ArmContext;
  readonly request: ResourceRequest;
  readonly resource: JsonObject;
}

/** Actions on resources of the generic store: `METHOD type/action` in lower case → answer. */
const ACTIONS: Readonly<Record<string, (action: Action) => ArmResponse>> = {
  "post microsoft.operationalinsights/workspaces/sharedkeys": (action) => ({
    status: 200,
    body: {
      primarySharedKey: derivedKey(action, "primary"),
      secondarySharedKey: derivedKey(action, "secondary"),
    },
  }),
  "post microsoft.storage/storageaccounts/listkeys": storageKeys,
  "post microsoft.storage/storageaccounts/regeneratekey": (action) => {
    renewKey(action, "keyName", ["key1", "key2"]);
    return storageKeys(action);
  },
  "post microsoft.containerregistry/registries/listcredentials": registryCredentials,
  "post microsoft.containerregistry/registries/regeneratecredential": (action) => {
    renewKey(action, "name", ["password", "password2"]);
    return registryCredentials(action);
  },
  "get microsoft.containerregistry/registries/listusages": () => ({
    status: 200,
    body: { value: [{ name: "Size", limit: 10 * 1024 ** 3, currentValue: 0, unit: "Bytes" }] },
  }),
  "get microsoft.network/virtualnetworks/checkipaddressavailability": checkAddress,
};

/** The answer to an action, or undefined where it is not known. `type` is in lower case. */
export function answerAction(type: string, name: string, action: Action): ArmResponse | undefined {
  return ACTIONS[`${action.request.method.toLowerCase()} ${type}/${name.toLowerCase()}`]?.(action);
}

/**
 * Whether an address of a network is free, and five others of its subnet that are. Azure keeps the first four and the last of each
 * subnet for itself.
 */
function checkAddress({ context, request, resource }: Action): ArmResponse {
  const id = stringAt(resource, "id") ?? "";
  const asked = request.query.get("ipAddress") ?? "";
  if (!ipaddr.IPv4.isValidFourPartDecimal(asked)) {
    throw new ArmError(400, "InvalidIPAddressFormat", `'${asked}' is no IPv4 address.`);
  }
  const address = numberOf(ipaddr.IPv4.parse(asked));
  const subnet = resourcesBelow(context, `${id}/subnets`)
    .flatMap((child) => stringAt(child, "properties", "addressPrefix") ?? [])
    .filter((prefix) => ipaddr.IPv4.isValidCIDR(prefix))
    .map((prefix) => ({
      first: numberOf(ipaddr.IPv4.networkAddressFromCIDR(prefix)),
      last: numberOf(ipaddr.IPv4.broadcastAddressFromCIDR(prefix)),
    }))
    .find(({ first, last }) => first <= address && address <= last);
  if (subnet === undefined) return { status: 200, body: { available: false, availableIPAddresses: [] } };
  const users = resourcesBelow(context, `/subscriptions/${context.identity.subscriptionId}/resourceGroups`)
    .map((other) => JSON.stringify(other))
    .filter((other) => other.includes(id));
  const isFree = (candidate: number): boolean =>
    candidate > subnet.first + 3 &&
    candidate < subnet.last &&
    !users.some((user) => user.includes(`"privateIPAddress":"${textOf(candidate)}"`));
  if (isFree(address)) return { status: 200, body: { available: true, availableIPAddresses: [] } };
  const free: string[] = [];
  for (let candidate = subnet.first + 4; candidate < subnet.last && free.length < 5; candidate += 1) {
    if (isFree(candidate)) free.push(textOf(candidate));
  }
  return { status: 200, body: { available: false, availableIPAddresses: free } };
}

function numberOf(address: ipaddr.IPv4): number {
  return address.octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

function storageKeys(action: Action): ArmResponse {
  const keys = ["key1", "key2"].map((keyName) => ({
    keyName,
    value: derivedKey(action, keyName),
    permissions: "FULL",
  }));
  return { status: 200, body: { keys } };
}

/** @throws ArmError 400 where the admin user is off, as it is unless the registry says so. */
function registryCredentials(action: Action): ArmResponse {
  const { resource } = action;
  if (valueAt(resource, "properties", "adminUserEnabled") !== true) {
    throw new ArmError(
      400,
      "UnAuthorizedForCredentialOperations",
      `Cannot perform credential operations for ${stringAt(resource, "id") ?? ""} as admin user is disabled. Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account`,
    );
  }
  const passwords = ["password", "password2"].map((name) => ({ name, value: derivedKey(action, name) }));
  return { status: 200, body: { username: stringAt(resource, "name"), passwords } };
}

/** How often each key of a resource was renewed. */
function renewalsKey(resource: JsonObject): string {
  return `renewals:${(stringAt(resource, "id") ?? "").toLowerCase()}`;
}

function renewKey({ context, request, resource }: Action, property: string, known: readonly string[]): void {
  const name = stringAt(jsonBody(request), property) ?? "";
  if (!known.includes(name)) {
    throw new ArmError(
      400,
      "InvalidRequestContent",
      `${property} is '${name}': it has to be one of ${known.join(", ")}.`,
    );
  }
  const key = renewalsKey(resource);
  const renewals = context.store.get(key) ?? {};
  context.store.commit({ put: { [key]: { ...renewals, [name]: (numberAt(renewals, name) ?? 0) + 1 } } });
}

/** A key that opens nothing, the same every time for the same resource until it is renewed. */
function derivedKey({ context, resource }: Action, name: string): string {
  const renewals = numberAt(context.store.get(renewalsKey(resource)), name) ?? 0;
  return createHash("sha512")
    .update(`${name}\n${stringAt(resource, "id") ?? ""}${renewals === 0 ? "" : `\n${renewals}`}`)
    .digest("base64");
}
