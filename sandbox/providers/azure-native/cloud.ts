import { type Configuration } from "./configuration";
import { isJsonArray, isJsonObject, parseJson } from "./json";

/** Where a cloud's services are. */
export interface Cloud {
  /** Azure Resource Manager, without a slash at the end. */
  readonly resourceManager: string;
  /** Microsoft Entra ID, without a slash at the end. */
  readonly authorityHost: string;
  /** What tokens for Azure Resource Manager are asked for. */
  readonly audience: string;
  /** Microsoft Graph, without a slash at the end. */
  readonly microsoftGraph: string;
}

const knownClouds: Readonly<Record<string, Cloud>> = {
  public: {
    resourceManager: "https://management.azure.com",
    authorityHost: "https://login.microsoftonline.com",
    audience: "https://management.core.windows.net/",
    microsoftGraph: "https://graph.microsoft.com",
  },
  usgovernment: {
    resourceManager: "https://management.usgovcloudapi.net",
    authorityHost: "https://login.microsoftonline.us",
    audience: "https://management.core.usgovcloudapi.net",
    microsoftGraph: "https://graph.microsoft.us",
  },
  china: {
    resourceManager: "https://management.chinacloudapi.cn",
    authorityHost: "https://login.chinacloudapi.cn",
    audience: "https://management.core.chinacloudapi.cn",
    microsoftGraph: "https://microsoftgraph.chinacloudapi.cn",
  },
};

/**
 * Finds the cloud's services: from its own description at the metadata host where one is set, else from the list of known clouds.
 *
 * @throws Error when the metadata host does not answer or not as expected, or the environment's name is not known.
 */
export async function findCloud(configuration: Configuration, signal: AbortSignal): Promise<Cloud> {
  if (configuration.metadataHost !== "") return readMetadata(configuration.metadataHost, signal);
  const cloud = knownClouds[configuration.environment.toLowerCase()];
  if (cloud === undefined) {
    throw new Error(
      `environment: ${configuration.environment} is not known; use ${Object.keys(knownClouds).join(", ")}, or set metadataHost.`,
    );
  }
  return cloud;
}

async function readMetadata(host: string, signal: AbortSignal): Promise<Cloud> {
  const url = `https://${host}/metadata/endpoints?api-version=2022-09-01`;
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    if (signal.aborted) throw error; // by Ctrl-C: that the host does not answer would be untrue
    throw new Error(`metadataHost: ${url} does not answer (${describeCause(error)}).`, { cause: error });
  });
  const body = parseJson(await response.text());
  const text = (value: unknown): string => (typeof value === "string" ? value.replace(/\/$/, "") : "");
  if (!response.ok || !isJsonObject(body) || !isJsonObject(body["authentication"])) {
    throw new Error(`metadataHost: ${url} answered ${response.status} and no description of a cloud.`);
  }
  const { authentication } = body;
  const [audience] = isJsonArray(authentication["audiences"]) ? authentication["audiences"] : [];
  const resourceManager = text(body["resourceManager"]);
  const authorityHost = text(authentication["loginEndpoint"]);
  if (resourceManager === "" || authorityHost === "" || typeof audience !== "string") {
    throw new Error(`metadataHost: ${url} names no resourceManager, authentication.loginEndpoint or audiences[0].`);
  }
  return { resourceManager, authorityHost, audience, microsoftGraph: text(body["microsoftGraphResourceId"]) };
}

/** What lies behind fetch's "fetch failed". */
export function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
