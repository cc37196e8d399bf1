import { type CheckFailure, type InvokeRequest, type PropertyMap } from "../protocol";
import { ArmError } from "./arm-client";
import { toOutputs, type Translation } from "./body";
import { isJsonObject, parseJson, toJson, withoutNulls, type JsonObject } from "./json";
import { buildResourceId, pathParameters } from "./resource-path";
import { inResourceGroup } from "./resource-type";
import { resourceSchema } from "./schema/schema";
import { type Session } from "./session";

/** What an invoke gives, as the protocol has it. */
export type InvokeOutcome = { readonly result: PropertyMap } | { readonly failures: readonly CheckFailure[] };

/** A POST that reads: lists of keys and credentials. */
interface Action {
  readonly path: string;
  /** The resource type whose API version it has. */
  readonly versionOf: string;
  /** Arguments that go into the query: argument to name in the query. */
  readonly query?: Readonly<Record<string, string>>;
}

const managedCluster = inResourceGroup("Microsoft.ContainerService/managedClusters/{resourceName}");
const managedClusterToken = "azure-native:containerservice:ManagedCluster";

const actions: Readonly<Record<string, Action>> = {
  "azure-native:containerservice:listManagedClusterUserCredentials": {
    path: `${managedCluster}/listClusterUserCredential`,
    versionOf: managedClusterToken,
    query: { format: "format", serverFqdn: "server-fqdn" },
  },
  "azure-native:containerservice:listManagedClusterAdminCredentials": {
    path: `${managedCluster}/listClusterAdminCredential`,
    versionOf: managedClusterToken,
    query: { serverFqdn: "server-fqdn" },
  },
  "azure-native:operationalinsights:getSharedKeys": {
    path: inResourceGroup("Microsoft.OperationalInsights/workspaces/{workspaceName}/sharedKeys"),
    versionOf: "azure-native:operationalinsights:Workspace",
  },
};

/**
 * Calls a function of azure-native: `getClientConfig`, `getClientToken`, an action of the table above, or `get` of any resource type.
 *
 * @param findTranslation Gives the resource type of a token, or undefined.
 * @throws Error when the function is not known.
 */
export async function invoke(
  session: Session,
  findTranslation: (token: string) => Translation | undefined,
  request: InvokeRequest,
  signal: AbortSignal,
): Promise<InvokeOutcome> {
  const args = toJson(request.args);
  switch (request.token) {
    case "azure-native:authorization:getClientConfig":
      return { result: await getClientConfig(session, signal) };
    case "azure-native:authorization:getClientToken": {
      const { cloud, tokens } = await session.connect(signal);
      const endpoint = typeof args["endpoint"] === "string" ? args["endpoint"] : cloud.audience;
      return { result: { token: await tokens.getToken(endpoint, signal) } };
    }
  }
  const action = actions[request.token];
  if (action !== undefined) return invokeAction(session, action, args, signal);
  const translation = findTranslation(request.token.replace(/:get([A-Z])/, ":$1"));
  if (translation !== undefined) return invokeGet(session, translation, args, signal);
  throw new Error(
    `Invoke type ${request.token} not found: the sandbox's azure-native translates the functions in ` +
      "sandbox/providers/azure-native/invokes.ts and `get` of the types in sandbox/providers/azure-native/resource-types/.",
  );
}

async function invokeAction(
  session: Session,
  action: Action,
  args: JsonObject,
  signal: AbortSignal,
): Promise<InvokeOutcome> {
  const missing = missingArguments(action.path, args);
  if (missing.length > 0) return { failures: missing };
  const { client } = await session.connect(signal);
  const query = new URLSearchParams({ "api-version": resourceSchema(action.versionOf).apiVersion });
  for (const [argument, name] of Object.entries(action.query ?? {})) {
    const value = args[argument];
    if (typeof value === "string") query.set(name, value);
  }
  const id = buildResourceId(action.path, { ...args, subscriptionId: session.subscriptionId() });
  const response = await client.send({ method: "POST", url: `${id}?${query}`, body: {}, signal });
  if (response.status !== 200 || !isJsonObject(response.body)) throw requestFailed(id, new ArmError(response));
  return { result: withoutNulls(response.body) };
}

async function invokeGet(
  session: Session,
  translation: Translation,
  args: JsonObject,
  signal: AbortSignal,
): Promise<InvokeOutcome> {
  const missing = missingArguments(translation.type.path, args);
  if (missing.length > 0) return { failures: missing };
  const { client } = await session.connect(signal);
  const { apiVersion } = translation.schema;
  const id = buildResourceId(translation.type.path, { ...args, subscriptionId: session.subscriptionId() });
  const response = await client.send({ method: "GET", url: `${id}?api-version=${apiVersion}`, signal });
  if (response.status !== 200 || !isJsonObject(response.body)) throw requestFailed(id, new ArmError(response));
  return { result: toOutputs(translation, apiVersion, response.body) };
}

function missingArguments(path: string, args: JsonObject): CheckFailure[] {
  return pathParameters(path)
    .filter((name) => args[name] === undefined)
    .map((name) => ({ property: name, reason: `missing required property '${name}'` }));
}

function requestFailed(id: string, error: Error): Error {
  return new Error(`request failed ${id}: ${error.message}`, { cause: error });
}

/** Who we are, as the access token says; what it does not say, the configuration does. */
async function getClientConfig(session: Session, signal: AbortSignal): Promise<PropertyMap> {
  const { cloud, tokens } = await session.connect(signal);
  const claims = readClaims(await tokens.getToken(cloud.audience, signal));
  const claim = (name: string): string => (typeof claims[name] === "string" ? claims[name] : "");
  return {
    clientId: claim("appid") || session.configuration.clientId,
    objectId: claim("oid"),
    subscriptionId: session.subscriptionId(),
    tenantId: claim("tid") || session.configuration.tenantId,
  };
}

function readClaims(token: string): JsonObject {
  const payload = parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  return isJsonObject(payload) ? payload : {};
}
