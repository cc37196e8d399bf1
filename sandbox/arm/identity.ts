import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

import { type JSONWebKeySet } from "jose";

import { isObject, type Json, stringAt } from "./json";

/** A login from elsewhere (GitHub Actions, a Kubernetes service account) that Entra ID trusts for the application. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** The issuer's public keys; the emulator fetches nothing. */
  readonly jwks: JSONWebKeySet;
}

/** The one subscription, tenant and service principal of an emulator. */
export interface Identity {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** Application (client) id of the service principal. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Object id of the service principal: who role assignments are for. */
  readonly objectId: string;
  readonly federatedCredentials?: readonly FederatedCredential[];
}

/**
 * Reads the credentials file, or makes one (mode 0600) with random ids and secret.
 *
 * @throws Error where the file lacks a property.
 */
export function ensureIdentity(file: string): Identity {
  if (!existsSync(file)) {
    const identity: Identity = {
      subscriptionId: randomUUID(),
      tenantId: randomUUID(),
      clientId: randomUUID(),
      clientSecret: randomBytes(24).toString("base64url"),
      objectId: randomUUID(),
    };
    writeFileSync(`${file}.new`, `${JSON.stringify(identity, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return identity;
  }
  const value: Json = JSON.parse(readFileSync(file, "utf8"));
  const read = (name: string): string => {
    const found = stringAt(value, name);
    if (found === undefined || found === "")
      throw new Error(`${file}: "${name}" is missing. Delete the file to have a new one made.`);
    return found;
  };
  return {
    subscriptionId: read("subscriptionId"),
    tenantId: read("tenantId"),
    clientId: read("clientId"),
    clientSecret: read("clientSecret"),
    objectId: read("objectId"),
    federatedCredentials: federatedCredentials(value),
  };
}

function federatedCredentials(value: Json): FederatedCredential[] {
  const list = isObject(value) ? value["federatedCredentials"] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item) => {
    const issuer = stringAt(item, "issuer");
    const subject = stringAt(item, "subject");
    const keys = isObject(item) && isObject(item["jwks"]) ? item["jwks"]["keys"] : undefined;
    if (issuer === undefined || subject === undefined || !Array.isArray(keys)) return [];
    const jwks: JSONWebKeySet = {
      keys: keys.filter(isObject).map((key) => ({
        kty: stringAt(key, "kty") ?? "",
        kid: stringAt(key, "kid"),
        alg: stringAt(key, "alg"),
        n: stringAt(key, "n"),
        e: stringAt(key, "e"),
        crv: stringAt(key, "crv"),
        x: stringAt(key, "x"),
        y: stringAt(key, "y"),
      })),
    };
    return [{ issuer, subject, audience: stringAt(item, "audience") ?? "api://AzureADTokenExchange", jwks }];
  });
}
