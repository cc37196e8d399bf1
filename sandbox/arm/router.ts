import { agentPoolsHandler } from "./container-service/agent-pools";
import { createClusterActionsHandler } from "./container-service/cluster-actions";
import { type ControlPlanes } from "./container-service/control-planes";
import { containerServiceLocationsHandler } from "./container-service/locations";
import { machinesHandler } from "./container-service/machines";
import { maintenanceConfigurationsHandler } from "./container-service/maintenance-configurations";
import { managedClustersHandler } from "./container-service/managed-clusters";
import { type ArmContext, type ResourceHandler } from "./context";
import { ArmError } from "./errors";
import { type Dispatch, deploymentsHandler } from "./deployments/deployments";
import { answerGraph, graphPath } from "./graph";
import { type ArmRequest, type ArmResponse } from "./http";
import { type Caller, type Login } from "./login";
import { requireAllowedByPolicy } from "./policy/enforce";
import { policiesHandler } from "./policy/policies";
import { vaultSecretsHandler } from "./key-vault/secrets-handler";
import { parseResourcePath } from "./resource-id";
import { requireApiVersion, requireVersionOfType } from "./resource-manager/api-versions";
import { authorizationHandler } from "./resource-manager/authorization";
import { createFeaturesHandler } from "./resource-manager/features";
import { genericResourcesHandler } from "./resource-manager/generic-resources";
import { computeHandler } from "./resource-manager/compute";
import { budgetsHandler } from "./resource-manager/budgets";
import { ruleGroupsHandler } from "./resource-manager/rule-groups";
import { requireUnlocked } from "./resource-manager/locks";
import { nameAvailabilityHandler } from "./resource-manager/name-availability";
import { operationResultsHandler } from "./resource-manager/operation-results";
import { resourceGroupsHandler } from "./resource-manager/resource-groups";
import { resourceProvidersHandler } from "./resource-manager/resource-providers";
import { softDeletionHandler } from "./resource-manager/soft-deletion";
import { subscriptionsHandler } from "./resource-manager/subscriptions";
import { tagsHandler } from "./resource-manager/tags";

/** Ways to the handlers: for clients, and for the emulator itself. */
export interface Router {
  /** Answers a client, once its caller is known. */
  readonly route: (context: ArmContext, request: ArmRequest) => Promise<ArmResponse>;
  /** Answers the emulator itself: what a deployment writes. */
  readonly dispatch: Dispatch;
}

/**
 * What Azure Resource Manager answers a managed identity: it sees no subscription. Its roles are on vaults and clusters, which it reaches by these' own endpoints.
 *
 * @returns undefined for the service principal.
 * @throws ArmError 403 for what it may not.
 */
function answerManagedIdentity(
  { identity }: ArmContext,
  { method, path }: ArmRequest,
  { objectId, applicationId }: Caller,
) {
  if (objectId === identity.objectId) return undefined;
  if (method === "GET" && path.toLowerCase() === "/subscriptions") return { status: 200, body: { value: [] } };
  throw new ArmError(
    403,
    "AuthorizationFailed",
    `The client '${applicationId}' with object id '${objectId}' does not have authorization to perform action '${method}' over scope '${path}' or the scope is invalid. (The sandbox's managed identities have no right in Azure Resource Manager.)`,
  );
}

/** Finds who answers a request to Azure Resource Manager (or to Microsoft Graph), once its caller is known. */
export function createRouter(planes: ControlPlanes, login: Login): Router {
  // The first that has an answer wins: the special ones first, the generic store last.
  const handlers: readonly ResourceHandler[] = [
    operationResultsHandler,
    subscriptionsHandler,
    resourceGroupsHandler,
    resourceProvidersHandler,
    createFeaturesHandler(),
    authorizationHandler,
    policiesHandler,
    budgetsHandler,
    ruleGroupsHandler,
    managedClustersHandler,
    agentPoolsHandler,
    machinesHandler,
    maintenanceConfigurationsHandler,
    createClusterActionsHandler(planes),
    containerServiceLocationsHandler,
    computeHandler,
    tagsHandler,
    nameAvailabilityHandler,
    softDeletionHandler,
    deploymentsHandler,
    vaultSecretsHandler,
    genericResourcesHandler,
  ];
  const dispatch: Dispatch = async (context, request) => {
    requireVersionOfType(context, request);
    requireUnlocked(context, request);
    requireAllowedByPolicy(context, request);
    for (const handler of handlers) {
      const answer = await handler(context, request);
      if (answer !== undefined) return answer;
    }
    throw new ArmError(
      404,
      "InvalidResourceType",
      `The sandbox has no answer to ${request.method} ${request.path} (api-version ${request.apiVersion}).`,
    );
  };
  const route: Router["route"] = async (context, request) => {
    if (graphPath.test(request.path)) return answerGraph(context, request);
    const caller = await login.authenticate(request.headers.authorization);
    const apiVersion = request.query.get("api-version");
    if (apiVersion === null || apiVersion === "") {
      throw new ArmError(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
      );
    }
    requireApiVersion(apiVersion, context.now());
    const refused = answerManagedIdentity(context, request, caller);
    if (refused !== undefined) return refused;
    return dispatch(context, { ...request, resource: parseResourcePath(request.path), apiVersion });
  };
  return { route, dispatch };
}
