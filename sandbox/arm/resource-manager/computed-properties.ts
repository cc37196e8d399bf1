import { type ArmContext } from "../context";
import { type JsonObject, numberAt, objectAt, objectsAt, stringAt } from "../json";
import { derivedGuid } from "./resources";
import { normalizeLocation } from "./subscriptions";

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
  "microsoft.network/privateendpoints": (_, __, body) => ({
    privateLinkServiceConnections: objectsAt(body, "properties", "privateLinkServiceConnections").map((connection) => ({
      ...connection,
      properties: {
        ...objectAt(connection, "properties"),
        privateLinkServiceConnectionState: {
          status: "Approved",
          description: "Auto-Approved",
          actionsRequired: "None",
        },
        provisioningState: "Succeeded",
      },
    })),
  }),
  "microsoft.network/publicipaddresses": (_, id, body) => {
    const label = stringAt(body, "properties", "dnsSettings", "domainNameLabel");
    const location = normalizeLocation(stringAt(body, "location") ?? "");
    return {
      ipAddress: publicAddress(id).join("."),
      ...(label === undefined
        ? {}
        : {
            dnsSettings: {
              ...objectAt(body, "properties", "dnsSettings"),
              fqdn: `${label.toLowerCase()}.${location}.cloudapp.azure.com`,
            },
          }),
    };
  },
  "microsoft.network/publicipprefixes": (_, id, body) => {
    const length = numberAt(body, "properties", "prefixLength") ?? 28;
    const [a, b, c, d] = publicAddress(id);
    // Of 28 to 31: the last octet alone is cut off.
    return { ipPrefix: `${a}.${b}.${c}.${d - (d % 2 ** (32 - length))}/${length}`, prefixLength: length };
  },
  "microsoft.monitor/accounts": (_, id) => ({
    accountId: derivedGuid("monitor", id.toLowerCase()),
    metrics: { prometheusQueryEndpoint: `https://${id.split("/").at(-1) ?? ""}.prometheus.monitor.azure.com` },
  }),
};

/** An address that a resource gets, the same every time. */
function publicAddress(id: string): [number, number, number, number] {
  const digits = derivedGuid("address", id.toLowerCase());
  const octet = (from: number): number => parseInt(digits.slice(from, from + 2), 16);
  return [20, octet(0), octet(2), octet(4)];
}

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
