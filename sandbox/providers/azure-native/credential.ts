import { readFile } from "node:fs/promises";
import { type TokenCredential } from "@azure/identity";
import { type Cloud } from "./cloud";
import { type Configuration } from "./configuration";
import { isJsonObject, parseJson } from "./json";

/** Access tokens for one audience after another. */
export interface TokenSource {
  /** @param audience The resource the token is for, as `https://management.core.windows.net/`. */
  getToken(audience: string, signal: AbortSignal): Promise<string>;
}

/**
 * Signs in by the first method that the configuration asks for, in azure-native's order: default credential, client certificate,
 * client secret, OIDC, managed identity, azure-cli. Nothing is asked of anybody before the first token is needed.
 */
export function createTokenSource(configuration: Configuration, cloud: Cloud): TokenSource {
  let credential: Promise<TokenCredential> | undefined;
  return {
    async getToken(audience, signal) {
      credential ??= createCredential(configuration, cloud);
      // An audience that ends in a slash keeps it, so that its scope has two: `https://management.core.windows.net//.default`.
      const token = await (await credential).getToken(`${audience}/.default`, { abortSignal: signal });
      if (token === null) throw new Error(`No access token for ${audience} was given.`);
      return token.token;
    },
  };
}

/** Loaded late: @azure/identity takes longer to load than all else that a provider needs before it can answer. */
async function createCredential(configuration: Configuration, cloud: Cloud): Promise<TokenCredential> {
  const identity = await import("@azure/identity");
  const { tenantId, clientId } = configuration;
  const options = {
    authorityHost: `${cloud.authorityHost}/`,
    disableInstanceDiscovery: configuration.disableInstanceDiscovery,
    additionallyAllowedTenants: [...configuration.auxiliaryTenantIds],
  };
  const require = (method: string, ...settings: readonly ("tenantId" | "clientId" | "subscriptionId")[]): void => {
    const missing = settings.filter((setting) => configuration[setting] === "");
    if (missing.length === 0) return;
    throw new Error(
      `azure-native: to sign in with ${method}, set ${missing.map((name) => `azure-native:${name}`).join(" and ")} ` +
        `(or ${missing.map((name) => `ARM_${name.replace("Id", "_ID").toUpperCase()}`).join(" and ")}).`,
    );
  };

  if (configuration.useDefaultAzureCredential) {
    require("the default credential", "subscriptionId");
    return new identity.DefaultAzureCredential(options);
  }
  if (configuration.clientCertificatePath !== "") {
    require("a client certificate", "subscriptionId", "tenantId", "clientId");
    return new identity.ClientCertificateCredential(
      tenantId,
      clientId,
      {
        certificatePath: configuration.clientCertificatePath,
        certificatePassword: configuration.clientCertificatePassword,
      },
      options,
    );
  }
  if (configuration.clientSecret !== "") {
    require("a client secret", "subscriptionId", "tenantId", "clientId");
    return new identity.ClientSecretCredential(tenantId, clientId, configuration.clientSecret, options);
  }
  if (configuration.useOidc) {
    require("OIDC", "subscriptionId", "tenantId", "clientId");
    return new identity.ClientAssertionCredential(tenantId, clientId, () => getAssertion(configuration), options);
  }
  if (configuration.useMsi) {
    require("a managed identity", "subscriptionId");
    return clientId === ""
      ? new identity.ManagedIdentityCredential()
      : new identity.ManagedIdentityCredential({ clientId });
  }
  return new identity.AzureCliCredential();
}

/** The token of the identity provider that vouches for us: given, in a file, or to be had from GitHub Actions. */
async function getAssertion(configuration: Configuration): Promise<string> {
  if (configuration.oidcToken !== "") return configuration.oidcToken;
  if (configuration.oidcTokenFilePath !== "") return (await readFile(configuration.oidcTokenFilePath, "utf8")).trim();
  if (configuration.oidcRequestUrl === "" || configuration.oidcRequestToken === "") {
    throw new Error(
      "azure-native: useOidc needs oidcToken, oidcTokenFilePath, or oidcRequestUrl with oidcRequestToken (ARM_OIDC_*).",
    );
  }
  const url = new URL(configuration.oidcRequestUrl);
  url.searchParams.set("audience", configuration.oidcAudience);
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${configuration.oidcRequestToken}`, accept: "application/json" },
  });
  const body = parseJson(await response.text());
  const value = isJsonObject(body) ? body["value"] : undefined;
  if (!response.ok || typeof value !== "string") {
    throw new Error(`azure-native: oidcRequestUrl answered ${response.status} and gave no token.`);
  }
  return value;
}
