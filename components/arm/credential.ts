import { type TokenCredential } from "@azure/identity";

import { type Cloud } from "./cloud";
import { type AzureSettings } from "./settings";

/**
 * The credential that azure-native would use with the same settings, in the same order: default credential, client
 * certificate, client secret, OpenID Connect, managed identity, azure-cli.
 *
 * @throws Error if a setting that the chosen way needs is missing.
 */
export async function credentialFor(settings: AzureSettings, cloud: Cloud): Promise<TokenCredential> {
  // Loaded where it is needed: it would cost the start of every program a fifth of a second.
  const identity = await import("@azure/identity");
  const options = {
    authorityHost: cloud.authority,
    disableInstanceDiscovery: settings.disableInstanceDiscovery,
  };
  const servicePrincipal = (kind: string): { tenantId: string; clientId: string } => {
    const { tenantId, clientId } = settings;
    if (!tenantId || !clientId) {
      const missing = tenantId ? "clientId (ARM_CLIENT_ID)" : "tenantId (ARM_TENANT_ID)";
      throw new Error(`Logging in to Azure with ${kind} needs azure-native:${missing}.`);
    }
    return { tenantId, clientId };
  };

  if (settings.useDefaultAzureCredential) {
    return new identity.DefaultAzureCredential({ ...options, tenantId: settings.tenantId });
  }
  if (settings.clientCertificatePath) {
    const { tenantId, clientId } = servicePrincipal("a client certificate");
    return new identity.ClientCertificateCredential(
      tenantId,
      clientId,
      { certificatePath: settings.clientCertificatePath, certificatePassword: settings.clientCertificatePassword },
      options,
    );
  }
  if (settings.clientSecret) {
    const { tenantId, clientId } = servicePrincipal("a client secret");
    return new identity.ClientSecretCredential(tenantId, clientId, settings.clientSecret, options);
  }
  if (settings.useOidc) {
    const { tenantId, clientId } = servicePrincipal("OpenID Connect");
    return new identity.ClientAssertionCredential(tenantId, clientId, () => federatedToken(settings), options);
  }
  if (settings.useMsi) {
    return settings.clientId
      ? new identity.ManagedIdentityCredential({ clientId: settings.clientId })
      : new identity.ManagedIdentityCredential();
  }
  return new identity.AzureCliCredential({ tenantId: settings.tenantId, subscription: settings.subscriptionId });
}

/** A token from the OpenID Connect issuer that the application in Entra ID trusts. Asked for again at each login. */
async function federatedToken(settings: AzureSettings): Promise<string> {
  if (settings.oidcToken) {
    return settings.oidcToken;
  }
  if (settings.oidcTokenFilePath) {
    const { readFile } = await import("node:fs/promises");
    return (await readFile(settings.oidcTokenFilePath, "utf8")).trim();
  }
  if (!settings.oidcRequestUrl || !settings.oidcRequestToken) {
    throw new Error(
      "Logging in to Azure with OpenID Connect needs one of azure-native:oidcToken (ARM_OIDC_TOKEN), " +
        "azure-native:oidcTokenFilePath (ARM_OIDC_TOKEN_FILE_PATH), or azure-native:oidcRequestUrl and oidcRequestToken " +
        "(ARM_OIDC_REQUEST_URL, ARM_OIDC_REQUEST_TOKEN).",
    );
  }
  const url = new URL(settings.oidcRequestUrl);
  url.searchParams.set("audience", settings.oidcAudience ?? "api://AzureADTokenExchange");
  const response = await fetch(url, {
    headers: { accept: "application/json", authorization: `Bearer ${settings.oidcRequestToken}` },
  });
  if (!response.ok) {
    throw new Error(`The OpenID Connect issuer at ${url.host} answered ${response.status}.`);
  }
  const { value } = (await response.json()) as { value?: string };
  if (!value) {
    throw new Error(`The OpenID Connect issuer at ${url.host} answered without a token.`);
  }
  return value;
}
