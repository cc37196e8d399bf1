import { type ArmContext, type ResourceHandler } from "../context";
import { ArmError } from "../errors";
import { type JsonObject, numberAt, stringAt } from "../json";
import { milliseconds } from "../latency";
import { apiVersionsOf } from "./api-versions";
import { requireSubscription } from "./resources";
import { regions } from "./subscriptions";

/** Resource providers the emulator names, and the types a client may look up api-versions and locations of. */
const PROVIDERS: Readonly<Record<string, readonly string[]>> = {
  "Microsoft.AlertsManagement": ["prometheusRuleGroups", "smartDetectorAlertRules"],
  "Microsoft.Authorization": ["roleAssignments", "roleDefinitions", "locks", "policyAssignments"],
  "Microsoft.Cache": ["redis"],
  "Microsoft.Compute": [
    "virtualMachines",
    "virtualMachineScaleSets",
    "diskEncryptionSets",
    "disks",
    "snapshots",
    "locations/usages",
    "locations/vmSizes",
  ],
  "Microsoft.ContainerRegistry": ["registries"],
  "Microsoft.ContainerService": [
    "managedClusters",
    "managedClusters/agentPools",
    "managedClusters/maintenanceConfigurations",
    "snapshots",
    "locations",
    "locations/operations",
    "locations/operationResults",
    "locations/kubernetesVersions",
  ],
  "Microsoft.Dashboard": ["grafana", "dashboards", "dashboards/dashboardDefinitions"],
  "Microsoft.DBforPostgreSQL": ["flexibleServers"],
  "Microsoft.Features": ["features", "providers"],
  "Microsoft.Insights": [
    "actionGroups",
    "activityLogAlerts",
    "autoscaleSettings",
    "components",
    "metricAlerts",
    "scheduledQueryRules",
    "diagnosticSettings",
    "dataCollectionRules",
    "dataCollectionEndpoints",
    "dataCollectionRuleAssociations",
  ],
  "Microsoft.KeyVault": ["vaults", "vaults/secrets"],
  "Microsoft.Kubernetes": ["connectedClusters"],
  "Microsoft.KubernetesConfiguration": ["extensions", "fluxConfigurations"],
  "Microsoft.ManagedIdentity": ["userAssignedIdentities", "userAssignedIdentities/federatedIdentityCredentials"],
  "Microsoft.Monitor": ["accounts"],
  "Microsoft.Network": [
    "virtualNetworks",
    "virtualNetworks/subnets",
    "virtualNetworks/virtualNetworkPeerings",
    "applicationGateways",
    "applicationSecurityGroups",
    "azureFirewalls",
    "bastionHosts",
    "dnsZones",
    "loadBalancers",
    "natGateways",
    "networkInterfaces",
    "networkSecurityGroups",
    "networkSecurityGroups/securityRules",
    "privateDnsZones",
    "privateDnsZones/virtualNetworkLinks",
    "privateEndpoints",
    "privateLinkServices",
    "publicIPAddresses",
    "publicIPPrefixes",
    "routeTables",
    "routeTables/routes",
  ],
  "Microsoft.OperationalInsights": ["workspaces"],
  "Microsoft.OperationsManagement": ["solutions"],
  "Microsoft.PolicyInsights": ["policyStates"],
  "Microsoft.Resources": ["resourceGroups", "deployments", "tags"],
  "Microsoft.Security": ["pricings"],
  "Microsoft.ServiceBus": ["namespaces"],
  "Microsoft.Storage": ["storageAccounts"],
};

/** What types have whose versions the emulator does not know: it takes every date for them. */
const dates = ["2025-10-01", "2025-05-01", "2024-10-01", "2023-04-01"];

/** Providers that every subscription has and nobody can unregister. */
const FREE = ["microsoft.authorization", "microsoft.features", "microsoft.resources"];

const PREFIX = "provider:";

interface Registration {
  readonly state: string;
  /** When it last became Registered; 0 where it always was. */
  readonly since: number;
}

/** State of a provider. An unknown namespace counts as Registered, so that any type can be stored. */
export function providerRegistration(context: ArmContext, namespace: string): Registration {
  const record = context.store.get(PREFIX + namespace.toLowerCase());
  if (record === undefined) return { state: "Registered", since: 0 };
  const dueAt = numberAt(record, "dueAt") ?? 0;
  const registers = stringAt(record, "to") === "Registered";
  if (context.now() < dueAt)
    return { state: registers ? "Registering" : "Unregistering", since: numberAt(record, "since") ?? 0 };
  return { state: registers ? "Registered" : "NotRegistered", since: dueAt };
}

/**
 * A provider that was registered once keeps serving while it is being registered again.
 *
 * @throws ArmError 409 MissingSubscriptionRegistration.
 */
export function requireRegistered(context: ArmContext, namespace: string): void {
  const { state } = providerRegistration(context, namespace);
  if (state === "Registered" || state === "Registering") return;
  throw new ArmError(
    409,
    "MissingSubscriptionRegistration",
    `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`,
  );
}

/** `/subscriptions/{s}/providers`: register, unregister, read. */
export const resourceProvidersHandler: ResourceHandler = (context, request) => {
  const match = /^\/subscriptions\/([^/]+)\/providers(?:\/([^/]+)(?:\/([^/]+))?)?\/?$/i.exec(request.path);
  if (match === null) return undefined;
  const subscriptionId = requireSubscription(context, { ...request.resource, subscriptionId: match[1] });
  const [, , given, verb] = match;
  if (given === undefined) {
    if (request.method !== "GET") return undefined;
    return {
      status: 200,
      body: { value: Object.keys(PROVIDERS).map((namespace) => describe(context, subscriptionId, namespace)) },
    };
  }
  const namespace = Object.keys(PROVIDERS).find((known) => known.toLowerCase() === given.toLowerCase());
  if (verb === undefined && request.method === "GET") {
    return { status: 200, body: describe(context, subscriptionId, known(namespace, given)) };
  }
  const action = verb?.toLowerCase();
  if (request.method !== "POST" || (action !== "register" && action !== "unregister")) return undefined;
  const name = known(namespace, given);
  if (!FREE.includes(name.toLowerCase())) {
    const { since } = providerRegistration(context, name);
    const dueAt = context.now() + milliseconds(context.latency(), "providerRegister");
    const to = action === "register" ? "Registered" : "NotRegistered";
    context.store.commit({ put: { [PREFIX + name.toLowerCase()]: { to, dueAt, since } } });
  }
  return { status: 200, body: describe(context, subscriptionId, name) };
};

function known(namespace: string | undefined, given: string): string {
  if (namespace !== undefined) return namespace;
  throw new ArmError(404, "InvalidResourceNamespace", `The resource namespace '${given}' is invalid.`);
}

function describe(context: ArmContext, subscriptionId: string, namespace: string): JsonObject {
  return {
    id: `/subscriptions/${subscriptionId}/providers/${namespace}`,
    namespace,
    resourceTypes: (PROVIDERS[namespace] ?? []).map((resourceType) => ({
      resourceType,
      locations: Object.values(regions).map(({ displayName }) => displayName),
      apiVersions: [...(apiVersionsOf(`${namespace}/${resourceType}`) ?? dates)],
      capabilities: "CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, SupportsTags, SupportsLocation",
    })),
    registrationState: providerRegistration(context, namespace).state,
    registrationPolicy: FREE.includes(namespace.toLowerCase()) ? "RegistrationFree" : "RegistrationRequired",
  };
}
