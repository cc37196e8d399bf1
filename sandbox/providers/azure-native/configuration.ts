import { reveal, type PropertyMap } from "../protocol";

/** The provider's settings, from its inputs and then from the environment. */
export interface Configuration {
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientCertificatePath: string;
  readonly clientCertificatePassword: string;
  readonly useOidc: boolean;
  readonly oidcToken: string;
  readonly oidcTokenFilePath: string;
  readonly oidcRequestUrl: string;
  readonly oidcRequestToken: string;
  readonly oidcAudience: string;
  readonly useMsi: boolean;
  readonly useDefaultAzureCredential: boolean;
  /** Names of further tenants that tokens may be asked for. */
  readonly auxiliaryTenantIds: readonly string[];
  /** Host and perhaps port of the ARM that describes itself at /metadata/endpoints; empty for the public cloud. */
  readonly metadataHost: string;
  /** `public`, `usgovernment` or `china`. */
  readonly environment: string;
  readonly disableInstanceDiscovery: boolean;
  /** Default for resources that give no location. */
  readonly location: string;
}

/** The variables of the process, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings in azure-native's order: provider inputs (or stack configuration, which the engine puts there), then ARM_*. */
export function readConfiguration(inputs: PropertyMap, environment: Environment): Configuration {
  const revealed = reveal(inputs);
  const setting = (input: string, ...variables: readonly string[]): string => {
    const value = revealed[input];
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "boolean" || typeof value === "number") return String(value);
    return variables.map((variable) => environment[variable]).find((text) => text !== undefined && text !== "") ?? "";
  };
  const flag = (input: string, variable: string): boolean => setting(input, variable).toLowerCase() === "true";

  return {
    subscriptionId: setting("subscriptionId", "ARM_SUBSCRIPTION_ID"),
    tenantId: setting("tenantId", "ARM_TENANT_ID"),
    clientId: setting("clientId", "ARM_CLIENT_ID"),
    clientSecret: setting("clientSecret", "ARM_CLIENT_SECRET"),
    clientCertificatePath: setting("clientCertificatePath", "ARM_CLIENT_CERTIFICATE_PATH"),
    clientCertificatePassword: setting("clientCertificatePassword", "ARM_CLIENT_CERTIFICATE_PASSWORD"),
    useOidc: flag("useOidc", "ARM_USE_OIDC"),
    oidcToken: setting("oidcToken", "ARM_OIDC_TOKEN"),
    oidcTokenFilePath: setting("oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH"),
    oidcRequestUrl: setting("oidcRequestUrl", "ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"),
    oidcRequestToken: setting("oidcRequestToken", "ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    oidcAudience: setting("oidcAudience", "ARM_OIDC_AUDIENCE") || "api://AzureADTokenExchange",
    useMsi: flag("useMsi", "ARM_USE_MSI"),
    useDefaultAzureCredential: flag("useDefaultAzureCredential", "ARM_USE_DEFAULT_AZURE_CREDENTIAL"),
    auxiliaryTenantIds: readTenantList(setting("auxiliaryTenantIds", "ARM_AUXILIARY_TENANT_IDS")),
    metadataHost: setting("metadataHost", "ARM_METADATA_HOSTNAME"),
    environment: setting("environment", "ARM_ENVIRONMENT") || "public",
    disableInstanceDiscovery: flag("disableInstanceDiscovery", "ARM_DISABLE_INSTANCE_DISCOVERY"),
    location: setting("location", "ARM_LOCATION"),
  };
}

function readTenantList(text: string): readonly string[] {
  if (text === "") return [];
  const problem = `auxiliaryTenantIds: expected a JSON array of tenant ids, for example ["72f988bf-…"].`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(problem, { cause: error });
  }
  if (!Array.isArray(value) || !value.every((element) => typeof element === "string")) throw new Error(problem);
  return value;
}
