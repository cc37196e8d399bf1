import { type ClusterSettings } from "../settings";
import { must, type Problem } from "./problem";

/** Who gets in, and from where. */
export function accessProblems({ access, apiServer, network }: ClusterSettings): Problem[] {
  const ranges = apiServer.authorizedIpRanges ?? [];
  return [
    ...must(
      access.azureRbac || access.clusterAdmins.length === 0,
      "access.clusterAdmins",
      "become administrators by an Azure role, which access.azureRbac: false ignores. Write azureRbac: true, or name a group " +
        "in access.adminGroupObjectIds.",
    ),
    ...must(
      access.azureRbac || access.localAccounts || access.adminGroupObjectIds.length > 0,
      "access",
      "lets nobody in: azureRbac and localAccounts are off and adminGroupObjectIds is empty. Name a group of administrators, " +
        "or write azureRbac: true.",
    ),
    ...must(
      !apiServer.privateCluster || ranges.length === 0,
      "apiServer.authorizedIpRanges",
      "limits a public API server, and privateCluster is true. Leave one of the two out.",
    ),
    ...must(
      ranges.length <= 200,
      "apiServer.authorizedIpRanges",
      `has ${ranges.length} ranges. AKS takes at most 200: join neighbouring ones.`,
    ),
    ...must(
      apiServer.privateCluster || apiServer.privateDnsZone === undefined,
      "apiServer.privateDnsZone",
      "is for private clusters. Write privateCluster: true, or leave it out.",
    ),
    ...must(
      apiServer.privateCluster || !apiServer.publicFqdn,
      "apiServer.publicFqdn",
      "is for private clusters; the others have a public name anyway. Write privateCluster: true, or leave it out.",
    ),
    ...must(
      apiServer.vnetIntegrationSubnetId === undefined || network.nodeSubnetId !== undefined,
      "apiServer.vnetIntegrationSubnetId",
      "needs nodes in the same virtual network. Write network.nodeSubnetId too, with another subnet of it.",
    ),
    ...must(
      apiServer.vnetIntegrationSubnetId === undefined || apiServer.vnetIntegrationSubnetId !== network.nodeSubnetId,
      "apiServer.vnetIntegrationSubnetId",
      "is the nodes' subnet. The API server needs one of its own, /28 or larger, delegated to AKS.",
    ),
  ];
}
