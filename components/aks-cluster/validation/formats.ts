import { parseCIDR } from "ipaddr.js";

import { isDnsSubdomain } from "../../../mesh/manifests/names";
import { IdentityKind } from "../enums";
import { type ClusterSettings } from "../settings";
import { quoted } from "./problem";
import { vaultFormats } from "./vault";

/** Says what is wrong with a value, or nothing. Sees one value, and the settings it stands in. */
export type Format = (value: string, settings: ClusterSettings) => string | undefined;

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const isGuid: Format = (value) =>
  guid.test(value) ? undefined : `is ${quoted(value)}. Write an id such as 00000000-0000-0000-0000-000000000000.`;

function resourceId(type: string): Format {
  const [namespace, ...names] = type.split("/");
  const tail = names.map((name) => `${name}/[^/]+`).join("/");
  const pattern = new RegExp(`^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/${namespace}/${tail}$`, "i");
  const example = `/subscriptions/…/resourceGroups/…/providers/${namespace}/${names.map((name) => `${name}/…`).join("/")}`;
  return (value) => (pattern.test(value) ? undefined : `is ${quoted(value)}. Write a resource id: ${example}.`);
}

const subnetId = resourceId("Microsoft.Network/virtualNetworks/subnets");
const identityId = resourceId("Microsoft.ManagedIdentity/userAssignedIdentities");

const addressRange: Format = (value) => {
  try {
    const [address, bits] = parseCIDR(value.includes("/") ? value : `${value}/32`);
    if (address.kind() !== "ipv4") {
      return `is ${quoted(value)}. AKS takes IPv4 ranges only, such as 203.0.113.0/24.`;
    }
    return bits === 0
      ? `is ${quoted(value)}, which is everybody. Name the ranges that need the API server, or leave authorizedIpRanges out.`
      : undefined;
  } catch {
    return `is ${quoted(value)}. Write an IPv4 address or range, such as 203.0.113.0/24.`;
  }
};

const zoneId = resourceId("Microsoft.Network/privateDnsZones");

const privateDnsZone: Format = (value, settings) => {
  if (value === "system" || value === "none") {
    return undefined;
  }
  const malformed = zoneId(value, settings);
  if (malformed !== undefined) {
    return `${malformed.slice(0, -1)}, or "system", or "none".`;
  }
  const zone = value.slice(value.lastIndexOf("/") + 1);
  if (!/^([a-z0-9-]+\.)?privatelink\.[a-z0-9]+\.azmk8s\.io$/i.test(zone)) {
    return `names the zone ${quoted(zone)}. AKS needs one named privatelink.<region>.azmk8s.io.`;
  }
  return settings.identity.kind === IdentityKind.UserAssigned
    ? undefined
    : 'is a zone of your own, which needs identity.kind "UserAssigned": the identity must hold a role on the zone beforehand.';
};

const keyVaultKey: Format = (value) =>
  /^https:\/\/[^/]+\/keys\/[^/]+\/[^/]+$/.test(value)
    ? undefined
    : `is ${quoted(value)}. Write the key's identifier with its version: https://<vault>.vault.azure.net/keys/<name>/<version>.`;

const secretName: Format = (value) =>
  /^[0-9a-z-]{1,127}$/i.test(value)
    ? undefined
    : `is ${quoted(value)}. Write the name of a secret in the vault: 1 to 127 letters, digits and hyphens.`;

const roleDefinitionId: Format = (value) =>
  /^(\/subscriptions\/[^/]+)?\/providers\/Microsoft\.Authorization\/roleDefinitions\/[0-9a-f-]{36}$/i.test(value)
    ? undefined
    : `is ${quoted(value)}. Write the id of a role: /subscriptions/…/providers/Microsoft.Authorization/roleDefinitions/….`;

const image: Format = (value) =>
  /^\S+(:[^:/\s]+|@sha256:[0-9a-f]{64})$/.test(value)
    ? undefined
    : `is ${quoted(value)}, which names no version. Write a tag or a digest, such as mcr.microsoft.com/azure-cli:2.91.0.`;

const objectName: Format = (value) =>
  isDnsSubdomain(value)
    ? undefined
    : `is ${quoted(value)}. Write the name of an object: lower-case letters, digits, hyphens and dots.`;

const resourceGroupName: Format = (value) =>
  /^[-\w.()]{0,89}[-\w()]$/u.test(value)
    ? undefined
    : `is ${quoted(value)}. Write 1 to 90 letters, digits, hyphens, underscores, parentheses and dots, no dot at the end.`;

const location: Format = (value) =>
  /^[a-z0-9 ]+$/i.test(value) ? undefined : `is ${quoted(value)}. Write the name of a region, such as westeurope.`;

/** What single values have to look like, by path. Values may be Outputs: those are checked when they are known. */
export const formats: Readonly<Record<string, Format>> = {
  resourceGroupName,
  location,
  subscriptionId: isGuid,
  diskEncryptionSetId: resourceId("Microsoft.Compute/diskEncryptionSets"),
  "identity.resourceId": identityId,
  "identity.principalId": isGuid,
  "kubeletIdentity.resourceId": identityId,
  "kubeletIdentity.clientId": isGuid,
  "kubeletIdentity.objectId": isGuid,
  "access.tenantId": isGuid,
  "access.adminGroupObjectIds[]": isGuid,
  "access.clusterAdmins[].objectId": isGuid,
  "apiServer.authorizedIpRanges[]": addressRange,
  "apiServer.privateDnsZone": privateDnsZone,
  "apiServer.vnetIntegrationSubnetId": subnetId,
  "network.nodeSubnetId": subnetId,
  "nodePools[].subnetId": subnetId,
  "nodePools[].podSubnetId": subnetId,
  "security.kms.keyId": keyVaultKey,
  "security.kms.keyVaultResourceId": resourceId("Microsoft.KeyVault/vaults"),
  "istio.egressGateways[].configuration.publicIpPrefixId": resourceId("Microsoft.Network/publicIPPrefixes"),
  "istio.certificateAuthority.keyVaultId": resourceId("Microsoft.KeyVault/vaults"),
  "istio.certificateAuthority.rootCertificate": secretName,
  "istio.certificateAuthority.certificate": secretName,
  "istio.certificateAuthority.key": secretName,
  "istio.certificateAuthority.certificateChain": secretName,
  "istio.certificateAuthority.issuedBy.issuer.name": objectName,
  "istio.certificateAuthority.issuedBy.issuer.group": objectName,
  ...vaultFormats("istio.certificateAuthority.issuedBy.vault"),
  "istio.certificateAuthority.issuedBy.roleDefinitionId": roleDefinitionId,
  "istio.certificateAuthority.issuedBy.image": image,
  "monitoring.workspaceId": resourceId("Microsoft.OperationalInsights/workspaces"),
};
