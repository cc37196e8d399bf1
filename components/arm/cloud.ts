/** Endpoints of one Azure cloud. */
export interface Cloud {
  /** Base address of Azure Resource Manager, without a slash at the end. */
  readonly resourceManager: string;
  /** Base address of the login service, without a slash at the end. */
  readonly authority: string;
  /** What tokens for Resource Manager are asked for. */
  readonly audience: string;
}

const publicCloud: Cloud = {
  resourceManager: "https://management.azure.com",
  authority: "https://login.microsoftonline.com",
  audience: "https://management.azure.com",
};

const governmentCloud: Cloud = {
  resourceManager: "https://management.usgovcloudapi.net",
  authority: "https://login.microsoftonline.us",
  audience: "https://management.usgovcloudapi.net",
};

const chinaCloud: Cloud = {
  resourceManager: "https://management.chinacloudapi.cn",
  authority: "https://login.chinacloudapi.cn",
  audience: "https://management.chinacloudapi.cn",
};

const cloudsByName: Readonly<Record<string, Cloud>> = {
  public: publicCloud,
  azurecloud: publicCloud,
  usgov: governmentCloud,
  usgovernment: governmentCloud,
  usgovernmentl4: governmentCloud,
  azureusgovernment: governmentCloud,
  azureusgovernmentcloud: governmentCloud,
  china: chinaCloud,
  azurechinacloud: chinaCloud,
};

/**
 * The cloud with the name that azure-native, azure-cli or Terraform give it, whatever its case.
 *
 * @throws Error for an unknown name.
 */
export function cloudNamed(name: string): Cloud {
  const cloud = cloudsByName[name.toLowerCase()];
  if (!cloud) {
    throw new Error(`azure-native:environment is "${name}". Write public, usgovernment or china.`);
  }
  return cloud;
}

/**
 * The cloud that a metadata document (`GET https://{host}/metadata/endpoints?api-version=2022-09-01`) describes.
 *
 * @throws Error if the document lacks one of the three endpoints.
 */
export function cloudFromMetadata(host: string, document: unknown): Cloud {
  const metadata = document as {
    resourceManager?: string;
    authentication?: { loginEndpoint?: string; audiences?: string[] };
  } | null;
  const resourceManager = metadata?.resourceManager;
  const authority = metadata?.authentication?.loginEndpoint;
  const audience = metadata?.authentication?.audiences?.[0];
  if (!resourceManager || !authority || !audience) {
    throw new Error(
      `The metadata that ${host} gave lacks resourceManager, authentication.loginEndpoint or authentication.audiences. ` +
        "Set azure-native:metadataHost to a host that describes an Azure cloud, or leave it out.",
    );
  }
  const trimmed = (address: string): string => address.replace(/\/+$/, "");
  return { resourceManager: trimmed(resourceManager), authority: trimmed(authority), audience: trimmed(audience) };
}
