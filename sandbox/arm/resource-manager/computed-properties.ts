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
    vaultUri: `https://${id.split("/").at(-1) ?? ""}.vault.azure.net/`,
  }),
  "microsoft.containerregistry/registries": (_, id) => ({
    loginServer: `${(id.split("/").at(-1) ?? "").toLowerCase()}.azurecr.io`,
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

/** The computed properties of a resource of this type (lower case). */
export function computedProperties(context: ArmContext, type: string, id: string, body: JsonObject): JsonObject {
  return COMPUTED[type]?.(context, id, body) ?? {};
}
