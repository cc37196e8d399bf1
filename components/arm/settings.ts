/**
 * Where Azure is and who we are there: what azure-native reads from the stack's configuration (`azure-native:clientId`, …)
 * and else from the environment (`ARM_CLIENT_ID`, …).
 */
export interface AzureSettings {
  readonly subscriptionId?: string;
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly clientCertificatePath?: string;
  readonly clientCertificatePassword?: string;
  readonly useOidc: boolean;
  readonly oidcToken?: string;
  readonly oidcTokenFilePath?: string;
  readonly oidcRequestUrl?: string;
  readonly oidcRequestToken?: string;
  readonly oidcAudience?: string;
  readonly useMsi: boolean;
  readonly useDefaultAzureCredential: boolean;
  readonly environment: string;
  readonly metadataHost?: string;
  readonly disableInstanceDiscovery: boolean;
}

/** Looks up one key of the stack's configuration, `azure-native:tenantId` for example. */
export type ConfigLookup = (key: string) => string | undefined;

/** Reads {@link AzureSettings}: each from the stack's configuration, else from the environment, as azure-native does. */
export function azureSettings(config: ConfigLookup, environment: NodeJS.ProcessEnv): AzureSettings {
  const value = (key: string, ...variables: string[]): string | undefined => {
    for (const candidate of [config(`azure-native:${key}`), ...variables.map((variable) => environment[variable])]) {
      if (candidate !== undefined && candidate !== "") {
        return String(candidate);
      }
    }
    return undefined;
  };
  const flag = (key: string, variable: string): boolean => value(key, variable)?.toLowerCase() === "true";
  return {
    subscriptionId: value("subscriptionId", "ARM_SUBSCRIPTION_ID"),
    tenantId: value("tenantId", "ARM_TENANT_ID"),
    clientId: value("clientId", "ARM_CLIENT_ID"),
    clientSecret: value("clientSecret", "ARM_CLIENT_SECRET"),
    clientCertificatePath: value("clientCertificatePath", "ARM_CLIENT_CERTIFICATE_PATH"),
    clientCertificatePassword: value("clientCertificatePassword", "ARM_CLIENT_CERTIFICATE_PASSWORD"),
    useOidc: flag("useOidc", "ARM_USE_OIDC"),
    oidcToken: value("oidcToken", "ARM_OIDC_TOKEN"),
    oidcTokenFilePath: value("oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH"),
    oidcRequestUrl: value("oidcRequestUrl", "ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"),
    oidcRequestToken: value("oidcRequestToken", "ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    oidcAudience: value("oidcAudience", "ARM_OIDC_AUDIENCE"),
    useMsi: flag("useMsi", "ARM_USE_MSI"),
    useDefaultAzureCredential: flag("useDefaultAzureCredential", "ARM_USE_DEFAULT_AZURE_CREDENTIAL"),
    environment: value("environment", "ARM_ENVIRONMENT", "AZURE_ENVIRONMENT") ?? "public",
    metadataHost: value("metadataHost", "ARM_METADATA_HOSTNAME"),
    disableInstanceDiscovery: flag("disableInstanceDiscovery", "ARM_DISABLE_INSTANCE_DISCOVERY"),
  };
}
