import { createHash } from "node:crypto";

import { type ArmResponse } from "../http";
import { type JsonObject, stringAt } from "../json";

/** Actions (POST) on resources of the generic store: `type/action` in lower case → answer. */
const ACTIONS: Readonly<Record<string, (resource: JsonObject) => ArmResponse>> = {
  "microsoft.operationalinsights/workspaces/sharedkeys": (workspace) => ({
    status: 200,
    body: {
      primarySharedKey: derivedKey("primary", workspace),
      secondarySharedKey: derivedKey("secondary", workspace),
    },
  }),
  "microsoft.storage/storageaccounts/listkeys": (account) => ({
    status: 200,
    body: {
      keys: ["key1", "key2"].map((keyName) => ({ keyName, value: derivedKey(keyName, account), permissions: "FULL" })),
    },
  }),
  "microsoft.containerregistry/registries/listcredentials": (registry) => ({
    status: 200,
    body: {
      username: stringAt(registry, "name"),
      passwords: ["password", "password2"].map((name) => ({ name, value: derivedKey(name, registry) })),
    },
  }),
};

/** The answer to an action, or undefined where it is not known. */
export function answerAction(type: string, action: string, resource: JsonObject): ArmResponse | undefined {
  return ACTIONS[`${type}/${action.toLowerCase()}`]?.(resource);
}

/** A key that opens nothing, the same every time for the same resource. */
function derivedKey(name: string, resource: JsonObject): string {
  return createHash("sha512")
    .update(`${name}\n${stringAt(resource, "id") ?? ""}`)
    .digest("base64");
}
