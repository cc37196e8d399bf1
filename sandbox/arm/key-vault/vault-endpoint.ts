import { type ArmContext } from "../context";
import { type ArmRequest, type ArmResponse, jsonBody } from "../http";
import { type JsonObject, objectAt, stringAt } from "../json";
import { type Login } from "../login";
import { findResource } from "../resource-manager/resources";
import { readSecret, requireMaySet, SecretError } from "./read-secret";
import { storeSecret } from "./secrets-handler";

/** What tokens for vaults are asked for. */
const resource = "https://vault.azure.net";

const host = /^([a-z0-9-]+)\.vault\.azure\.net(?::\d+)?$/i;

/** Name of the vault whose endpoint a request is for; undefined where it is for none. */
export function vaultOfHost({ headers }: ArmRequest): string | undefined {
  return host.exec(headers.host ?? "")?.[1]?.toLowerCase();
}

/**
 * A vault's own endpoint, as much of it as azure-cli needs to show a secret's value and to set it, for whoever the vault's permission model lets. The service principal, too, needs
 * a role there.
 */
export async function answerVault(
  context: ArmContext,
  login: Login,
  name: string,
  request: ArmRequest,
): Promise<ArmResponse> {
  if (request.headers.authorization === undefined) {
    const challenge = `Bearer authorization="${context.baseUrl}/${context.identity.tenantId}", resource="${resource}"`;
    return refusal(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.", challenge);
  }
  const caller = await login.authenticate(request.headers.authorization, resource);
  const [folder, secret = "", version = "", ...rest] = request.path.split("/").slice(1);
  const vault = context.store
    .list("resource:")
    .map(({ value }) => value)
    .find(
      (one) =>
        stringAt(one, "type")?.toLowerCase() === "microsoft.keyvault/vaults" &&
        stringAt(one, "name")?.toLowerCase() === name,
    );
  const vaultId = stringAt(vault, "id") ?? name;
  const id = `${vaultId}/secrets/${secret}`;
  const user = { objectId: caller.objectId, clientId: caller.applicationId };
  if (folder !== "secrets" || secret === "" || rest.length > 0 || !["GET", "PUT"].includes(request.method)) {
    return refusal(
      501,
      "NotImplemented",
      `The sandbox's key vaults show and set secrets, and do not know ${request.method} ${request.path}.`,
    );
  }
  try {
    if (request.method === "PUT") {
      requireMaySet(context, vaultId, user);
      const { value, tags, contentType, attributes } = jsonBody(request);
      storeSecret(context, id, { tags, properties: { value, contentType, attributes } });
      return { status: 200, body: bundle(context, id, value) };
    }
    const value = readSecret(context, vaultId, secret, user);
    const body = bundle(context, id, value);
    if (version !== "" && !String(body["id"]).endsWith(`/${version}`)) {
      throw new SecretError(404, "SecretNotFound", `A secret with (name/id) ${secret}/${version} was not found.`);
    }
    return { status: 200, body };
  } catch (error) {
    if (error instanceof SecretError) return refusal(error.status, error.code, error.message);
    throw error;
  }
}

/** A secret as the vault shows it. */
function bundle(context: ArmContext, id: string, value: JsonObject[string]): JsonObject {
  const stored = findResource(context, id);
  const properties = objectAt(stored, "properties");
  return {
    value,
    id: stringAt(properties, "secretUriWithVersion"),
    contentType: properties["contentType"],
    attributes: { recoveryLevel: "Recoverable+Purgeable", ...objectAt(properties, "attributes") },
    tags: stored?.["tags"],
  };
}

function refusal(status: number, code: string, message: string, challenge?: string): ArmResponse {
  return {
    status,
    body: { error: { code, message } },
    ...(challenge !== undefined && { headers: { "www-authenticate": challenge } }),
  };
}
