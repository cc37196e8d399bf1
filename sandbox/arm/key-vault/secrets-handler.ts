import { randomUUID } from "node:crypto";

import { type ArmContext, type ResourceHandler, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { isObject, type JsonObject, numberAt, objectAt, stringAt } from "../json";
import { typeKey } from "../resource-id";
import { canonicalId, requireOwner } from "../resource-manager/generic-resources";
import { requireRegistered } from "../resource-manager/resource-providers";
import { findResource, requireResourceGroup, resourceKey, resourceNotFound } from "../resource-manager/resources";
import { secretValueKey } from "./read-secret";

const TYPE = "Microsoft.KeyVault/vaults/secrets";

/** Azure's bounds of a name and of a value. */
const NAME = /^[a-zA-Z0-9-]{1,127}$/;
const LONGEST_VALUE = 25_600;

/**
 * Secrets of a vault by Azure Resource Manager: write, read what they are like, list, all without their values, as Azure does. A
 * secret is deleted by the vault's own endpoint, where the sandbox does not know that.
 */
export const vaultSecretsHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (part === undefined || typeKey(part) !== TYPE.toLowerCase() || part.names.length < 2) return undefined;
  const id = canonicalId(context, request.resource);
  const existing = findResource(context, id);
  switch (request.method) {
    case "PUT":
      return put(context, request, id);
    case "PATCH":
      if (existing === undefined) throw resourceNotFound(request.resource);
      return put(context, request, id);
    case "DELETE":
      throw new ArmError(
        405,
        "MethodNotAllowed",
        "Azure Resource Manager does not delete secrets of a key vault; the vault's own endpoint, which does, cannot in the sandbox. Delete the vault.",
      );
    default:
      return undefined;
  }
};

function put(context: ArmContext, request: ResourceRequest, id: string): ArmResponse {
  requireResourceGroup(context, request.resource, true);
  requireOwner(context, request.resource, "write");
  requireRegistered(context, "Microsoft.KeyVault");
  return storeSecret(context, id, jsonBody(request));
}

/**
 * Writes a secret: its value, where there is one, as a new version.
 *
 * @throws ArmError 400 where name or value are none that a vault takes.
 */
export function storeSecret(context: ArmContext, id: string, body: JsonObject): ArmResponse {
  const existing = findResource(context, id);
  const name = id.split("/").at(-1) ?? "";
  const refuse = (message: string): ArmError => new ArmError(400, "BadRequest", message);
  if (!NAME.test(name)) throw refuse(`The secret name '${name}' is invalid: 1 to 127 letters, digits and hyphens.`);
  const asked = objectAt(body, "properties");
  const value = asked["value"];
  if (value === undefined ? existing === undefined : typeof value !== "string" || value === "") {
    throw refuse("The parameter properties.value is missing or empty.");
  }
  if (typeof value === "string" && Buffer.byteLength(value) > LONGEST_VALUE) {
    throw refuse(`The value of the secret is longer than ${LONGEST_VALUE} bytes.`);
  }
  const before = objectAt(existing, "properties");
  const vault = findResource(context, id.split("/").slice(0, -2).join("/"));
  const uri = `${stringAt(vault, "properties", "vaultUri") ?? ""}secrets/${name}`;
  const now = Math.floor(context.now() / 1000);
  const stored: JsonObject = {
    id: stringAt(existing, "id") ?? id,
    name: stringAt(existing, "name") ?? name,
    type: TYPE,
    location: vault?.["location"],
    tags: isObject(body["tags"]) ? body["tags"] : existing?.["tags"],
    properties: {
      contentType: asked["contentType"] ?? before["contentType"],
      attributes: {
        enabled: true,
        ...(value === undefined ? objectAt(before, "attributes") : {}),
        ...objectAt(asked, "attributes"),
        created: numberAt(before, "attributes", "created") ?? now,
        updated: now,
      },
      secretUri: uri,
      secretUriWithVersion:
        value === undefined ? before["secretUriWithVersion"] : `${uri}/${randomUUID().replaceAll("-", "")}`,
    },
  };
  context.store.commit({
    put: { [resourceKey(id)]: stored, ...(typeof value === "string" ? { [secretValueKey(id)]: { value } } : {}) },
  });
  return { status: existing === undefined ? 201 : 200, body: stored };
}
