import { aksError } from "../errors";
import { type JsonObject, objectAt, stringAt, stringsAt, valueAt } from "../json";
import { checkNetwork } from "./network-preconditions";
import { meshEnabled } from "./control-planes";
import { serviceMeshRules } from "./service-mesh-rules";
import { staticEgressGatewayRules } from "./static-egress-gateway-rules";
import { compareVersions, MAX_POOL_SKEW, minorsBetween } from "./versions";

/** A pool of the cluster as it would be. */
export interface PlannedPool {
  readonly name: string;
  readonly properties: JsonObject;
}

const MAX_POOLS = 100;
const MAX_NODES = 5000;
const MAX_AUTHORIZED_RANGES = 200;

/** One rule between fields: the path it blames and what is wrong there, or undefined where it holds. */
export type ClusterRule = (
  cluster: JsonObject,
  pools: readonly PlannedPool[],
) => { path: string; detail: string; code?: string } | undefined;

/**
 * What AKS itself checks between the fields of a cluster. Azure's exact codes and wording are public for some rules only; where
 * they are not, the code is InvalidParameter or BadRequest and the message names property and remedy.
 *
 * @throws ArmError 400.
 */
export function checkCluster(cluster: JsonObject, pools: readonly PlannedPool[]): void {
  checkName(stringAt(cluster, "name") ?? "");
  for (const rule of RULES) {
    const broken = rule(cluster, pools);
    if (broken === undefined) continue;
    throw aksError(
      400,
      broken.code ?? "InvalidParameter",
      `The value of parameter ${broken.path} is invalid. Error details: ${broken.detail}.`,
      { target: broken.path },
    );
  }
  checkPoolSkew(cluster, pools);
  checkNetwork(objectAt(cluster, "properties", "networkProfile"), pools);
}

function checkName(name: string): void {
  if (/^[a-z0-9](?:[-_a-z0-9]{0,61}[a-z0-9])?$/i.test(name)) {
    const reserved = /microsoft|windows/i.exec(name)?.[0] ?? /^(?:login|xbox)/i.exec(name)?.[0];
    if (reserved === undefined) return;
    throw aksError(
      400,
      "ReservedResourceName",
      `The resource name '${name}' or a part of the name is a trademarked or reserved word ('${reserved}').`,
    );
  }
  throw aksError(
    400,
    "InvalidParameter",
    `The value of parameter managedCluster.name is invalid. Error details: '${name}' has to have 1 to 63 letters, digits, underscores and hyphens, and to start and end with a letter or digit. Please see https://aka.ms/aks-naming-rules for more details.`,
    { target: "managedCluster.name" },
  );
}

const on = (cluster: JsonObject, ...path: string[]): boolean => valueAt(cluster, "properties", ...path) === true;
const text = (cluster: JsonObject, ...path: string[]): string | undefined => stringAt(cluster, "properties", ...path);
const userAssigned = (cluster: JsonObject): boolean =>
  (stringAt(cluster, "identity", "type") ?? "").toLowerCase().includes("userassigned");

const RULES: readonly ClusterRule[] = [
  (cluster) =>
    stringAt(cluster, "identity", "type") === undefined &&
    text(cluster, "servicePrincipalProfile", "clientId") === "msi"
      ? { path: "identity", detail: "a cluster needs a managed identity or properties.servicePrincipalProfile" }
      : undefined,
  (cluster) => {
    const prefix = text(cluster, "dnsPrefix") ?? "";
    return /^[a-z0-9](?:[-a-z0-9]{0,52}[a-z0-9])?$/i.test(prefix)
      ? undefined
      : {
          path: "properties.dnsPrefix",
          detail: `'${prefix}' has to have 1 to 54 letters, digits and hyphens, and to start and end with a letter or digit`,
        };
  },
  (cluster) =>
    stringAt(cluster, "sku", "name") === "Automatic"
      ? { path: "sku.name", detail: "the sandbox does not know AKS Automatic; write Base", code: "NotSupported" }
      : undefined,
  (cluster, pools) => {
    const outside = pools.find(({ properties }) => properties["vnetSubnetID"] === undefined);
    return on(cluster, "addonProfiles", "aciConnectorLinux", "enabled") && outside !== undefined
      ? {
          path: "properties.addonProfiles.aciConnectorLinux",
          detail: `virtual nodes need a network of one's own, and agent pool '${outside.name}' has no vnetSubnetID`,
          code: "BadRequest",
        }
      : undefined;
  },
  (_, pools) =>
    pools.some(({ properties }) => properties["mode"] === "System")
      ? undefined
      : { path: "properties.agentPoolProfiles", detail: "at least one agent pool has to be in mode System" },
  (_, pools) =>
    pools.length > MAX_POOLS
      ? { path: "properties.agentPoolProfiles", detail: `${pools.length} agent pools are more than ${MAX_POOLS}` }
      : undefined,
  (_, pools) => {
    const nodes = pools.reduce((sum, { properties }) => sum + Number(properties["count"] ?? 0), 0);
    return nodes > MAX_NODES
      ? { path: "properties.agentPoolProfiles", detail: `${nodes} nodes are more than the ${MAX_NODES} of a cluster` }
      : undefined;
  },
  (_, pools) => {
    const names = pools.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    return twice === undefined
      ? undefined
      : { path: "properties.agentPoolProfiles.name", detail: `the name '${twice}' is there twice` };
  },
  (cluster, pools) => {
    const windows = pools.find(({ properties }) => properties["osType"] === "Windows");
    return meshEnabled(cluster) === true && windows !== undefined
      ? {
          path: "properties.addonProfiles.openServiceMesh",
          detail: `the add-on does not support Windows, and agent pool '${windows.name}' runs it`,
          code: "BadRequest",
        }
      : undefined;
  },
  ...serviceMeshRules,
  ...staticEgressGatewayRules,
  (cluster) =>
    on(cluster, "metricsProfile", "costAnalysis", "enabled") && stringAt(cluster, "sku", "tier") === "Free"
      ? {
          path: "properties.metricsProfile.costAnalysis.enabled",
          detail: "cost analysis needs sku.tier Standard or Premium",
        }
      : undefined,
  (cluster) =>
    text(cluster, "supportPlan") === "AKSLongTermSupport" && stringAt(cluster, "sku", "tier") !== "Premium"
      ? { path: "properties.supportPlan", detail: "AKSLongTermSupport needs sku.tier Premium" }
      : undefined,
  (cluster) =>
    on(cluster, "securityProfile", "defender", "securityMonitoring", "enabled") &&
    text(cluster, "securityProfile", "defender", "logAnalyticsWorkspaceResourceId") === undefined
      ? {
          path: "properties.securityProfile.defender.logAnalyticsWorkspaceResourceId",
          detail: "Defender's security monitoring needs a workspace",
        }
      : undefined,
  (cluster) =>
    on(cluster, "securityProfile", "azureKeyVaultKms", "enabled") && !userAssigned(cluster)
      ? {
          path: "properties.securityProfile.azureKeyVaultKms",
          detail: "Key Vault KMS needs identity.type UserAssigned",
        }
      : undefined,
  (cluster) =>
    on(cluster, "securityProfile", "azureKeyVaultKms", "enabled") &&
    text(cluster, "securityProfile", "azureKeyVaultKms", "keyId") === undefined
      ? { path: "properties.securityProfile.azureKeyVaultKms.keyId", detail: "Key Vault KMS needs the id of a key" }
      : undefined,
  (cluster) =>
    on(cluster, "securityProfile", "workloadIdentity", "enabled") && !on(cluster, "oidcIssuerProfile", "enabled")
      ? {
          path: "properties.securityProfile.workloadIdentity.enabled",
          detail: "workload identity needs properties.oidcIssuerProfile.enabled to be true",
        }
      : undefined,
  (cluster) => {
    const hours = valueAt(cluster, "properties", "securityProfile", "imageCleaner", "intervalHours");
    return typeof hours === "number" && (hours < 24 || hours > 2160)
      ? { path: "properties.securityProfile.imageCleaner.intervalHours", detail: `${hours} is not between 24 and 2160` }
      : undefined;
  },
  (cluster) =>
    on(cluster, "disableLocalAccounts") && !on(cluster, "aadProfile", "managed")
      ? { path: "properties.disableLocalAccounts", detail: "it needs properties.aadProfile.managed to be true" }
      : undefined,
  (cluster) =>
    on(cluster, "aadProfile", "enableAzureRBAC") &&
    (!on(cluster, "aadProfile", "managed") || !on(cluster, "enableRBAC"))
      ? {
          path: "properties.aadProfile.enableAzureRBAC",
          detail: "it needs properties.aadProfile.managed and properties.enableRBAC to be true",
        }
      : undefined,
  (cluster) => {
    const channel = text(cluster, "autoUpgradeProfile", "upgradeChannel");
    const nodes = text(cluster, "autoUpgradeProfile", "nodeOSUpgradeChannel");
    return channel === "node-image" && nodes !== undefined && nodes !== "NodeImage"
      ? {
          path: "properties.autoUpgradeProfile.nodeOSUpgradeChannel",
          detail: "with upgradeChannel node-image it has to be NodeImage",
        }
      : undefined;
  },
  (cluster) =>
    text(cluster, "autoUpgradeProfile", "upgradeChannel") === "patch" &&
    (text(cluster, "kubernetesVersion") ?? "").split(".").length > 2
      ? {
          path: "properties.kubernetesVersion",
          detail: "with upgradeChannel patch it has to be major.minor only, for instance 1.34",
        }
      : undefined,
  (cluster, pools) => {
    const scaled = pools.find(({ properties }) => properties["enableAutoScaling"] === true);
    return text(cluster, "nodeProvisioningProfile", "mode") === "Auto" && scaled !== undefined
      ? {
          path: "properties.nodeProvisioningProfile.mode",
          detail: `node autoprovisioning needs the cluster autoscaler off, and agent pool '${scaled.name}' has enableAutoScaling`,
        }
      : undefined;
  },
  (cluster) => {
    const ranges = stringsAt(cluster, "properties", "apiServerAccessProfile", "authorizedIPRanges");
    const path = "properties.apiServerAccessProfile.authorizedIPRanges";
    if (ranges.length > MAX_AUTHORIZED_RANGES) return { path, detail: `there may be at most ${MAX_AUTHORIZED_RANGES}` };
    return ranges.length > 0 && on(cluster, "apiServerAccessProfile", "enablePrivateCluster")
      ? { path, detail: "a private cluster takes none" }
      : undefined;
  },
  (cluster, pools) =>
    on(cluster, "apiServerAccessProfile", "enableVnetIntegration") &&
    pools.some(({ properties }) => properties["vnetSubnetID"] !== undefined) &&
    text(cluster, "apiServerAccessProfile", "subnetId") === undefined
      ? {
          path: "properties.apiServerAccessProfile.subnetId",
          detail: "API server VNet integration needs a subnet where nodes are in a network of their own",
        }
      : undefined,
  (cluster) => {
    const zone = text(cluster, "apiServerAccessProfile", "privateDNSZone");
    if (zone === undefined || ["system", "none"].includes(zone.toLowerCase())) return undefined;
    const path = "properties.apiServerAccessProfile.privateDNSZone";
    const name = zone.split("/").at(-1) ?? "";
    const wanted = `privatelink.${stringAt(cluster, "location") ?? ""}.azmk8s.io`;
    if (name !== wanted && !name.endsWith(`.${wanted}`))
      return { path, detail: `the zone's name has to be ${wanted}, not '${name}'` };
    return userAssigned(cluster) ? undefined : { path, detail: "a zone of one's own needs identity.type UserAssigned" };
  },
  (cluster) => {
    const kubelet = text(cluster, "identityProfile", "kubeletidentity", "resourceId") ?? "";
    const nodeGroup = text(cluster, "nodeResourceGroup") ?? "";
    const isOwn = kubelet !== "" && !kubelet.toLowerCase().includes(`/resourcegroups/${nodeGroup.toLowerCase()}/`);
    return isOwn && !userAssigned(cluster)
      ? {
          path: "properties.identityProfile.kubeletidentity",
          detail: "a kubelet identity of one's own needs identity.type UserAssigned",
        }
      : undefined;
  },
];

/**
 * Nodes may be older than their control plane by three minor versions, and never newer.
 *
 * @throws ArmError 400 NodePoolMcVersionIncompatible.
 */
function checkPoolSkew(cluster: JsonObject, pools: readonly PlannedPool[]): void {
  const control = text(cluster, "currentKubernetesVersion") ?? "";
  for (const { name, properties } of pools) {
    const nodes = stringAt(properties, "currentOrchestratorVersion") ?? "";
    const detail =
      compareVersions(nodes, control) > 0
        ? `Node pool '${name}' would be newer than the control plane`
        : minorsBetween(nodes, control) > MAX_POOL_SKEW
          ? `Minor version of node pool '${name}' cannot be more than ${MAX_POOL_SKEW} versions less than control plane's version`
          : undefined;
    if (detail === undefined) continue;
    throw aksError(
      400,
      "NodePoolMcVersionIncompatible",
      `Node pool version ${nodes} and control plane version ${control} are incompatible. ${detail}. For more information, please check https://aka.ms/aks/UpgradeVersionRules`,
      { target: "properties.orchestratorVersion" },
    );
  }
}
