import { createPublicKey, createSign, generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { ensureCertificates } from "../../../sandbox/control-plane/certificates";

/** What the guard is asked: the parts of a SubjectAccessReview's spec that the tests look at. */
export interface AccessQuestion {
  readonly user: string;
  readonly uid?: string;
  readonly resourceAttributes?: { readonly verb: string; readonly resource: string };
}

/** Entra ID and AKS's guard, as far as an API server and kubelogin need them. */
export interface FakeEntra {
  readonly origin: string;
  readonly issuerUrl: string;
  readonly guardUrl: string;
  readonly caFile: string;
  /** What the guard was asked, in order. */
  readonly questions: readonly AccessQuestion[];
  /** A signed token for the audience. */
  token(audience: string, claims: Readonly<Record<string, unknown>>): string;
  close(): void;
}

export const tenant = "11111111-2222-3333-4444-555555555555";

/**
 * Serves discovery, keys, tokens for whoever asks with the secret "right", and a guard.
 * @param allows the guard's answer.
 */
export async function startFakeEntra(
  directory: string,
  allows: (question: AccessQuestion) => boolean,
): Promise<FakeEntra> {
  await ensureCertificates(directory, [
    { name: "localhost", subject: { CN: "localhost" }, hosts: [{ type: "dns", value: "localhost" }] },
  ]);
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const questions: AccessQuestion[] = [];
  const server = createServer({
    cert: await readFile(path.join(directory, "localhost.pem")),
    key: await readFile(path.join(directory, "localhost-key.pem")),
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const issuerUrl = `${origin}/${tenant}/v2.0`;

  const token = (audience: string, claims: Readonly<Record<string, unknown>>) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    const body = { iss: issuerUrl, aud: audience, iat: now - 60, nbf: now - 60, exp: now + 3600, ...claims };
    const text = `${part({ alg: "RS256", typ: "JWT", kid: "1" })}.${part(body)}`;
    return `${text}.${createSign("RSA-SHA256").update(text).sign(keys.privateKey, "base64url")}`;
  };
  const answer = (url: string, body: string): object | undefined => {
    if (url.endsWith("/.well-known/openid-configuration")) {
      return {
        issuer: issuerUrl,
        authorization_endpoint: `${origin}/${tenant}/oauth2/v2.0/authorize`,
        token_endpoint: `${origin}/${tenant}/oauth2/v2.0/token`,
        jwks_uri: `${origin}/${tenant}/discovery/v2.0/keys`,
        id_token_signing_alg_values_supported: ["RS256"],
      };
    }
    if (url.endsWith("/keys")) {
      return {
        keys: [{ ...createPublicKey(keys.privateKey).export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" }],
      };
    }
    if (url.endsWith("/token")) {
      const form = new URLSearchParams(body);
      if (form.get("client_secret") !== "right") return undefined;
      const audience = (form.get("scope") ?? "").split(" ")[0]?.replace("/.default", "") ?? "";
      return { token_type: "Bearer", expires_in: 3600, access_token: token(audience, { oid: form.get("client_id") }) };
    }
    if (url === "/guard") {
      const { spec } = JSON.parse(body) as { spec: AccessQuestion };
      questions.push(spec);
      return {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        status: { allowed: allows(spec), reason: "no role assignment" },
      };
    }
    return undefined;
  };
  server.on("request", (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const found = answer((request.url ?? "").split("?")[0] ?? "", Buffer.concat(chunks).toString("utf8"));
      response.writeHead(found === undefined ? 401 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(found ?? { error: "invalid_client", error_description: "no" }));
    });
  });
  return {
    origin,
    issuerUrl,
    guardUrl: `${origin}/guard`,
    caFile: path.join(directory, "ca.pem"),
    questions,
    token,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
