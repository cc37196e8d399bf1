import { type ArmContext } from "../context";
import { type JsonObject, objectAt, stringAt } from "../json";
import { derivedGuid } from "./resources";

/** What Azure itself adds to the properties of a resource that the store keeps. Keyed by type in lower case. */
const COMPUTED: Readonly<Record<string, (context: ArmContext, id: string, body: JsonObject) => JsonObject>> = {
  "microsoft.managedidentity/userassignedidentities": (context, id) => ({
    tenantId: context.identity.tenantId,
    principalId: derivedGuid("principal", id.toLowerCase()),
    clientId: derivedGuid("client", id.toLowerCase()),
  }),
  "microsoft.operationalinsights/workspaces": (_, id, body) => ({
    customerId: derivedGuid("workspace", id.toLowerCase()),
    retentionInDays: objectAt(body, "properties")["retentionInDays"] ?? 30,
    sku: objectAt(body, "properties")["sku"] ?? { name: "PerGB2018" },
    publicNetworkAccessForIngestion: stringAt(body, "properties", "publicNetworkAccessForIngestion") ?? "Enabled",
    publicNetworkAccessForQuery: stringAt(body, "properties", "publicNetworkAccessForQuery") ?? "Enabled",
  }),
  "microsoft.keyvault/vaults": (context, id, body) => ({
    tenantId: stringAt(body, "properties", "tenantId") ?? context.identity.tenantId,
    createMode: undefined,
    vaultUri: `https://${id.split("/").at(-1) ?? ""}.vault.azure.net/`,
  }),
  "microsoft.containerregistry/registries": (context, id) => ({
    loginServer: `${(id.split("/").at(-1) ?? "").toLowerCase()}.azurecr.io`,
    creationDate: new Date(context.now()).toISOString(),
  }),
  "microsoft.storage/storageaccounts": (_, id) => {
    const name = id.split("/").at(-1) ?? "";
    const endpoint = (service: string): string => `https://${name}.${service}.core.windows.net/`;
    return {
      primaryEndpoints: {
        blob: endpoint("blob"),
        file: endpoint("file"),
        queue: endpoint("queue"),
        table: endpoint("table"),
      },
    };
  },
  "microsoft.network/networksecuritygroups": () => ({ defaultSecurityRules: DEFAULT_SECURITY_RULES }),
  "microsoft.network/dnszones": (_, id) => ({
    nameServers: ["com", "net", "org", "info"].map(
      (domain, index) =>
        `ns${index + 1}-${(parseInt(derivedGuid("dns", id.toLowerCase()).slice(0, 2), 16) % 9) + 1}0.azure-dns.${domain}.`,
    ),
  }),
  "microsoft.network/privatednszones/virtualnetworklinks": () => ({ virtualNetworkLinkState: "Completed" }),
  "microsoft.network/publicipaddresses": (_, id) => {
    const octets = derivedGuid("address", id.toLowerCase());
    return {
      ipAddress: `20.${parseInt(octets.slice(0, 2), 16)}.${parseInt(octets.slice(2, 4), 16)}.${parseInt(octets.slice(4, 6), 16)}`,
    };
  },
  "microsoft.monitor/accounts": (_, id) => ({
    accountId: derivedGuid("monitor", id.toLowerCase()),
    metrics: { prometheusQueryEndpoint: `https://${id.split("/").at(-1) ?? ""}.prometheus.monitor.azure.com` },
  }),
};

/** What Azure writes where a body says nothing. Keyed by type in lower case. */
const DEFAULTS: Readonly<Record<string, JsonObject>> = {
  "microsoft.authorization/policydefinitions": { policyType: "Custom" },
  "microsoft.containerregistry/registries": { adminUserEnabled: false, publicNetworkAccess: "Enabled" },
  "microsoft.keyvault/vaults": {
    accessPolicies: [],
    enableSoftDelete: true,
    softDeleteRetentionInDays: 90,
    publicNetworkAccess: "Enabled",
  },
  "microsoft.network/natgateways": { idleTimeoutInMinutes: 4 },
  "microsoft.network/publicipaddresses": {
    publicIPAddressVersion: "IPv4",
    publicIPAllocationMethod: "Dynamic",
    idleTimeoutInMinutes: 4,
  },
  "microsoft.network/routetables": { disableBgpRoutePropagation: false },
  "microsoft.network/virtualnetworks": { enableDdosProtection: false },
  "microsoft.network/virtualnetworks/subnets": {
    privateEndpointNetworkPolicies: "Disabled",
    privateLinkServiceNetworkPolicies: "Enabled",
  },
  "microsoft.storage/storageaccounts": {
    minimumTlsVersion: "TLS1_0",
    supportsHttpsTrafficOnly: true,
    networkAcls: { bypass: "AzureServices", virtualNetworkRules: [], ipRules: [], defaultAction: "Allow" },
  },
};

/** The rules that every network security group has: priority, direction, access, source and destination by name. */
const DEFAULT_SECURITY_RULES: JsonObject[] = (
  [
    ["AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"],
    ["AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"],
    ["DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"],
    ["AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"],
    ["AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"],
    ["DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"],
  ] as const
).map(([name, priority, direction, access, sourceAddressPrefix, destinationAddressPrefix]) => ({
  name,
  properties: {
    protocol: "*",
    sourcePortRange: "*",
    destinationPortRange: "*",
    sourceAddressPrefix,
    destinationAddressPrefix,
    access,
    priority,
    direction,
    provisioningState: "Succeeded",
  },
}));

/** The defaults of a resource of this type (lower case). */
export function defaultProperties(type: string): JsonObject {
  return DEFAULTS[type] ?? {};
}

/** The computed properties of a resource of this type (lower case). */
export function computedProperties(context: ArmContext, type: string, id: string, body: JsonObject): JsonObject {
  return COMPUTED[type]?.(context, id, body) ?? {};
}
