import { createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { stringAt } from "../../../sandbox/arm/json";
import { startTestEmulator, type TestEmulator } from "./emulator";

const ISSUER = "https://token.actions.githubusercontent.com";
const SUBJECT = "repo:example/mesh:pull_request";
const AUDIENCE = "api://AzureADTokenExchange";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const AKS_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630";

let emulator: TestEmulator;
let sign: (claims: { subject?: string; audience?: string; expires?: number }) => Promise<string>;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  emulator = await startTestEmulator({
    federatedCredentials: [
      { issuer: ISSUER, subject: SUBJECT, audience: AUDIENCE, jwks: { keys: [await exportJWK(publicKey)] } },
    ],
  });
  sign = ({ subject = SUBJECT, audience = AUDIENCE, expires = 300 }) =>
    new SignJWT({})
      .setProtectedHeader({ alg: "RS256" })
      .setIssuer(ISSUER)
      .setSubject(subject)
      .setAudience(audience)
      .setExpirationTime(Math.floor(Date.now() / 1000) + expires)
      .sign(privateKey);
});
afterAll(() => emulator.close());

function token(fields: Record<string, string>, tenant = emulator.identity.tenantId, version = "v2.0/") {
  const form = {
    grant_type: "client_credentials",
    client_id: emulator.identity.clientId,
    scope: "https://management.core.windows.net//.default",
    ...fields,
  };
  return emulator.raw("POST", `/${tenant}/oauth2/${version}token`, new URLSearchParams(form).toString());
}

describe("login", () => {
  it("gives a token for the secret, with the claims and the audience that were asked for", async () => {
    const answer = await token({ client_secret: emulator.identity.clientSecret });
    expect(answer).toMatchObject({ status: 200, body: { token_type: "Bearer", expires_in: 3600 } });
    expect(decodeJwt(stringAt(answer.body, "access_token") ?? "")).toMatchObject({
      aud: "https://management.core.windows.net/",
      iss: `${emulator.url}/${emulator.identity.tenantId}/v2.0`,
      oid: emulator.identity.objectId,
      sub: emulator.identity.objectId,
      tid: emulator.identity.tenantId,
      appid: emulator.identity.clientId,
    });
    const cluster = await token({ client_secret: emulator.identity.clientSecret, scope: `${AKS_SERVER}/.default` });
    expect(decodeJwt(stringAt(cluster.body, "access_token") ?? "").aud).toBe(AKS_SERVER);
  });

  it("answers the older endpoint in its own shape", async () => {
    const answer = await token(
      { client_secret: emulator.identity.clientSecret, resource: "https://management.azure.com/" },
      undefined,
      "",
    );
    expect(answer).toMatchObject({
      status: 200,
      body: { expires_in: "3600", resource: "https://management.azure.com/" },
    });
  });

  it("publishes the keys that its tokens are signed with, where its discovery document says", async () => {
    const configuration = await emulator.raw(
      "GET",
      `/${emulator.identity.tenantId}/v2.0/.well-known/openid-configuration`,
    );
    const issuer = stringAt(configuration.body, "issuer");
    expect(issuer).toBe(`${emulator.url}/${emulator.identity.tenantId}/v2.0`);
    const keysUrl = new URL(stringAt(configuration.body, "jwks_uri") ?? "");
    expect(createRemoteJWKSet(keysUrl)).toBeTypeOf("function");
    const keys = await emulator.raw("GET", keysUrl.pathname);
    expect(keys.body).toMatchObject({ keys: [{ kty: "RSA", alg: "RS256", use: "sig" }] });
    expect(JSON.stringify(keys.body)).not.toMatch(/"(?:d|p|q|dp|dq|qi)":/);
  });

  it.each([
    ["a wrong secret", { client_secret: "wrong" }, 401, "invalid_client", "AADSTS7000215"],
    ["no secret", {}, 401, "invalid_client", "AADSTS7000215"],
    [
      "another application",
      { client_id: "11111111-2222-4333-8444-555555555555" },
      400,
      "unauthorized_client",
      "AADSTS700016",
    ],
    ["another grant", { grant_type: "password" }, 400, "unsupported_grant_type", "AADSTS70003"],
  ])("refuses %s", async (_, fields, status, error, code) => {
    const answer = await token(fields);
    expect(answer.status).toBe(status);
    expect(answer.body["error"]).toBe(error);
    expect(stringAt(answer.body, "error_description")).toContain(`${code}: `);
    expect(JSON.stringify(answer.body)).not.toContain(emulator.identity.clientSecret);
  });

  it("refuses another tenant, and a scope that is none", async () => {
    const secret = { client_secret: emulator.identity.clientSecret };
    expect(stringAt((await token(secret, "contoso.example")).body, "error_description")).toContain("AADSTS90002");
    expect(stringAt((await token({ ...secret, scope: "openid" })).body, "error_description")).toContain("AADSTS70011");
  });

  it("takes a federated login that it trusts, and no other", async () => {
    const exchange = async (claims: Parameters<typeof sign>[0]) =>
      token({ client_assertion_type: ASSERTION, client_assertion: await sign(claims) });
    expect((await exchange({})).status).toBe(200);
    for (const [claims, code] of [
      [{ subject: "repo:somebody/else:pull_request" }, "AADSTS700213"],
      [{ audience: "https://example.com" }, "AADSTS700027"],
      [{ expires: -60 }, "AADSTS700027"],
    ] as const) {
      const answer = await exchange(claims);
      expect(answer.status).toBe(401);
      expect(stringAt(answer.body, "error_description")).toContain(code);
    }
    const forged = await new SignJWT({})
      .setProtectedHeader({ alg: "RS256" })
      .setIssuer(ISSUER)
      .setSubject(SUBJECT)
      .setAudience(AUDIENCE)
      .setExpirationTime("5m")
      .sign((await generateKeyPair("RS256")).privateKey);
    const answer = await token({ client_assertion_type: ASSERTION, client_assertion: forged });
    expect(answer.status).toBe(401);
  });

  it("lets nobody in without a token, with a forged one, or with one for something else", async () => {
    const path = "/subscriptions?api-version=2022-12-01";
    const bare = await emulator.raw("GET", path);
    expect(bare.status).toBe(401);
    expect(bare.headers["www-authenticate"]).toContain("Bearer authorization_uri=");
    const cluster = await token({ client_secret: emulator.identity.clientSecret, scope: `${AKS_SERVER}/.default` });
    const wrong = await emulator.raw("GET", path, undefined, {
      authorization: `Bearer ${stringAt(cluster.body, "access_token") ?? ""}`,
    });
    expect(wrong).toMatchObject({ status: 401, body: { error: { code: "InvalidAuthenticationTokenAudience" } } });
    const forged = await sign({ audience: "https://management.azure.com/" });
    const answer = await emulator.raw("GET", path, undefined, { authorization: `Bearer ${forged}` });
    expect(answer).toMatchObject({ status: 401, body: { error: { code: "InvalidAuthenticationToken" } } });
  });

  it("describes the cloud in the shapes of each version", async () => {
    const newest = await emulator.raw("GET", "/metadata/endpoints?api-version=2022-09-01");
    expect(newest.body).toMatchObject({
      resourceManager: `${emulator.url}/`,
      authentication: { loginEndpoint: `${emulator.url}/`, identityProvider: "AAD" },
    });
    expect(newest.body["authentication"]).toHaveProperty(["audiences", 0], "https://management.core.windows.net/");
    expect((await emulator.raw("GET", "/metadata/endpoints?api-version=2019-05-01")).body["list"]).toHaveLength(1);
    expect((await emulator.raw("GET", "/metadata/endpoints?api-version=2015-01-01")).body).toHaveProperty(
      "galleryEndpoint",
    );
  });
});
