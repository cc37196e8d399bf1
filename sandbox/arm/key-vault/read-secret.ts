import { type ArmContext } from "../context";
import { type JsonObject, numberAt, objectAt, objectsAt, stringAt, stringsAt } from "../json";
import { findResource } from "../resource-manager/resources";

/** Where the store has a secret's value: apart from the resource, so that no answer shows it. */
export function secretValueKey(id: string): string {
  return `vault-secret:${id.toLowerCase()}`;
}

/** Store keys of the values of all secrets below a vault or a resource group. */
export function secretValuesBelow({ store }: ArmContext, id: string): string[] {
  return store.list(`${secretValueKey(id)}/`).map(({ key }) => key);
}

const ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483";
const SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";
const SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6";

/** Built-in roles that may read values of secrets, or set them. Key Vault Reader is none of them. */
const ROLES = {
  get: [ADMINISTRATOR, SECRETS_OFFICER, SECRETS_USER],
  set: [ADMINISTRATOR, SECRETS_OFFICER],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Verb = keyof typeof ROLES;

/** Who asks for a secret, or sets one, by its object id in Entra ID and the client id that refusals name. */
export interface SecretReader {
  readonly objectId: string;
  readonly clientId: string;
}

/** Why a secret's value is not had: what the vault answers. */
export class SecretError extends Error {
  constructor(
    readonly status: 403 | 404,
    readonly code: "Forbidden" | "SecretNotFound" | "VaultNotFound",
    message: string,
  ) {
    super(message);
  }
}

/**
 * The value of a secret, as the vault gives it to an identity.
 *
 * @throws SecretError where the vault or the secret is not there, is disabled or out of its time, or the identity may not read it.
 */
export function readSecret(context: ArmContext, vaultId: string, name: string, reader: SecretReader): string {
  requireMay("get", context, vaultId, reader);
  const id = `${vaultId}/secrets/${name}`;
  const secret = findResource(context, id);
  const value = stringAt(context.store.get(secretValueKey(id)), "value");
  if (secret === undefined || value === undefined) {
    throw new SecretError(
      404,
      "SecretNotFound",
      `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
    );
  }
  const attributes = objectAt(secret, "properties", "attributes");
  const now = context.now() / 1000;
  const isInTime = (numberAt(attributes, "nbf") ?? 0) <= now && now < (numberAt(attributes, "exp") ?? Infinity);
  if (attributes["enabled"] !== false && isInTime) return value;
  const why = isInTime ? "disabled" : "before its activation date or after its expiration date";
  throw new SecretError(403, "Forbidden", `Operation get is not allowed on the secret ${name}, which is ${why}.`);
}

/** @throws SecretError where the vault is not there, or the identity may not set secrets of it. */
export function requireMaySet(context: ArmContext, vaultId: string, writer: SecretReader): void {
  requireMay("set", context, vaultId, writer);
}

function requireMay(verb: Verb, context: ArmContext, vaultId: string, { objectId, clientId }: SecretReader): void {
  const vault = findResource(context, vaultId);
  const vaultName = vaultId.split("/").at(-1) ?? "";
  if (vault === undefined) {
    throw new SecretError(404, "VaultNotFound", `The key vault '${vaultName}' was not found (no such host).`);
  }
  if (may(verb, context, vault, objectId)) return;
  const { tenantId } = context.identity;
  throw new SecretError(
    403,
    "Forbidden",
    `The user, group or application 'appid=${clientId};oid=${objectId};iss=https://sts.windows.net/${tenantId}/' does not have secrets ${verb} permission on key vault '${vaultName};location=${stringAt(vault, "location") ?? ""}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`,
  );
}

/** By the vault's own permission model: Azure RBAC from the vault upwards, or the vault's access policies. */
function may(verb: Verb, context: ArmContext, vault: JsonObject, objectId: string): boolean {
  const roles: readonly string[] = ROLES[verb];
  const properties = objectAt(vault, "properties");
  const isReader = (id: string | undefined): boolean => id?.toLowerCase() === objectId.toLowerCase();
  if (properties["enableRbacAuthorization"] !== true) {
    return objectsAt(properties, "accessPolicies").some((policy) => {
      const verbs = stringsAt(policy, "permissions", "secrets").map((one) => one.toLowerCase());
      return isReader(stringAt(policy, "objectId")) && (verbs.includes(verb) || verbs.includes("all"));
    });
  }
  const id = (stringAt(vault, "id") ?? "").toLowerCase();
  return context.store
    .list("resource:")
    .map(({ value }) => value)
    .filter((resource) => stringAt(resource, "type") === "Microsoft.Authorization/roleAssignments")
    .some((assignment) => {
      const scope = (stringAt(assignment, "properties", "scope") ?? "").toLowerCase();
      const role = (stringAt(assignment, "properties", "roleDefinitionId") ?? "").split("/").at(-1) ?? "";
      return (
        isReader(stringAt(assignment, "properties", "principalId")) &&
        (scope === "/" || id === scope || id.startsWith(`${scope}/`)) &&
        roles.includes(role.toLowerCase())
      );
    });
}
