import { describe, expect, it } from "vitest";
import { inOneLine, vaultAdvice } from "../../../components/mesh-authority/vault-advice";

const login = "Failed to initialize Vault client: while requesting a Vault token using the Kubernetes auth: ";
const answered = (path: string, code: number, error: string) =>
  `Error making API request.\n\nURL: POST https://bao.example:8200/v1/${path}\nCode: ${code}. Errors:\n\n* ${error}`;

describe("what to look at when Vault does not sign", () => {
  it.each([
    [`${login}error calling Vault server: ${answered("auth/kubernetes/login", 503, "Vault is sealed")}`, /unseal/],
    ["Failed to verify Vault is initialized and unsealed: Vault is not initialized", /operator init/],
    [`${login}Post "https://b/v1/auth/kubernetes/login": tls: failed to verify certificate: x509: unknown`, /caBundle/],
    [
      `${login}Post "https://b/v1/auth/kubernetes/login": dial tcp: lookup b: no such host`,
      /whether pods of cert-manager/,
    ],
    [
      `${login}while requesting a token for the service account: serviceaccounts "vault-issuer" is forbidden: User "x" cannot create resource "serviceaccounts/token"`,
      /the RoleBinding vault-issuer/,
    ],
    [
      `${login}error calling Vault server: ${answered("auth/kubernetes/login", 400, "invalid role name")}`,
      /the login in Vault/,
    ],
    [
      `${login}error calling Vault server: ${answered("auth/kubernetes/login", 403, "permission denied")}`,
      /the login in Vault/,
    ],
    [
      `failed to sign certificate by vault: ${answered("mesh/root/sign-intermediate", 403, "permission denied")}`,
      /the policy/,
    ],
    [
      `failed to sign certificate by vault: ${answered("mash/root/sign-intermediate", 404, "no handler")}`,
      /issuer's path/,
    ],
  ])("reads %s", (said, look) => {
    expect(vaultAdvice(said)).toMatch(look);
    expect(vaultAdvice(inOneLine(said)), "in one line").toMatch(look);
  });

  it("knows nothing of other issuers' words", () => {
    expect(vaultAdvice('Error getting keypair for CA issuer: secret "root" not found')).toBeUndefined();
  });
});
