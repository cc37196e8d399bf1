import { type ArmContext } from "../context";
import { isObject, type Json, type JsonObject, objectAt, propertyIgnoringCase, stringAt, stringsAt } from "../json";
import { derivedGuid } from "../resource-manager/resources";
import { defaultVersion, offeredVersions, resolveVersion } from "./versions";

/** Add-on keys as AKS writes them; a request may use any casing. */
const ADDON_KEYS = [
  "aciConnectorLinux",
  "azureKeyvaultSecretsProvider",
  "azurepolicy",
  "httpApplicationRouting",
  "ingressApplicationGateway",
  "kubeDashboard",
  "omsagent",
  "openServiceMesh",
] as const;

/** Add-ons that get a managed identity of their own in the node resource group, and how its name starts. */
const ADDON_IDENTITIES: Readonly<Record<string, string>> = {
  azureKeyvaultSecretsProvider: "azurekeyvaultsecretsprovider",
  azurepolicy: "azurepolicy",
  httpApplicationRouting: "httpapplicationrouting",
  ingressApplicationGateway: "ingressapplicationgateway",
  omsagent: "omsagent",
};

/** Where a cluster stands. */
export interface ClusterPlace {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly location: string;
}

/** Name of the resource group for a cluster's nodes where none is given. */
export function defaultNodeResourceGroup(place: ClusterPlace): string {
  return `MC_${place.resourceGroup}_${place.name}_${place.location}`.slice(0, 80);
}

/** The add-on profiles of a request put over those of a cluster. Keys are AKS's own; what is left out stays. */
export function mergeAddons(existing: JsonObject, wanted: JsonObject): JsonObject {
  const merged: JsonObject = { ...existing };
  for (const [given, profile] of Object.entries(wanted)) {
    const key =
      propertyIgnoringCase(merged, given)?.name ??
      ADDON_KEYS.find((known) => known.toLowerCase() === given.toLowerCase()) ??
      given;
    merged[key] = isObject(profile) ? { ...objectAt(merged[key]), ...profile } : profile;
  }
  return merged;
}

/**
 * The properties of a cluster as Azure returns them: the wanted ones with the defaults and the computed ones filled in.
 * Without agentPoolProfiles (pools are resources of their own here) and provisioningState.
 */
export function completeProperties(
  context: ArmContext,
  place: ClusterPlace,
  wanted: JsonObject,
  envelope: { readonly identity: JsonObject | undefined; readonly tier: string },
): JsonObject {
  const { subscriptionId, tenantId } = context.identity;
  const key = place.id.toLowerCase();
  const longTerm = stringAt(wanted, "supportPlan") === "AKSLongTermSupport" && envelope.tier === "Premium";
  const version = stringAt(wanted, "kubernetesVersion") ?? defaultVersion;
  const dnsPrefix = stringAt(wanted, "dnsPrefix") ?? stringAt(wanted, "fqdnSubdomain") ?? `${place.name}-dns`;
  const unique = derivedGuid("fqdn", key).slice(0, 8);
  const isPrivate = objectAt(wanted, "apiServerAccessProfile")["enablePrivateCluster"] === true;
  const host = `${dnsPrefix}-${unique}`;
  const nodeResourceGroup = stringAt(wanted, "nodeResourceGroup") ?? defaultNodeResourceGroup(place);
  const nodeGroupId = (casing: string): string => `/subscriptions/${subscriptionId}/${casing}/${nodeResourceGroup}`;
  const hasManagedIdentity = envelope.identity !== undefined && stringAt(envelope.identity, "type") !== "None";
  const aad = wanted["aadProfile"];
  const addons = objectAt(wanted, "addonProfiles");

  return {
    ...wanted,
    aadProfile: isObject(aad)
      ? { ...aad, tenantID: aad["tenantID"] ?? tenantId, adminGroupObjectIDs: aad["adminGroupObjectIDs"] ?? null }
      : aad,
    addonProfiles:
      Object.keys(addons).length === 0 ? undefined : completeAddons(context, place, addons, nodeResourceGroup),
    autoUpgradeProfile: wanted["autoUpgradeProfile"] ?? { nodeOSUpgradeChannel: "NodeImage" },
    azurePortalFQDN: `${host}.portal.hcp.${place.location}.azmk8s.io`,
    currentKubernetesVersion: resolveVersion(version, {
      offered: offeredVersions(context),
      location: place.location,
      longTermSupport: longTerm,
      current: stringAt(wanted, "currentKubernetesVersion"),
    }),
    disableLocalAccounts: wanted["disableLocalAccounts"] ?? false,
    dnsPrefix,
    enableRBAC: wanted["enableRBAC"] ?? true,
    fqdn: `${host}.hcp.${place.location}.azmk8s.io`,
    identityProfile:
      wanted["identityProfile"] ??
      (hasManagedIdentity
        ? { kubeletidentity: managedIdentity(nodeGroupId("resourcegroups"), `${place.name}-agentpool`) }
        : undefined),
    kubernetesVersion: version,
    maxAgentPools: 100,
    networkProfile: completeNetwork(objectAt(wanted, "networkProfile"), nodeGroupId("resourceGroups"), key),
    nodeResourceGroup,
    oidcIssuerProfile: completeOidcIssuer(objectAt(wanted, "oidcIssuerProfile"), place, tenantId),
    powerState: wanted["powerState"] ?? { code: "Running" },
    privateFQDN: isPrivate ? `${host}.${unique}.privatelink.${place.location}.azmk8s.io` : undefined,
    resourceUID: derivedGuid("uid", key).replaceAll("-", "").slice(0, 24),
    securityProfile: wanted["securityProfile"] ?? {},
    servicePrincipalProfile: wanted["servicePrincipalProfile"] ?? { clientId: "msi" },
    storageProfile: {
      diskCSIDriver: { enabled: true },
      fileCSIDriver: { enabled: true },
      snapshotController: { enabled: true },
      ...objectAt(wanted, "storageProfile"),
    },
    supportPlan: wanted["supportPlan"] ?? "KubernetesOfficial",
    windowsProfile: withoutPassword(wanted["windowsProfile"]),
    workloadAutoScalerProfile: wanted["workloadAutoScalerProfile"] ?? {},
  };
}

/** A managed identity that AKS makes in the node resource group, as profiles describe it. */
function managedIdentity(nodeGroupId: string, name: string): JsonObject {
  const resourceId = `${nodeGroupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
  return {
    resourceId,
    clientId: derivedGuid("client", resourceId.toLowerCase()),
    objectId: derivedGuid("principal", resourceId.toLowerCase()),
  };
}

function completeAddons(
  context: ArmContext,
  place: ClusterPlace,
  addons: JsonObject,
  nodeResourceGroup: string,
): JsonObject {
  const scope = `/subscriptions/${context.identity.subscriptionId}/resourcegroups/${nodeResourceGroup}`;
  return Object.fromEntries(
    Object.entries(addons).map(([key, profile]) => {
      if (!isObject(profile)) return [key, profile];
      const prefix = ADDON_IDENTITIES[key];
      const identity =
        prefix === undefined || profile["enabled"] !== true
          ? undefined
          : managedIdentity(scope, `${prefix}-${place.name}`);
      const config =
        isObject(profile["config"]) && Object.keys(profile["config"]).length > 0 ? profile["config"] : null;
      return [key, { enabled: profile["enabled"], config, identity }];
    }),
  );
}

/** The network with AKS's defaults: overlay where nothing is said. */
function completeNetwork(wanted: JsonObject, nodeGroupId: string, clusterKey: string): JsonObject {
  const plugin = stringAt(wanted, "networkPlugin") ?? "azure";
  const saysNothing = wanted["networkPlugin"] === undefined && wanted["networkPluginMode"] === undefined;
  const mode = stringAt(wanted, "networkPluginMode") ?? (saysNothing ? "overlay" : undefined);
  const hasPodNetwork = plugin === "kubenet" || plugin === "none" || mode === "overlay";
  const podCidr = stringAt(wanted, "podCidr") ?? (hasPodNetwork ? "10.244.0.0/16" : undefined);
  const serviceCidr = stringAt(wanted, "serviceCidr") ?? stringsAt(wanted, "serviceCidrs")[0] ?? "10.0.0.0/16";
  const outboundType = stringAt(wanted, "outboundType") ?? "loadBalancer";
  const address = `${nodeGroupId}/providers/Microsoft.Network/publicIPAddresses/${derivedGuid("outbound", clusterKey)}`;
  const balancer = objectAt(wanted, "loadBalancerProfile");
  return {
    ...wanted,
    dnsServiceIP: stringAt(wanted, "dnsServiceIP") ?? dnsAddress(serviceCidr),
    ipFamilies: wanted["ipFamilies"] ?? ["IPv4"],
    loadBalancerProfile:
      outboundType === "loadBalancer"
        ? {
            ...balancer,
            managedOutboundIPs: balancer["managedOutboundIPs"] ?? { count: 1 },
            effectiveOutboundIPs: [{ id: address }],
            backendPoolType: balancer["backendPoolType"] ?? "nodeIPConfiguration",
          }
        : wanted["loadBalancerProfile"],
    loadBalancerSku: stringAt(wanted, "loadBalancerSku")?.toLowerCase() ?? "standard",
    networkDataplane: wanted["networkDataplane"] ?? (plugin === "azure" ? "azure" : undefined),
    networkPlugin: plugin,
    networkPluginMode: mode,
    networkPolicy: wanted["networkPolicy"] ?? "none",
    outboundType,
    podCidr,
    podCidrs: wanted["podCidrs"] ?? (podCidr === undefined ? undefined : [podCidr]),
    serviceCidr,
    serviceCidrs: wanted["serviceCidrs"] ?? [serviceCidr],
  };
}

/** AKS's default for the DNS service: the tenth address of the service range. */
function dnsAddress(serviceCidr: string): string {
  const [network = "10.0.0.0"] = serviceCidr.split("/");
  const octets = network.split(".");
  return [...octets.slice(0, 3), String(Number(octets[3] ?? 0) + 10)].join(".");
}

function completeOidcIssuer(wanted: JsonObject, place: ClusterPlace, tenantId: string): JsonObject {
  if (wanted["enabled"] !== true) return { enabled: false };
  const path = `${tenantId}/${derivedGuid("issuer", place.id.toLowerCase())}/`;
  return { enabled: true, issuerURL: `https://${place.location}.oic.prod-aks.azure.com/${path}` };
}

function withoutPassword(profile: Json | undefined): Json | undefined {
  if (!isObject(profile)) return profile;
  const rest = { ...profile };
  delete rest["adminPassword"];
  return rest;
}

/** The identity block as Azure returns it. */
export function completeIdentity(
  context: ArmContext,
  clusterId: string,
  wanted: Json | undefined,
): JsonObject | undefined {
  if (!isObject(wanted)) return undefined;
  const { tenantId } = context.identity;
  const type = stringAt(wanted, "type");
  if (type === "SystemAssigned") {
    return { type, tenantId, principalId: derivedGuid("principal", clusterId.toLowerCase()) };
  }
  const assigned = objectAt(wanted, "userAssignedIdentities");
  return {
    ...wanted,
    userAssignedIdentities: Object.fromEntries(
      Object.keys(assigned).map((id) => [
        id,
        { clientId: derivedGuid("client", id.toLowerCase()), principalId: derivedGuid("principal", id.toLowerCase()) },
      ]),
    ),
  };
}
