import { type ClusterSettings } from "../settings";
import { must, type Problem, quoted } from "./problem";

/** Who gets in, and from where. */
export function accessProblems({ access, apiServer, network, location }: ClusterSettings): Problem[] {
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
    ...zoneProblems(apiServer.privateDnsZone, location),
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

/** A private cluster's name stands in a zone that is called after its region. */
function zoneProblems(zone: unknown, location: unknown): Problem[] {
  if (typeof zone !== "string" || typeof location !== "string" || !zone.includes("/")) return [];
  const wanted = `privatelink.${location.replaceAll(" ", "").toLowerCase()}.azmk8s.io`;
  const name = zone.split("/").at(-1)?.toLowerCase() ?? "";
  return must(
    name === wanted || name.endsWith(`.${wanted}`),
    "apiServer.privateDnsZone",
    `is the zone ${quoted(name)}. Write one that is called ${wanted}, or that with a name in front, or "system".`,
  );
}
