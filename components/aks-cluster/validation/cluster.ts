import { Output } from "@pulumi/pulumi";

import { ClusterTier, IdentityKind, KeyVaultNetworkAccess } from "../enums";
import { type ClusterSettings, workspaceName } from "../settings";
import { isWhole, must, type Problem, quoted } from "./problem";

/** Names, tier, identities and monitoring. */
export function clusterProblems(settings: ClusterSettings): Problem[] {
  const { name, dnsPrefix, nodeResourceGroup, monitoring } = settings;
  return [
    ...must(
      /^[a-z0-9]([-\w]{0,61}[a-z0-9])?$/i.test(name),
      "name",
      `is ${quoted(name)}. Write 1 to 63 letters, digits, hyphens and underscores, with a letter or digit at both ends.`,
    ),
    ...reservedWords(name),
    ...must(
      /^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$/i.test(dnsPrefix),
      "dnsPrefix",
      `is ${quoted(dnsPrefix)}. Write 1 to 54 letters, digits and hyphens, with a letter or digit at both ends.`,
    ),
    ...must(
      nodeResourceGroup === undefined || /^[-\w.()]{0,79}[-\w()]$/.test(nodeResourceGroup),
      "nodeResourceGroup",
      `is ${quoted(nodeResourceGroup)}. Write 1 to 80 letters, digits, hyphens, underscores, parentheses and dots, no dot at ` +
        "the end.",
    ),
    ...must(
      nodeResourceGroup === undefined || nodeResourceGroup !== settings.resourceGroupName,
      "nodeResourceGroup",
      `is ${quoted(nodeResourceGroup)}, the cluster's own resource group. AKS makes another one for the nodes: write a name that ` +
        "no group has, or leave it out.",
    ),
    ...tagProblems(settings),
    ...derivedNames(settings),
    ...must(
      !settings.costAnalysis || settings.tier !== ClusterTier.Free,
      "costAnalysis",
      'needs tier "Standard" or "Premium". Raise the tier, or write costAnalysis: false.',
    ),
    ...must(
      isWhole(monitoring.retentionDays, 30, 730),
      "monitoring.retentionDays",
      `is ${monitoring.retentionDays}. Write 30 to 730 days.`,
    ),
    ...identityProblems(settings),
    ...securityProblems(settings),
  ];
}

/** What Azure takes as tags. Those that are known later are left out. */
function tagProblems({ tags }: ClusterSettings): Problem[] {
  if (tags === undefined || Output.isInstance(tags) || tags instanceof Promise) return [];
  const keys = Object.keys(tags);
  const wrong = keys.find((key) => key.length > 512 || /[<>%&\\?/]/.test(key));
  const long = Object.entries(tags).find(([, value]) => typeof value === "string" && value.length > 256)?.[0];
  return [
    ...must(keys.length <= 50, "tags", `has ${keys.length} tags. Azure takes 50: leave some out.`),
    ...must(
      wrong === undefined,
      "tags",
      `has the name ${quoted(wrong)}. Write up to 512 characters without < > % & \\ ? and /.`,
    ),
    ...must(long === undefined, "tags", `has more than 256 characters under ${quoted(long)}. Write a shorter value.`),
  ];
}

/** Names that come of the cluster's: AKS's own for the nodes' resource group, and the workspace's. */
function derivedNames({
  name,
  resourceGroupName,
  location,
  nodeResourceGroup,
  monitoring,
  security,
}: ClusterSettings): Problem[] {
  const nodes =
    typeof resourceGroupName === "string" && typeof location === "string"
      ? `MC_${resourceGroupName}_${name}_${location.replaceAll(" ", "").toLowerCase()}`
      : undefined;
  const makesWorkspace =
    monitoring.workspaceId === undefined &&
    (monitoring.containerInsights || monitoring.diagnostics || security.defender);
  const workspace = workspaceName(name);
  return [
    ...must(
      nodeResourceGroup !== undefined || nodes === undefined || nodes.length <= 80,
      "nodeResourceGroup",
      `would be ${quoted(nodes)}, longer than Azure's 80 characters. Write a name of its own, or shorter names for cluster and ` +
        "resource group.",
    ),
    ...must(
      !makesWorkspace || /^[a-z0-9][a-z0-9-]{2,61}[a-z0-9]$/i.test(workspace),
      "name",
      `makes ${quoted(workspace)} the name of the Log Analytics workspace, which takes 4 to 63 letters, digits and hyphens. Write ` +
        "another name, or monitoring.workspaceId.",
    ),
  ];
}

/** Words of Microsoft's own that it does not let into the names of resources with an address. */
function reservedWords(name: string): Problem[] {
  const upper = name.toUpperCase();
  const inside = ["MICROSOFT", "WINDOWS"].find((word) => upper.includes(word));
  const inFront = ["LOGIN", "XBOX"].find((word) => upper.startsWith(word));
  return [
    ...must(
      inside === undefined,
      "name",
      `is ${quoted(name)}. Azure refuses names with ${inside} in them: leave it out.`,
    ),
    ...must(
      inFront === undefined,
      "name",
      `is ${quoted(name)}. Azure refuses names that start with ${inFront}: leave it out.`,
    ),
  ];
}

function identityProblems({ identity, kubeletIdentity }: ClusterSettings): Problem[] {
  const userAssigned = identity.kind === IdentityKind.UserAssigned;
  const kubeletParts = [kubeletIdentity?.resourceId, kubeletIdentity?.clientId, kubeletIdentity?.objectId];
  const kubeletGiven = kubeletParts.filter((part) => part !== undefined).length;
  return [
    ...must(
      userAssigned || identity.resourceId === undefined,
      "identity.resourceId",
      'is given, but identity.kind is "SystemAssigned". Write kind: "UserAssigned", or leave resourceId out.',
    ),
    ...must(
      identity.principalId === undefined || identity.resourceId !== undefined,
      "identity.principalId",
      "belongs to an identity that exists. Give its identity.resourceId too, or leave principalId out.",
    ),
    ...must(
      userAssigned || kubeletIdentity === undefined,
      "kubeletIdentity",
      'needs a control plane identity that exists beforehand. Write identity: { kind: "UserAssigned" }.',
    ),
    ...must(
      kubeletGiven === 0 || kubeletGiven === 3,
      "kubeletIdentity",
      "needs resourceId, clientId and objectId of the same identity, or none of them to have one made.",
    ),
    ...must(
      kubeletIdentity === undefined ||
        kubeletGiven > 0 ||
        identity.resourceId === undefined ||
        identity.principalId !== undefined,
      "identity.principalId",
      "is missing: the control plane's identity gets a role on the kubelet identity that is made here. Write its object id.",
    ),
  ];
}

function securityProblems({ security, identity }: ClusterSettings): Problem[] {
  const { kms } = security;
  return [
    ...must(
      !security.workloadIdentity || security.oidcIssuer,
      "security.workloadIdentity",
      "needs security.oidcIssuer, which signs its tokens. Write oidcIssuer: true, or workloadIdentity: false.",
    ),
    ...must(
      isWhole(security.imageCleanerIntervalHours, 24, 2160),
      "security.imageCleanerIntervalHours",
      `is ${security.imageCleanerIntervalHours}. Write 24 (a day) to 2160 (three months).`,
    ),
    ...must(
      /^(\d+h)?(\d+m)?(\d+s)?$/.test(security.secretRotationInterval) && security.secretRotationInterval !== "",
      "security.secretRotationInterval",
      `is ${quoted(security.secretRotationInterval)}. Write a duration such as 2m or 1h30m.`,
    ),
    ...must(
      kms === undefined || identity.kind === IdentityKind.UserAssigned,
      "security.kms",
      'needs identity.kind "UserAssigned": the identity must be allowed to use the key before the cluster exists.',
    ),
    ...must(
      kms?.keyVaultNetworkAccess !== KeyVaultNetworkAccess.Private || kms.keyVaultResourceId !== undefined,
      "security.kms.keyVaultResourceId",
      'is missing: keyVaultNetworkAccess "Private" needs the resource id of the vault.',
    ),
  ];
}
