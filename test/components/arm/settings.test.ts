import { describe, expect, it } from "vitest";

import { cloudFromMetadata, cloudNamed } from "../../../components/arm/cloud";
import { withoutTokens } from "../../../components/arm/client";
import { credentialFor } from "../../../components/arm/credential";
import { guidOf } from "../../../components/arm/guid";
import { azureSettings } from "../../../components/arm/settings";

const none = (): undefined => undefined;

describe("azureSettings", () => {
  it("takes the stack's configuration before the environment", () => {
    const config: Record<string, string> = { "azure-native:tenantId": "from-config" };
    const settings = azureSettings((key) => config[key], { ARM_TENANT_ID: "from-env", ARM_CLIENT_ID: "client" });
    expect(settings).toMatchObject({ tenantId: "from-config", clientId: "client", environment: "public" });
  });

  it("takes an empty value for none", () => {
    expect(azureSettings(() => "", { ARM_TENANT_ID: "" }).tenantId).toBeUndefined();
  });

  it("finds GitHub's own variables for OpenID Connect", () => {
    const settings = azureSettings(none, {
      ARM_USE_OIDC: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://token",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "t",
    });
    expect(settings).toMatchObject({ useOidc: true, oidcRequestUrl: "https://token", oidcRequestToken: "t" });
  });
});

describe("the credential", () => {
  const servicePrincipal = { ARM_TENANT_ID: "00000000-0000-0000-0000-000000000001", ARM_CLIENT_ID: "c" };
  const all = {
    ...servicePrincipal,
    ARM_USE_DEFAULT_AZURE_CREDENTIAL: "true",
    ARM_CLIENT_CERTIFICATE_PATH: "/certificate.pem",
    ARM_CLIENT_SECRET: "s",
    ARM_USE_OIDC: "true",
    ARM_OIDC_TOKEN: "t",
    ARM_USE_MSI: "true",
  };
  const without = (...names: string[]): NodeJS.ProcessEnv =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
  const order = [
    "ARM_USE_DEFAULT_AZURE_CREDENTIAL",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_SECRET",
    "ARM_USE_OIDC",
    "ARM_USE_MSI",
  ];

  it("is chosen in azure-native's order", async () => {
    const kinds = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (skipped) => {
        const settings = azureSettings(none, without(...order.slice(0, skipped)));
        return (await credentialFor(settings, cloudNamed("public"))).constructor.name;
      }),
    );
    expect(kinds).toEqual([
      "DefaultAzureCredential",
      "ClientCertificateCredential",
      "ClientSecretCredential",
      "ClientAssertionCredential",
      "ManagedIdentityCredential",
      "AzureCliCredential",
    ]);
  });

  it.each([
    [{ ARM_CLIENT_SECRET: "very-secret", ARM_CLIENT_ID: "c" }, "tenantId (ARM_TENANT_ID)"],
    [{ ARM_CLIENT_SECRET: "very-secret", ARM_TENANT_ID: "t" }, "clientId (ARM_CLIENT_ID)"],
  ])("names the setting that is missing, and no secret", async (environment, missing) => {
    const failure: unknown = await credentialFor(azureSettings(none, environment), cloudNamed("public")).catch(
      (error: unknown) => error,
    );
    expect(String(failure)).toContain(missing);
    expect(String(failure)).not.toContain("very-secret");
  });
});

describe("the cloud", () => {
  it.each([
    ["public", "https://management.azure.com"],
    ["AzureUSGovernment", "https://management.usgovcloudapi.net"],
    ["china", "https://management.chinacloudapi.cn"],
  ])("%s is at %s", (name, resourceManager) => {
    expect(cloudNamed(name).resourceManager).toBe(resourceManager);
  });

  it("refuses an unknown name", () => {
    expect(() => cloudNamed("germany")).toThrow(/public, usgovernment or china/);
  });

  it("is found in a metadata document, slashes or not", () => {
    const document = {
      resourceManager: "https://localhost:1/",
      authentication: { loginEndpoint: "https://localhost:1/login/", audiences: ["https://arm/", "x"] },
    };
    expect(cloudFromMetadata("localhost:1", document)).toEqual({
      resourceManager: "https://localhost:1",
      authority: "https://localhost:1/login",
      audience: "https://arm",
    });
    expect(() => cloudFromMetadata("localhost:1", {})).toThrow(/localhost:1 gave lacks .*azure-native:metadataHost/);
  });
});

describe("withoutTokens", () => {
  it("cuts out what looks like a token and leaves the rest", () => {
    expect(withoutTokens("Bearer eyJhbGciOi.eyJzdWIi.c2ln is wrong")).toBe("Bearer <token> is wrong");
  });
});

describe("guidOf", () => {
  it("depends on every part and on where one ends", () => {
    expect(guidOf("a", "b")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(guidOf("a", "b")).toBe(guidOf("a", "b"));
    expect(new Set([guidOf("a", "b"), guidOf("ab"), guidOf("b", "a")]).size).toBe(3);
  });
});
