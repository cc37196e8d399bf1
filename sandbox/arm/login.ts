import { createHash, randomUUID, timingSafeEqual, type webcrypto } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  decodeJwt,
  errors,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importPKCS8,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";

import { ArmError } from "./errors";
import { type ArmRequest, type ArmResponse } from "./http";
import { type FederatedCredential, type Identity } from "./identity";
import { type JsonObject } from "./json";
import { type ManagedIdentity } from "./managed-identities";
import { segmentsOf } from "./resource-id";

/** Who a valid access token speaks for. */
export interface Caller {
  readonly objectId: string;
  readonly applicationId: string;
  readonly tenantId: string;
}

/** Microsoft Entra ID, as much of it as a service principal meets. */
export interface Login {
  /** The `iss` of every token, and where its discovery document lies. */
  readonly issuer: string;
  /** Answers a login request, or undefined where the path is none of Entra's. */
  answer(request: ArmRequest): Promise<ArmResponse | undefined>;
  /**
   * @param resource What the token has to be for. Default: Azure Resource Manager.
   * @throws ArmError 401 where the bearer token is missing, forged, expired or for somebody else.
   */
  authenticate(authorization: string | undefined, resource?: string): Promise<Caller>;
}

const TOKEN_SECONDS = 3600;
const CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Opens the login service; the signing key is kept in `keyFile` (0600), so that tokens outlive a restart. */
export async function openLogin(options: {
  readonly keyFile: string;
  readonly baseUrl: string;
  readonly identity: Identity;
  /** The managed identity with a client id. */
  readonly managedIdentity: (clientId: string) => Promise<ManagedIdentity | undefined>;
  readonly now: () => number;
}): Promise<Login> {
  const { baseUrl, identity, managedIdentity, now } = options;
  const { privateKey, jwk } = await signingKey(options.keyFile);
  const publicKeys = createLocalJWKSet({ keys: [jwk] });
  const issuer = `${baseUrl}/${identity.tenantId}/v2.0`;
  const audiences = ["https://management.core.windows.net", "https://management.azure.com", baseUrl].flatMap(
    (audience) => [audience, `${audience}/`],
  );

  async function accessToken(resource: string, client: Pick<Identity, "clientId" | "objectId">): Promise<string> {
    const seconds = Math.floor(now() / 1000);
    return new SignJWT({
      appid: client.clientId,
      appidacr: "1",
      idp: issuer,
      idtyp: "app",
      oid: client.objectId,
      tid: identity.tenantId,
      ver: "1.0",
    })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: jwk.kid })
      .setIssuer(issuer)
      .setSubject(client.objectId)
      .setAudience(resource)
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + TOKEN_SECONDS)
      .setJti(randomUUID())
      .sign(privateKey);
  }

  async function token(request: ArmRequest, tenant: string, version: 1 | 2): Promise<ArmResponse> {
    const form = new URLSearchParams(request.body);
    if (tenant.toLowerCase() !== identity.tenantId.toLowerCase()) {
      throw new LoginError(
        400,
        "invalid_request",
        90002,
        `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
      );
    }
    const grant = form.get("grant_type");
    if (grant !== "client_credentials") {
      throw new LoginError(
        400,
        "unsupported_grant_type",
        70003,
        `The app requested an unsupported grant type '${grant ?? ""}'. The sandbox knows client_credentials only.`,
      );
    }
    const client = await authenticateClient(form);
    const resource = version === 1 ? (form.get("resource") ?? "") : scopeResource(form.get("scope") ?? "");
    if (resource === "") {
      throw new LoginError(
        400,
        "invalid_scope",
        70011,
        `The provided value for scope ${form.get("scope") ?? ""} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
      );
    }
    const seconds = Math.floor(now() / 1000);
    const common = { token_type: "Bearer", access_token: await accessToken(resource, client) };
    return version === 1
      ? ok({
          ...common,
          expires_in: String(TOKEN_SECONDS),
          ext_expires_in: String(TOKEN_SECONDS),
          expires_on: String(seconds + TOKEN_SECONDS),
          not_before: String(seconds),
          resource,
        })
      : ok({ ...common, expires_in: TOKEN_SECONDS, ext_expires_in: TOKEN_SECONDS });
  }

  async function authenticateClient(form: URLSearchParams): Promise<Pick<Identity, "clientId" | "objectId">> {
    const clientId = form.get("client_id") ?? "";
    const isPrincipal = clientId.toLowerCase() === identity.clientId.toLowerCase();
    const client = isPrincipal ? identity : await managedIdentity(clientId);
    if (client === undefined) {
      throw new LoginError(
        400,
        "unauthorized_client",
        700016,
        `Application with identifier '${clientId}' was not found in the directory '${identity.tenantId}'.`,
      );
    }
    const assertion = form.get("client_assertion");
    if (assertion !== null && form.get("client_assertion_type") === CLIENT_ASSERTION) {
      await checkAssertion(assertion, client.federatedCredentials ?? []);
      return client;
    }
    if (!isPrincipal || !sameSecret(form.get("client_secret") ?? "", identity.clientSecret)) {
      throw new LoginError(
        401,
        "invalid_client",
        7000215,
        `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
      );
    }
    return client;
  }

  async function checkAssertion(assertion: string, credentials: readonly FederatedCredential[]): Promise<void> {
    let claims;
    try {
      claims = decodeJwt(assertion);
    } catch {
      throw new LoginError(401, "invalid_client", 50027, "JWT token is invalid or malformed.");
    }
    const trusted = credentials.find(
      (credential) => credential.issuer === claims.iss && credential.subject === claims.sub,
    );
    if (trusted === undefined) {
      throw new LoginError(
        401,
        "invalid_client",
        700213,
        `No matching federated identity record found for presented assertion subject '${claims.sub ?? ""}' and issuer '${claims.iss ?? ""}'.`,
      );
    }
    try {
      await jwtVerify(assertion, createLocalJWKSet(trusted.jwks), {
        issuer: trusted.issuer,
        subject: trusted.subject,
        audience: trusted.audience,
        currentDate: new Date(now()),
      });
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new LoginError(401, "invalid_client", 700027, `Client assertion failed validation: ${error.message}.`);
    }
  }

  function openIdConfiguration(): JsonObject {
    const authority = `${baseUrl}/${identity.tenantId}`;
    return {
      issuer,
      authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
      token_endpoint: `${authority}/oauth2/v2.0/token`,
      device_authorization_endpoint: `${authority}/oauth2/v2.0/devicecode`,
      end_session_endpoint: `${authority}/oauth2/v2.0/logout`,
      jwks_uri: `${authority}/discovery/v2.0/keys`,
      userinfo_endpoint: `${baseUrl}/oidc/userinfo`,
      token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt"],
      response_modes_supported: ["query", "fragment", "form_post"],
      response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
      subject_types_supported: ["pairwise"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid", "profile", "email", "offline_access"],
      claims_supported: ["sub", "iss", "aud", "exp", "iat", "tid", "ver", "oid"],
      tenant_region_scope: "NA",
      cloud_instance_name: "localhost",
    };
  }

  function instanceDiscovery(): JsonObject {
    const host = new URL(baseUrl).host;
    return {
      tenant_discovery_endpoint: `${baseUrl}/${identity.tenantId}/v2.0/.well-known/openid-configuration`,
      "api-version": "1.1",
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    };
  }

  async function answer(request: ArmRequest): Promise<ArmResponse | undefined> {
    const [tenant = "", ...rest] = segmentsOf(request.path);
    const route = `${request.method} ${rest.join("/").toLowerCase()}`;
    try {
      switch (route) {
        case "GET .well-known/openid-configuration":
        case "GET v2.0/.well-known/openid-configuration":
          return ok(openIdConfiguration());
        case "GET discovery/v2.0/keys":
        case "GET discovery/keys":
          return ok({
            keys: [{ kty: jwk.kty, use: "sig", alg: "RS256", kid: jwk.kid, n: jwk.n, e: jwk.e, issuer }],
          });
        case "GET discovery/instance":
          return ok(instanceDiscovery());
        case "POST oauth2/v2.0/token":
          return await token(request, tenant, 2);
        case "POST oauth2/token":
          return await token(request, tenant, 1);
        default:
          return undefined;
      }
    } catch (error) {
      if (error instanceof LoginError) return loginErrorAnswer(error, request.id, now());
      throw error;
    }
  }

  async function authenticate(authorization: string | undefined, resource?: string): Promise<Caller> {
    const audience = resource === undefined ? audiences : [resource, `${resource}/`];
    const refuse = (code: string, message: string): ArmError =>
      new ArmError(401, code, message, {
        headers: {
          "www-authenticate": `Bearer authorization_uri="${baseUrl}/${identity.tenantId}", error="invalid_token", error_description="The authentication failed"`,
        },
      });
    const match = /^Bearer\s+(\S+)$/i.exec(authorization ?? "");
    if (match?.[1] === undefined) {
      throw refuse("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
    }
    try {
      const { payload } = await jwtVerify(match[1], publicKeys, {
        issuer,
        audience,
        algorithms: ["RS256"],
        currentDate: new Date(now()),
      });
      return {
        objectId: String(payload["oid"]),
        applicationId: String(payload["appid"]),
        tenantId: String(payload["tid"]),
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        throw refuse("ExpiredAuthenticationToken", "The access token expiry is in the past. Please get a new token.");
      }
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") {
        throw refuse(
          "InvalidAuthenticationTokenAudience",
          `The access token has been obtained for wrong audience or resource. It should exactly match one of the allowed audiences '${audience.join("','")}'.`,
        );
      }
      if (error instanceof errors.JOSEError) throw refuse("InvalidAuthenticationToken", "The access token is invalid.");
      throw error;
    }
  }

  return { issuer, answer, authenticate };
}

class LoginError extends Error {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly aadsts: number,
    message: string,
  ) {
    super(message);
  }
}

function loginErrorAnswer(error: LoginError, correlationId: string, now: number): ArmResponse {
  const timestamp = `${new Date(now).toISOString().slice(0, 19).replace("T", " ")}Z`;
  const trace = randomUUID();
  return {
    status: error.status,
    body: {
      error: error.error,
      error_description: `AADSTS${error.aadsts}: ${error.message} Trace ID: ${trace} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
      error_codes: [error.aadsts],
      timestamp,
      trace_id: trace,
      correlation_id: correlationId,
      error_uri: `https://login.microsoftonline.com/error?code=${error.aadsts}`,
    },
  };
}

function ok(body: JsonObject): ArmResponse {
  return { status: 200, body, headers: { "cache-control": "no-store, no-cache" } };
}

/** `https://x//.default` → `https://x/`: one slash belongs to the resource, the other to the suffix. */
function scopeResource(scope: string): string {
  const wanted = scope.split(" ").find((part) => part.endsWith("/.default"));
  return wanted === undefined ? "" : wanted.slice(0, -"/.default".length);
}

function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

async function signingKey(file: string): Promise<{ privateKey: webcrypto.CryptoKey; jwk: JWK & { kid: string } }> {
  if (!existsSync(file)) {
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    writeFileSync(`${file}.new`, await exportPKCS8(privateKey), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const privateKey = await importPKCS8(readFileSync(file, "utf8"), "RS256", { extractable: true });
  const { kty, n, e } = await exportJWK(privateKey);
  const jwk: JWK = { kty, n, e, alg: "RS256", use: "sig" };
  return { privateKey, jwk: { ...jwk, kid: await calculateJwkThumbprint(jwk) } };
}
