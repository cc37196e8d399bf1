import { type ArmContext, type ResourceHandler } from "../context";
import { ArmError } from "../errors";
import { type JsonObject, objectAt, stringAt } from "../json";
import { secretValuesBelow } from "../key-vault/read-secret";
import { type Change } from "../store";
import { requireSubscription } from "./resources";

const VAULTS = "microsoft.keyvault/vaults";
const PREFIX = `deleted:${VAULTS}/`;
const DAY_MILLISECONDS = 24 * 3600 * 1000;

/** Whether a deleted resource still holds its name. */
export function isSoftDeleted(context: ArmContext, type: string, name: string): boolean {
  return type.toLowerCase() === VAULTS && context.store.get(PREFIX + name.toLowerCase()) !== undefined;
}

/** What stays of a deleted resource: Azure keeps key vaults for 90 days, unless they say otherwise. */
export function afterDeletion(context: ArmContext, resource: JsonObject): Change {
  if (stringAt(resource, "type")?.toLowerCase() !== VAULTS) return {};
  const name = stringAt(resource, "name") ?? "";
  const days = objectAt(resource, "properties")["softDeleteRetentionInDays"];
  const purgeAt = context.now() + (typeof days === "number" ? days : 90) * DAY_MILLISECONDS;
  return {
    // The sandbox does not bring secrets back with their vault: their values go at once.
    delete: secretValuesBelow(context, stringAt(resource, "id") ?? ""),
    put: {
      [PREFIX + name.toLowerCase()]: {
        vault: resource,
        deletionDate: new Date(context.now()).toISOString(),
        scheduledPurgeDate: new Date(purgeAt).toISOString(),
      },
    },
  };
}

/**
 * What a PUT over a deleted vault does: with createMode `recover` the vault is back.
 *
 * @returns the vault as it was, or undefined where the name is free.
 * @throws ArmError 409 where the deleted vault is neither recovered nor purged.
 */
export function recovered(
  context: ArmContext,
  type: string,
  name: string,
  body: JsonObject,
): { readonly vault: JsonObject; readonly change: Change } | undefined {
  if (!isSoftDeleted(context, type, name)) return undefined;
  const key = PREFIX + name.toLowerCase();
  if (stringAt(body, "properties", "createMode") !== "recover") {
    throw new ArmError(
      409,
      "ConflictError",
      "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
    );
  }
  return { vault: objectAt(context.store.get(key), "vault"), change: { delete: [key] } };
}

/** `…/providers/Microsoft.KeyVault/deletedVaults`, and one of them below its location: read, purge. */
export const softDeletionHandler: ResourceHandler = (context, request) => {
  const match =
    /^\/subscriptions\/[^/]+\/providers\/microsoft\.keyvault\/(?:locations\/[^/]+\/)?deletedvaults(?:\/([^/]+)(\/purge)?)?\/?$/i.exec(
      request.path,
    );
  if (match === null) return undefined;
  const subscriptionId = requireSubscription(context, request.resource);
  const describe = (record: JsonObject): JsonObject => {
    const vault = objectAt(record, "vault");
    const location = stringAt(vault, "location") ?? "";
    const name = stringAt(vault, "name") ?? "";
    return {
      id: `/subscriptions/${subscriptionId}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${name}`,
      name,
      type: "Microsoft.KeyVault/deletedVaults",
      properties: {
        vaultId: vault["id"],
        location,
        tags: vault["tags"] ?? {},
        deletionDate: record["deletionDate"],
        scheduledPurgeDate: record["scheduledPurgeDate"],
        purgeProtectionEnabled: objectAt(vault, "properties")["enablePurgeProtection"],
      },
    };
  };
  if (match[1] === undefined) {
    if (request.method !== "GET") return undefined;
    return { status: 200, body: { value: context.store.list(PREFIX).map(({ value }) => describe(value)) } };
  }
  const key = PREFIX + decodeURIComponent(match[1]).toLowerCase();
  const record = context.store.get(key);
  if (record === undefined) {
    throw new ArmError(404, "DeletedVaultNotFound", `The specified deleted vault '${match[1]}' does not exist.`);
  }
  if (match[2] === undefined) return request.method === "GET" ? { status: 200, body: describe(record) } : undefined;
  if (request.method !== "POST") return undefined;
  if (objectAt(record, "vault", "properties")["enablePurgeProtection"] === true) {
    throw new ArmError(
      400,
      "OperationNotAllowed",
      `The vault '${match[1]}' cannot be purged: it has purge protection.`,
    );
  }
  context.store.commit({ delete: [key] });
  return { status: 200 };
};
