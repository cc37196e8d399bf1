import { type ArmContext } from "./context";
import { type ArmRequest, type ArmResponse } from "./http";
import { type JsonObject } from "./json";

/** `/metadata/endpoints`: what clients learn of a cloud, in the three shapes that its api-versions have had. */
export function metadataEndpoints(context: ArmContext, request: ArmRequest): ArmResponse {
  const version = request.query.get("api-version") ?? "";
  const host = context.baseUrl;
  const authentication: JsonObject = {
    loginEndpoint: `${host}/`,
    audiences: ["https://management.core.windows.net/", "https://management.azure.com/"],
    tenant: "common",
    identityProvider: "AAD",
  };
  if (version < "2019-05-01") {
    return {
      status: 200,
      body: { galleryEndpoint: host, graphEndpoint: `${host}/`, portalEndpoint: host, authentication },
    };
  }
  const cloud: JsonObject = {
    name: "Sandbox",
    portal: host,
    authentication,
    media: host,
    graph: `${host}/`,
    graphAudience: `${host}/`,
    microsoftGraphResourceId: `${host}/`,
    activeDirectoryDataLake: host,
    batch: host,
    resourceManager: `${host}/`,
    sqlManagement: host,
    gallery: host,
    vmImageAliasDoc: host,
    suffixes: {
      acrLoginServer: "azurecr.io",
      keyVaultDns: "vault.azure.net",
      sqlServerHostname: "database.windows.net",
      storage: "core.windows.net",
    },
  };
  // From 2022-09-01 on Azure answers one cloud, between that and 2019-05-01 a list of them.
  return { status: 200, body: version >= "2022-09-01" ? cloud : [cloud] };
}
