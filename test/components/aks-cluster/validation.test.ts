import { Output, output } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { type AksClusterArgs, type NodePoolArgs } from "../../../components/aks-cluster";
import { withDefaults } from "../../../components/aks-cluster/settings";
import { guard, problemsOf, validate } from "../../../components/aks-cluster/validation";
import { type Format, formats } from "../../../components/aks-cluster/validation/formats";
import { ids, minimal } from "./example";

const egress = { name: "out", gatewayConfigurationName: "routes" };
const gatewayPool: NodePoolArgs = { name: "out", mode: "Gateway", vmSize: "Standard_D2ds_v5" };
/** A cluster whose pods can leave by fixed addresses. */
const static_ = { network: { staticEgressGateway: true }, nodePools: [...minimal.nodePools, gatewayPool] };
const withGatewayPool = (change: object) => ({
  ...static_,
  nodePools: [...minimal.nodePools, { ...gatewayPool, ...change } as NodePoolArgs],
});
const withEgress = (...egressGateways: object[]) => ({ ...static_, mesh: "Istio", istio: { egressGateways } });
const configuration = { nodePool: "out" };
const certificateAuthority = {
  keyVaultId: ids.vault,
  rootCertificate: "root-cert",
  certificate: "ca-cert",
  key: "ca-key",
  certificateChain: "cert-chain",
};
const withIssuance = (issuedBy: object, authority: object = {}) => ({
  mesh: "Istio",
  istio: {
    certificateAuthority: {
      ...certificateAuthority,
      ...authority,
      issuedBy: { issuer: { name: "root" }, ...issuedBy },
    },
  },
});

const vault = { server: "https://bao.example:8200", path: "mesh/root/sign-intermediate", role: "authority" };
const withVault = (change: object) => withIssuance({ issuer: undefined, vault: { ...vault, ...change } });

function problems(change: object): { path: string; message: string }[] {
  // Wrong values that TypeScript would refuse are what is tested here: a configuration file can hold them.
  return problemsOf(withDefaults({ ...minimal, ...change } as AksClusterArgs));
}

function withPool(change: object): { nodePools: NodePoolArgs[] } {
  const [first, second] = minimal.nodePools;
  return { nodePools: [{ ...first, ...change } as NodePoolArgs, second as NodePoolArgs] };
}

function withUserPool(change: object): { nodePools: NodePoolArgs[] } {
  const [first, second] = minimal.nodePools;
  return { nodePools: [first as NodePoolArgs, { ...second, ...change } as NodePoolArgs] };
}

const userAssigned = { kind: "UserAssigned" };

/** What is wrong, the path that is named, and a piece of the remedy. */
const refused: [string, object, string, RegExp][] = [
  ["a name with a blank", { name: "my shop" }, "name", /letters, digits, hyphens/],
  ["a name that is too long", { name: "a".repeat(64), dnsPrefix: "a" }, "name", /1 to 63/],
  ["a name that ends with a hyphen", { name: "shop-", dnsPrefix: "shop" }, "name", /both ends/],
  ["a name with MICROSOFT inside", { name: "my-microsoft-shop" }, "name", /MICROSOFT in them: leave it out/],
  ["a name with WINDOWS inside", { name: "windows-shop" }, "name", /WINDOWS in them: leave it out/],
  ["a name with LOGIN in front", { name: "login-shop" }, "name", /start with LOGIN: leave it out/],
  ["a name with XBOX in front", { name: "XboxShop" }, "name", /start with XBOX: leave it out/],
  ["a DNS prefix with a dot", { dnsPrefix: "shop.eu" }, "dnsPrefix", /1 to 54 letters/],
  ["a DNS prefix that is too long", { dnsPrefix: "a".repeat(55) }, "dnsPrefix", /1 to 54/],
  ["a resource group with a dot at the end", { resourceGroupName: "shop." }, "resourceGroupName", /no dot at the end/],
  ["a node resource group that is too long", { nodeResourceGroup: "g".repeat(81) }, "nodeResourceGroup", /1 to 80/],
  [
    "the cluster's own group for its nodes",
    { nodeResourceGroup: "shop-group" },
    "nodeResourceGroup",
    /that no group has/,
  ],
  [
    "more tags than Azure takes",
    { tags: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, "x"])) },
    "tags",
    /has 51 tags.*takes 50/,
  ],
  ["a tag's name with a slash", { tags: { "team/mesh": "x" } }, "tags", /"team\/mesh".*without/],
  ["a tag's value that is too long", { tags: { team: "x".repeat(257) } }, "tags", /256 characters under "team"/],
  [
    "a zone of another region",
    {
      identity: userAssigned,
      apiServer: { privateCluster: true, privateDnsZone: ids.zone.replace("westeurope", "northeurope") },
    },
    "apiServer.privateDnsZone",
    /privatelink\.northeurope.*called privatelink\.westeurope\.azmk8s\.io/,
  ],
  [
    "an address within a range",
    { network: { serviceCidr: "10.0.0.5/16" } },
    "network.serviceCidr",
    /Write 10\.0\.0\.0\/16/,
  ],
  [
    "a range that AKS uses itself",
    { network: { serviceCidr: "172.30.0.0/16", dnsServiceIp: "172.30.0.10" } },
    "network.serviceCidr",
    /uses 172\.30\.0\.0\/16 itself/,
  ],
  [
    "fewer pod ranges than nodes",
    { network: { podCidr: "10.244.0.0/24" } },
    "network.podCidr",
    /grow to \d+ nodes.*Each node takes a \/24/,
  ],
  [
    "a label's value with a blank",
    withPool({ labels: { team: "blue mesh" } }),
    "nodePools[0].labels",
    /"blue mesh" under/,
  ],
  ["a label's value that is too long", withPool({ labels: { a: "b".repeat(64) } }), "nodePools[0].labels", /63/],
  ["a region that is none", { location: "west/europe" }, "location", /name of a region/],
  ["a subscription that is no id", { subscriptionId: "mine" }, "subscriptionId", /00000000-/],
  ["an unknown tier", { tier: "Paid" }, "tier", /Free, Standard, Premium/],
  ["an unknown mesh", { mesh: "Linkerd" }, "mesh", /None, OpenServiceMesh, Istio/],
  ["an unknown login", { kubeconfigLogin: "spn" }, "kubeconfigLogin", /AzureCli, ServicePrincipal/],
  ["cost analysis in the free tier", { costAnalysis: true, tier: "Free" }, "costAnalysis", /Raise the tier/],
  ["too short a retention", { monitoring: { retentionDays: 7 } }, "monitoring.retentionDays", /30 to 730/],
  [
    "a workspace that is no id",
    { monitoring: { workspaceId: "logs" } },
    "monitoring.workspaceId",
    /Microsoft.OperationalInsights/,
  ],
  [
    "a disk encryption set that is no id",
    { diskEncryptionSetId: "set" },
    "diskEncryptionSetId",
    /Microsoft.Compute\/diskEncryptionSets/,
  ],
  [
    "an identity given to a system-assigned cluster",
    { identity: { kind: "SystemAssigned", resourceId: ids.identity } },
    "identity.resourceId",
    /kind: "UserAssigned"/,
  ],
  [
    "a principal without an identity",
    { identity: { principalId: ids.object } },
    "identity.principalId",
    /resourceId too/,
  ],
  [
    "a kubelet identity under a system-assigned one",
    { identity: { kind: "SystemAssigned" }, kubeletIdentity: {} },
    "kubeletIdentity",
    /kind: "UserAssigned"/,
  ],
  [
    "half a kubelet identity",
    { identity: userAssigned, kubeletIdentity: { resourceId: ids.identity } },
    "kubeletIdentity",
    /clientId and objectId/,
  ],
  [
    "a kubelet identity to make, under an identity whose object id is unknown",
    { identity: { ...userAssigned, resourceId: ids.identity }, kubeletIdentity: {} },
    "identity.principalId",
    /Write its object id/,
  ],
  [
    "workload identity without an issuer",
    { security: { oidcIssuer: false } },
    "security.workloadIdentity",
    /oidcIssuer: true/,
  ],
  [
    "an image cleaner that runs all the time",
    { security: { imageCleanerIntervalHours: 1 } },
    "security.imageCleanerIntervalHours",
    /24 \(a day\)/,
  ],
  [
    "a rotation interval that is no duration",
    { security: { secretRotationInterval: "2 minutes" } },
    "security.secretRotationInterval",
    /2m or 1h30m/,
  ],
  [
    "a key under a system-assigned identity",
    { identity: { kind: "SystemAssigned" }, security: { kms: { keyId: ids.key } } },
    "security.kms",
    /"UserAssigned"/,
  ],
  [
    "a key without its version",
    { security: { kms: { keyId: "https://v.vault.azure.net/keys/k" } } },
    "security.kms.keyId",
    /with its version/,
  ],
  [
    "a private vault that is not named",
    { security: { kms: { keyId: ids.key, keyVaultNetworkAccess: "Private" } } },
    "security.kms.keyVaultResourceId",
    /resource id of the vault/,
  ],
  ["Istio's settings without Istio", { istio: { revisions: ["asm-1-27"] } }, "istio", /mesh: "Istio"/],
  [
    "Istio beside Open Service Mesh",
    { mesh: "OpenServiceMesh", istio: { revisions: ["asm-1-27"] } },
    "istio",
    /one cluster runs one mesh/,
  ],
  ["no revision of Istio at all", { mesh: "Istio", istio: { revisions: [] } }, "istio.revisions", /one revision/],
  ["an Istio version for a revision", { mesh: "Istio", istio: { revisions: ["1.27"] } }, "istio.revisions", /asm-1-30/],
  [
    "a revision twice",
    { mesh: "Istio", istio: { revisions: ["asm-1-29", "asm-1-29"] } },
    "istio.revisions",
    /must differ/,
  ],
  [
    "a certificate authority that nothing brings in",
    { mesh: "Istio", istio: { certificateAuthority }, security: { keyVaultSecrets: false } },
    "istio.certificateAuthority",
    /keyVaultSecrets: true/,
  ],
  [
    "a vault that is none",
    { mesh: "Istio", istio: { certificateAuthority: { ...certificateAuthority, keyVaultId: "vault" } } },
    "istio.certificateAuthority.keyVaultId",
    /Microsoft\.KeyVault\/vaults/,
  ],
  [
    "a secret's address for its name",
    { mesh: "Istio", istio: { certificateAuthority: { ...certificateAuthority, key: "https://v/secrets/k" } } },
    "istio.certificateAuthority.key",
    /name of a secret/,
  ],
  [
    "an issuer without an identity for who carries",
    { ...withIssuance({}), security: { oidcIssuer: false, workloadIdentity: false } },
    "istio.certificateAuthority.issuedBy",
    /oidcIssuer: true/,
  ],
  [
    "one secret for two things",
    withIssuance({}, { key: "CA-cert" }),
    "istio.certificateAuthority",
    /names one secret twice.*Write four names/,
  ],
  [
    "an issuer whose name is none",
    withIssuance({ issuer: { name: "my root" } }),
    "istio.certificateAuthority.issuedBy.issuer.name",
    /lower-case letters/,
  ],
  [
    "a kind that cert-manager has not",
    withIssuance({ issuer: { name: "root", kind: "Vault" } }),
    "istio.certificateAuthority.issuedBy.issuer.kind",
    /Write Issuer or ClusterIssuer, or the kind's own group/,
  ],
  [
    "nobody who signs",
    withIssuance({ issuer: undefined }),
    "istio.certificateAuthority.issuedBy",
    /names nobody who signs\. Write issuer: .* or vault: /,
  ],
  ["two who sign", withIssuance({ vault }), "istio.certificateAuthority.issuedBy", /has issuer and vault.*Leave/],
  [
    "a Vault by its name",
    withVault({ server: "bao.example:8200" }),
    "istio.certificateAuthority.issuedBy.vault.server",
    /such as https:\/\/bao\.example:8200/,
  ],
  [
    "a Vault in plain text",
    withVault({ server: "http://bao.example:8200" }),
    "istio.certificateAuthority.issuedBy.vault.server",
    /token would go in plain text\. Write https/,
  ],
  [
    "a Vault's address with a path",
    withVault({ server: "https://bao.example/v1" }),
    "istio.certificateAuthority.issuedBy.vault.server",
    /address of Vault or OpenBao alone/,
  ],
  [
    "a Vault's address with a password",
    withVault({ server: "https://a:b@bao.example" }),
    "istio.certificateAuthority.issuedBy.vault.server",
    /a user or a password/,
  ],
  [
    "a path by which no authority is signed",
    withVault({ path: "pki/mesh/sign/authority" }),
    "istio.certificateAuthority.issuedBy.vault.path",
    /may sign no others\. Write pki\/mesh\/root\/sign-intermediate/,
  ],
  [
    "such a path of one issuer of several",
    withVault({ path: "pki/issuer/next/sign/authority" }),
    "istio.certificateAuthority.issuedBy.vault.path",
    /may sign no others\. Write pki\/root\/sign-intermediate, or pki\/issuer\/NAME\/sign-intermediate/,
  ],
  [
    "a path by which nothing is signed",
    withVault({ path: "pki/root" }),
    "istio.certificateAuthority.issuedBy.vault.path",
    /not where an engine pki signs.*MOUNT\/root\/sign-intermediate/,
  ],
  [
    "a path with what cert-manager writes before it",
    withVault({ path: "/v1/pki/root/sign-intermediate" }),
    "istio.certificateAuthority.issuedBy.vault.path",
    /not where an engine pki signs/,
  ],
  [
    "a token for a role",
    withVault({ role: "hvs.CAESIJ2Qf0000000000000000000" }),
    "istio.certificateAuthority.issuedBy.vault.role",
    /is a token/,
  ],
  [
    "a token",
    withVault({ token: "s.000000000000000000000000" }),
    "istio.certificateAuthority.issuedBy.vault.token",
    /in plain text, and is no field/,
  ],
  [
    "a secret of an AppRole",
    withVault({ secretId: "6f2d" }),
    "istio.certificateAuthority.issuedBy.vault.secretId",
    /in plain text, and is no field/,
  ],
  [
    "a login by its whole path",
    withVault({ authPath: "/v1/auth/kubernetes" }),
    "istio.certificateAuthority.issuedBy.vault.authPath",
    /without \/v1\/auth/,
  ],
  [
    "certificates by their file's name",
    withVault({ caBundle: "ca.pem" }),
    "istio.certificateAuthority.issuedBy.vault.caBundle",
    /no certificate in PEM/,
  ],
  [
    "a certificate that is cut off",
    withVault({ caBundle: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" }),
    "istio.certificateAuthority.issuedBy.vault.caBundle",
    /no certificate in PEM/,
  ],
  [
    "a key beside the certificates",
    withVault({ caBundle: "-----BEGIN EC PRIVATE KEY-----" }),
    "istio.certificateAuthority.issuedBy.vault.caBundle",
    /private key in it/,
  ],
  [
    "a duration in days",
    withIssuance({ duration: "90d" }),
    "istio.certificateAuthority.issuedBy.duration",
    /knows no days/,
  ],
  [
    "a duration that cert-manager refuses",
    withIssuance({ duration: "59m" }),
    "istio.certificateAuthority.issuedBy.duration",
    /nothing below 60m/,
  ],
  [
    "a renewal that cert-manager refuses",
    withIssuance({ renewBefore: "4m" }),
    "istio.certificateAuthority.issuedBy.renewBefore",
    /nothing below 5m/,
  ],
  [
    "a renewal from the start",
    withIssuance({ duration: "48h", renewBefore: "48h" }),
    "istio.certificateAuthority.issuedBy.renewBefore",
    /holds 48h: it would be renewed without end/,
  ],
  [
    "another way to cert-manager",
    withIssuance({ certManager: "helm" }),
    "istio.certificateAuthority.issuedBy.certManager",
    /"chart".*"present"/,
  ],
  [
    "a role by its name",
    withIssuance({ roleDefinitionId: "Key Vault Secrets Officer" }),
    "istio.certificateAuthority.issuedBy.roleDefinitionId",
    /id of a role/,
  ],
  [
    "an image of no version",
    withIssuance({ image: "mcr.microsoft.com/azure-cli" }),
    "istio.certificateAuthority.issuedBy.image",
    /a tag or a digest/,
  ],
  [
    "an egress gateway without addresses",
    { mesh: "Istio", istio: { egressGateways: [egress] }, nodePools: static_.nodePools, network: {} },
    "istio.egressGateways",
    /staticEgressGateway: true/,
  ],
  [
    "an egress gateway without a pool",
    { ...withEgress(egress), nodePools: minimal.nodePools },
    "istio.egressGateways",
    /Add one with mode: "Gateway"/,
  ],
  [
    "more egress gateways than AKS takes",
    withEgress(...Array.from({ length: 501 }, (_, index) => ({ ...egress, name: `out-${index}` }))),
    "istio.egressGateways",
    /501 gateways\. AKS takes 500/,
  ],
  [
    "the namespace of an egress gateway",
    withEgress({ ...egress, namespace: "Shop" }),
    "istio.egressGateways[0].namespace",
    /63/,
  ],
  [
    "the configuration of an egress gateway",
    withEgress({ ...egress, gatewayConfigurationName: "my routes" }),
    "istio.egressGateways[0].gatewayConfigurationName",
    /StaticGatewayConfiguration/,
  ],
  [
    "a configuration made twice",
    withEgress({ ...egress, configuration }, { ...egress, name: "other", configuration }),
    "istio.egressGateways[1].configuration",
    /"routes" in aks-istio-egress a second time/,
  ],
  [
    "a configuration of no pool",
    withEgress({ ...egress, configuration: { nodePool: "gone" } }),
    "istio.egressGateways[0].configuration.nodePool",
    /names no node pool\. Write "out"/,
  ],
  [
    "a configuration of a pool for workloads",
    withEgress({ ...egress, configuration: { nodePool: "work" } }),
    "istio.egressGateways[0].configuration.nodePool",
    /mode User, which has no addresses.*Write "out"/,
  ],
  [
    "an address for a range",
    withEgress({ ...egress, configuration: { ...configuration, excludeCidrs: ["10.0.0.0/8", "10.1.1.1"] } }),
    "istio.egressGateways[0].configuration.excludeCidrs[1]",
    /IPv4 range/,
  ],
  [
    "the prefix of an egress gateway",
    withEgress({ ...egress, configuration: { ...configuration, publicIpPrefixId: "mine" } }),
    "istio.egressGateways[0].configuration.publicIpPrefixId",
    /publicIPPrefixes/,
  ],
  ["a gateway pool by itself", { nodePools: static_.nodePools }, "nodePools[2].mode", /staticEgressGateway: true/],
  ["a gateway pool that scales", withGatewayPool({ autoscale: true }), "nodePools[2].autoscale", /Write count/],
  [
    "a prefix that Azure does not make",
    withGatewayPool({ gatewayPublicIpPrefixSize: 27 }),
    "nodePools[2].gatewayPublicIpPrefixSize",
    /28 \(16 addresses\) to 31 \(2\)/,
  ],
  [
    "more gateway nodes than addresses",
    withGatewayPool({ count: 3 }),
    "nodePools[2].count",
    /one for each node\. Write gatewayPublicIpPrefixSize: 30, or count: 2/,
  ],
  [
    "more gateway nodes than any prefix has addresses",
    withGatewayPool({ count: 17, gatewayPublicIpPrefixSize: 28 }),
    "nodePools[2].count",
    /Write 16 or less/,
  ],
  ["a gateway pool without nodes", withGatewayPool({ count: 0 }), "nodePools[2].count", /Write 1 to 1000/],
  ["Windows at the gateway", withGatewayPool({ osSku: "Windows2022" }), "nodePools[2].osSku", /Linux/],
  ["spot nodes at the gateway", withGatewayPool({ spot: true }), "nodePools[2].spot", /mode "User"/],
  [
    "a prefix for workloads",
    withUserPool({ gatewayPublicIpPrefixSize: 31 }),
    "nodePools[1].gatewayPublicIpPrefixSize",
    /is for mode "Gateway"/,
  ],
  [
    "the name of an egress gateway",
    { mesh: "Istio", istio: { egressGateways: [{ ...egress, name: "o".repeat(54) }] }, ...static_ },
    "istio.egressGateways[0].name",
    /1 to 53/,
  ],
  [
    "an egress gateway twice",
    { mesh: "Istio", istio: { egressGateways: [egress, { ...egress, namespace: "aks-istio-egress" }] }, ...static_ },
    "istio.egressGateways[1].name",
    /twice for the namespace aks-istio-egress/,
  ],
  [
    "Open Service Mesh with a Windows pool",
    { mesh: "OpenServiceMesh", network: { policy: "calico" }, ...withUserPool({ name: "win", osSku: "Windows2022" }) },
    "nodePools[1].osSku",
    /Take the pool out/,
  ],
  [
    "administrators that no role can make",
    { access: { azureRbac: false, clusterAdmins: [{ objectId: ids.object }] } },
    "access.clusterAdmins",
    /azureRbac: true/,
  ],
  ["a cluster that lets nobody in", { access: { azureRbac: false } }, "access", /group of administrators/],
  [
    "an administrator by name",
    { access: { clusterAdmins: [{ objectId: "anna@example.com" }] } },
    "access.clusterAdmins[0].objectId",
    /00000000-/,
  ],
  ["a group by name", { access: { adminGroupObjectIds: ["admins"] } }, "access.adminGroupObjectIds[0]", /00000000-/],
  [
    "ranges for a private cluster",
    { apiServer: { privateCluster: true, authorizedIpRanges: ["203.0.113.0/24"] } },
    "apiServer.authorizedIpRanges",
    /Leave one of the two out/,
  ],
  [
    "too many ranges",
    { apiServer: { authorizedIpRanges: Array.from({ length: 201 }, (_, i) => `203.0.113.${i}`) } },
    "apiServer.authorizedIpRanges",
    /at most 200/,
  ],
  [
    "a range that is none",
    { apiServer: { authorizedIpRanges: ["office"] } },
    "apiServer.authorizedIpRanges[0]",
    /203\.0\.113\.0\/24/,
  ],
  [
    "an IPv6 range",
    { apiServer: { authorizedIpRanges: ["2001:db8::/32"] } },
    "apiServer.authorizedIpRanges[0]",
    /IPv4 ranges only/,
  ],
  [
    "a range that is everybody",
    { apiServer: { authorizedIpRanges: ["0.0.0.0/0"] } },
    "apiServer.authorizedIpRanges[0]",
    /everybody/,
  ],
  [
    "a private zone of a public cluster",
    { apiServer: { privateDnsZone: "system" } },
    "apiServer.privateDnsZone",
    /privateCluster: true/,
  ],
  [
    "a zone with another name",
    { apiServer: { privateCluster: true, privateDnsZone: ids.zone.replace("azmk8s", "example") } },
    "apiServer.privateDnsZone",
    /privatelink\.<region>\.azmk8s\.io/,
  ],
  [
    "a zone of one's own under a system-assigned identity",
    { identity: { kind: "SystemAssigned" }, apiServer: { privateCluster: true, privateDnsZone: ids.zone } },
    "apiServer.privateDnsZone",
    /identity\.kind "UserAssigned"/,
  ],
  [
    "a public name of a public cluster",
    { apiServer: { publicFqdn: true } },
    "apiServer.publicFqdn",
    /privateCluster: true/,
  ],
  [
    "VNet integration without a network",
    { apiServer: { vnetIntegrationSubnetId: ids.subnet } },
    "apiServer.vnetIntegrationSubnetId",
    /network\.nodeSubnetId/,
  ],
  [
    "the API server in the nodes' subnet",
    { apiServer: { vnetIntegrationSubnetId: ids.subnet }, network: { nodeSubnetId: ids.subnet } },
    "apiServer.vnetIntegrationSubnetId",
    /one of its own/,
  ],
  [
    "overlay without Azure's plugin",
    { network: { plugin: "kubenet", policy: "calico" } },
    "network.mode",
    /plugin: "azure"/,
  ],
  [
    "Cilium without Azure's plugin",
    { network: { plugin: "kubenet", mode: "subnet", policy: "cilium" } },
    "network.policy",
    /"cilium" needs plugin "azure"/,
  ],
  [
    "Cilium in subnets that pods have none of",
    { network: { mode: "subnet", policy: "cilium" } },
    "network.policy",
    /podSubnetId in every node pool/,
  ],
  [
    "Cilium with Windows",
    { network: { policy: "cilium" }, ...withUserPool({ name: "win", osSku: "Windows2022" }) },
    "network.policy",
    /policy: "calico"/,
  ],
  [
    "Azure's policy engine without its plugin",
    { network: { plugin: "kubenet", mode: "subnet", policy: "azure" } },
    "network.policy",
    /calico/,
  ],
  [
    "a policy engine without a plugin",
    { network: { plugin: "none", mode: "subnet", policy: "calico" } },
    "network.policy",
    /"none" with plugin "none"/,
  ],
  [
    "routing of one's own without a network",
    { network: { outboundType: "userDefinedRouting" } },
    "network.outboundType",
    /nodeSubnetId/,
  ],
  [
    "addresses of a load balancer that is not used",
    { network: { outboundType: "managedNATGateway", outboundIpCount: 2 } },
    "network.outboundIpCount",
    /Leave it out/,
  ],
  ["too many addresses", { network: { outboundIpCount: 101 } }, "network.outboundIpCount", /1 to 100/],
  [
    "own subnets under a system-assigned identity",
    { identity: { kind: "SystemAssigned" }, network: { nodeSubnetId: ids.subnet } },
    "identity.kind",
    /kind: "UserAssigned"/,
  ],
  [
    "a subnet that is no id",
    { network: { nodeSubnetId: "nodes" } },
    "network.nodeSubnetId",
    /virtualNetworks\/…\/subnets/,
  ],
  ["a pod range that is none", { network: { podCidr: "10.244" } }, "network.podCidr", /10\.0\.0\.0\/16/],
  [
    "a pod range outside of overlay",
    { network: { mode: "subnet", policy: "calico", podCidr: "10.244.0.0/16" } },
    "network.podCidr",
    /Leave it out/,
  ],
  [
    "a service range that is none",
    { network: { serviceCidr: "everything" } },
    "network.serviceCidr",
    /10\.0\.0\.0\/16/,
  ],
  [
    "a service range that is too wide",
    { network: { serviceCidr: "10.0.0.0/8", podCidr: "192.168.0.0/16" } },
    "network.serviceCidr",
    /\/12 or smaller/,
  ],
  ["ranges that overlap", { network: { podCidr: "10.0.128.0/17" } }, "network.serviceCidr", /apart from each other/],
  [
    "a DNS address outside",
    { network: { dnsServiceIp: "10.1.0.10" } },
    "network.dnsServiceIp",
    /inside network\.serviceCidr/,
  ],
  [
    "a DNS address that Kubernetes takes",
    { network: { dnsServiceIp: "10.0.0.1" } },
    "network.dnsServiceIp",
    /a later one/,
  ],
  ["a version that is none", { kubernetesVersion: "latest" }, "kubernetesVersion", /1\.35 or 1\.35\.4/],
  [
    "a version that the mesh does not run on",
    { kubernetesVersion: "1.37", mesh: "OpenServiceMesh" },
    "kubernetesVersion",
    /Write 1\.36, or mesh: "None"/,
  ],
  ["a patch under the channel patch", { kubernetesVersion: "1.34.2" }, "kubernetesVersion", /Write 1\.34/],
  [
    "node images apart from the cluster's channel",
    { upgrades: { channel: "node-image", nodeOsChannel: "SecurityPatch" } },
    "upgrades.nodeOsChannel",
    /needs "NodeImage"/,
  ],
  [
    "a window on no day",
    { upgrades: { clusterWindow: { dayOfWeek: "Sun", startTime: "01:00", durationHours: 4 } } },
    "upgrades.clusterWindow.dayOfWeek",
    /Monday/,
  ],
  [
    "a window at no time",
    { upgrades: { nodeWindow: { dayOfWeek: "Sunday", startTime: "1am", durationHours: 4 } } },
    "upgrades.nodeWindow.startTime",
    /00:00 to 23:59/,
  ],
  [
    "a window too short",
    { upgrades: { clusterWindow: { dayOfWeek: "Sunday", startTime: "01:00", durationHours: 2 } } },
    "upgrades.clusterWindow.durationHours",
    /4 to 24/,
  ],
  [
    "a window in no time zone",
    { upgrades: { nodeWindow: { dayOfWeek: "Sunday", startTime: "01:00", durationHours: 4, utcOffset: "CET" } } },
    "upgrades.nodeWindow.utcOffset",
    /\+HH:MM/,
  ],
  [
    "a window once a quarter",
    { upgrades: { nodeWindow: { dayOfWeek: "Sunday", startTime: "01:00", durationHours: 4, intervalWeeks: 13 } } },
    "upgrades.nodeWindow.intervalWeeks",
    /1 to 4 weeks/,
  ],
  ["no pools", { nodePools: [] }, "nodePools", /mode "System"/],
  [
    "no system pool",
    { nodePools: [{ name: "work", mode: "User", vmSize: "Standard_D4ds_v5" }] },
    "nodePools",
    /Add one/,
  ],
  ["two pools of one name", withUserPool({ name: "system" }), "nodePools[1].name", /a name of its own/],
  [
    "more nodes than a cluster takes",
    {
      nodePools: Array.from({ length: 6 }, (_, i) => ({
        name: `p${i}`,
        mode: "System",
        vmSize: "Standard_D4ds_v5",
        maxCount: 1000,
      })),
    },
    "nodePools",
    /lower maxCount/,
  ],
  [
    "more pools than a cluster takes",
    {
      nodePools: Array.from({ length: 100 }, (_, i) => ({ name: `p${i}`, mode: "System", vmSize: "Standard_D4ds_v5" })),
    },
    "nodePools",
    /one in reserve/,
  ],
  ["a pool in capitals", withPool({ name: "System" }), "nodePools[0].name", /lower-case/],
  ["a pool's name without room for the hash", withPool({ name: "systempool" }), "nodePools[0].name", /7 in all/],
  [
    "a Windows pool's name without room for the hash",
    { network: { policy: "calico" }, ...withUserPool({ name: "windo", osSku: "Windows2022" }) },
    "nodePools[1].name",
    /3 in all for Windows/,
  ],
  ["a mode that is none", withPool({ mode: "Master" }), "nodePools[0].mode", /System, User/],
  ["a size without its family", withPool({ vmSize: "D4ds_v5" }), "nodePools[0].vmSize", /Standard_D4ds_v5/],
  ["too few pods", withPool({ maxPods: 5 }), "nodePools[0].maxPods", /10 to 250/],
  ["too small a disk", withPool({ osDiskSizeGb: 10 }), "nodePools[0].osDiskSizeGb", /30 to 2048/],
  ["a zone with a region", withPool({ zones: ["westeurope-1"] }), "nodePools[0].zones", /"1", "2" and "3"/],
  ["a zone twice", withPool({ zones: ["1", "1"] }), "nodePools[0].zones", /"1", "2" and "3"/],
  ["system pods on spot nodes", withPool({ spot: true }), "nodePools[0].spot", /mode "User"/],
  [
    "a Windows system pool",
    { network: { policy: "calico" }, ...withPool({ name: "sys", osSku: "Windows2022" }) },
    "nodePools[0].osSku",
    /a Linux one/,
  ],
  ["a surge of nothing", withPool({ maxSurge: "0" }), "nodePools[0].maxSurge", /1% to 100%/],
  [
    "a pod subnet in overlay",
    withPool({ subnetId: ids.subnet, podSubnetId: ids.otherSubnet }),
    "nodePools[0].podSubnetId",
    /mode "subnet"/,
  ],
  [
    "a pod subnet without nodes'",
    { network: { mode: "subnet", policy: "calico" }, ...withPool({ podSubnetId: ids.subnet }) },
    "nodePools[0].podSubnetId",
    /subnet for the nodes/,
  ],
  [
    "an autoscaler beside autoprovisioning",
    { scaling: { nodeAutoprovisioning: true } },
    "nodePools[0].autoscale",
    /autoscale: false/,
  ],
  [
    "autoscaling's bounds without autoscaling",
    withPool({ autoscale: false, minCount: 1 }),
    "nodePools[0].minCount",
    /Write count instead/,
  ],
  ["a system pool without nodes", withPool({ minCount: 0 }), "nodePools[0].minCount", /1 to 1000/],
  ["a most below the least", withPool({ minCount: 5, maxCount: 3 }), "nodePools[0].maxCount", /5 or more/],
  ["more nodes than a pool takes", withPool({ maxCount: 1001 }), "nodePools[0].maxCount", /1 to 1000/],
  ["a start outside the bounds", withPool({ minCount: 3, maxCount: 5, count: 7 }), "nodePools[0].count", /3 to 5/],
  ["no nodes at all", withPool({ autoscale: false, count: 0 }), "nodePools[0].count", /1 to 1000/],
  ["a taint without an effect", withPool({ taints: ["dedicated=web"] }), "nodePools[0].taints[0]", /NoSchedule/],
  [
    "a label of AKS's own",
    withPool({ labels: { "kubernetes.azure.com/mode": "user" } }),
    "nodePools[0].labels",
    /AKS's own/,
  ],
];

describe("validation", () => {
  it("takes what the defaults make of the least that has to be said", () => {
    expect(problems({})).toEqual([]);
  });

  it.each(refused)("refuses %s", (_what, change, path, remedy) => {
    const found = problems(change);
    expect(found.map((problem) => problem.path)).toContain(path);
    expect(
      found
        .filter((problem) => problem.path === path)
        .map(({ message }) => message)
        .join("\n"),
    ).toMatch(remedy);
  });

  it("reports everything at once, each with its path, and names the cluster", () => {
    const wrong = { ...minimal, dnsPrefix: "a.b", monitoring: { retentionDays: 1 } };
    expect(() => validate(withDefaults(wrong))).toThrow(
      /^The cluster "shop" cannot be made as described:\n {2}dnsPrefix is "a\.b"\. .*\n {2}monitoring\.retentionDays is 1\. .*$/,
    );
  });

  it.each([
    ["a private cluster with its own zone", { apiServer: { privateCluster: true, privateDnsZone: ids.zone } }],
    [
      "a cluster in subnets",
      { network: { nodeSubnetId: ids.subnet }, apiServer: { vnetIntegrationSubnetId: ids.otherSubnet } },
    ],
    [
      "pods in subnets",
      {
        network: { mode: "subnet", policy: "cilium", nodeSubnetId: ids.subnet },
        nodePools: minimal.nodePools.map((pool) => ({ ...pool, podSubnetId: ids.otherSubnet })),
      },
    ],
    [
      "keys of one's own",
      {
        diskEncryptionSetId: ids.diskEncryptionSet,
        security: { kms: { keyId: ids.key, keyVaultNetworkAccess: "Private", keyVaultResourceId: ids.vault } },
      },
    ],
    ["Istio of a revision that AKS chooses", { mesh: "Istio" }],
    ["Istio during an upgrade", { mesh: "Istio", istio: { revisions: ["asm-1-30", "asm-1-28"] } }],
    [
      "Istio with gateways and a certificate authority",
      {
        mesh: "Istio",
        istio: {
          egressGateways: [
            { ...egress, configuration },
            { ...egress, namespace: "shop" },
          ],
          certificateAuthority,
        },
        ...static_,
      },
    ],
    [
      "Windows without a mesh",
      { network: { policy: "calico" }, ...withUserPool({ name: "win", osSku: "Windows2022" }) },
    ],
    [
      "autoprovisioning",
      { scaling: { nodeAutoprovisioning: true }, nodePools: [{ ...minimal.nodePools[0], autoscale: false }] },
    ],
    [
      "undefined where a default is",
      { tier: undefined, network: { policy: undefined }, ...withPool({ zones: undefined }) },
    ],
  ])("takes %s", (_what, change) => {
    expect(problems(change)).toEqual([]);
  });

  it("checks a value that is known later, when it is known", () => {
    const settings = withDefaults({ ...minimal, location: output("westeurope") });
    expect(Output.isInstance(validate(settings).location)).toBe(true);
    const check = guard("location", formats["location"] as Format, settings);
    expect(check("westeurope")).toBe("westeurope");
    expect(() => check("west/europe")).toThrow(/location is "west\/europe"\. Write the name of a region/);
  });
});
