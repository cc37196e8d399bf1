import { type ArmContext, type ResourceHandler } from "../context";
import { ArmError } from "../errors";
import { jsonBody } from "../http";
import { stringAt } from "../json";
import { requireSubscription } from "./resources";
import { isSoftDeleted } from "./soft-deletion";

/** Names that are one in all of Azure: how they are spelt, and the code of a bad one. By type in lower case. */
const NAMES: Readonly<Record<string, { readonly pattern: RegExp; readonly code: string; readonly rule: string }>> = {
  "microsoft.storage/storageaccounts": {
    pattern: /^[a-z0-9]{3,24}$/,
    code: "AccountNameInvalid",
    rule: "is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.",
  },
  "microsoft.containerregistry/registries": {
    pattern: /^[a-zA-Z0-9]{5,50}$/,
    code: "Invalid",
    rule: "is not a valid registry name. Registry names must contain 5 to 50 letters and digits only.",
  },
  "microsoft.keyvault/vaults": {
    pattern: /^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/,
    code: "VaultNameNotValid",
    rule: "is not a valid vault name. A vault's name must be between 3-24 alphanumeric characters, begin with a letter, end with a letter or digit, and not contain consecutive hyphens.",
  },
};

/** `POST …/providers/{namespace}/checkNameAvailability`, of the types whose names are one in all of Azure. */
export const nameAvailabilityHandler: ResourceHandler = (context, request) => {
  const match = /^\/subscriptions\/[^/]+\/providers\/([^/]+)\/(?:locations\/[^/]+\/)?checknameavailability\/?$/i.exec(
    request.path,
  );
  if (match?.[1] === undefined || request.method !== "POST") return undefined;
  requireSubscription(context, request.resource);
  const body = jsonBody(request);
  const type = (stringAt(body, "type") ?? "").toLowerCase();
  const rules = NAMES[type];
  if (rules === undefined || !type.startsWith(`${match[1].toLowerCase()}/`)) {
    throw new ArmError(
      400,
      "InvalidResourceType",
      `The sandbox checks no names of the type '${stringAt(body, "type") ?? ""}' in '${match[1]}'. It does for: ${Object.keys(NAMES).join(", ")}.`,
    );
  }
  const name = stringAt(body, "name") ?? "";
  if (!rules.pattern.test(name)) {
    return { status: 200, body: { nameAvailable: false, reason: rules.code, message: `${name} ${rules.rule}` } };
  }
  if (!isTaken(context, type, name)) return { status: 200, body: { nameAvailable: true } };
  return {
    status: 200,
    body: { nameAvailable: false, reason: "AlreadyExists", message: `The name '${name}' is already in use.` },
  };
};

/** @throws ArmError 400 where a name breaks the rules of its type; 409 where another resource has it. */
export function requireName(context: ArmContext, type: string, name: string, id: string): void {
  const rules = NAMES[type.toLowerCase()];
  if (rules === undefined) return;
  if (!rules.pattern.test(name)) throw new ArmError(400, rules.code, `${name} ${rules.rule}`);
  const other = holderOf(context, type, name);
  if (other === undefined || other.toLowerCase() === id.toLowerCase()) return;
  throw new ArmError(409, "AlreadyInUse", `The name '${name}' is already in use: '${other}' has it.`);
}

function isTaken(context: ArmContext, type: string, name: string): boolean {
  return holderOf(context, type, name) !== undefined || isSoftDeleted(context, type, name);
}

function holderOf(context: ArmContext, type: string, name: string): string | undefined {
  const found = context.store
    .list("resource:")
    .map(({ value }) => value)
    .find(
      (resource) =>
        stringAt(resource, "type")?.toLowerCase() === type.toLowerCase() &&
        stringAt(resource, "name")?.toLowerCase() === name.toLowerCase(),
    );
  return stringAt(found, "id");
}
