import { alwaysLongRunning, inResourceGroup, type ResourceType, type ResourceTypes } from "../resource-type";

const virtualNetworks = inResourceGroup("Microsoft.Network/virtualNetworks/{virtualNetworkName}");

/** What all resource types of Microsoft.Network with a location have in common. */
function networkResource(
  collection: string,
  nameInput: string,
  envelope: readonly string[],
  more?: Partial<ResourceType>,
): ResourceType {
  return {
    path: inResourceGroup(`Microsoft.Network/${collection}/{${nameInput}}`),
    autoname: { input: nameInput, strategy: "random" },
    envelope: ["id", "location", "tags", ...envelope],
    replaceOnChanges: ["location"],
    flattensNested: true,
    longRunning: alwaysLongRunning,
    ...more,
  };
}

/** Microsoft.Network. */
export const network: ResourceTypes = {
  "azure-native:network:VirtualNetwork": networkResource(
    "virtualNetworks",
    "virtualNetworkName",
    ["extendedLocation"],
    { subresources: ["subnets", "virtualNetworkPeerings"] },
  ),
  "azure-native:network:Subnet": {
    path: `${virtualNetworks}/subnets/{subnetName}`,
    autoname: { input: "subnetName", strategy: "copy" },
    envelope: ["id", "name", "type"],
    replaceOnChanges: [],
    flattensNested: true,
    longRunning: alwaysLongRunning,
  },
  "azure-native:network:NetworkSecurityGroup": networkResource(
    "networkSecurityGroups",
    "networkSecurityGroupName",
    [],
    { subresources: ["securityRules"] },
  ),
  "azure-native:network:PublicIPAddress": networkResource("publicIPAddresses", "publicIpAddressName", [
    "extendedLocation",
    "sku",
    "zones",
  ]),
  "azure-native:network:NatGateway": networkResource("natGateways", "natGatewayName", ["sku", "zones"]),
  "azure-native:privatedns:PrivateZone": {
    path: inResourceGroup("Microsoft.Network/privateDnsZones/{privateZoneName}"),
    autoname: { input: "privateZoneName", strategy: "random" },
    envelope: ["location", "tags"],
    replaceOnChanges: ["location"],
    longRunning: alwaysLongRunning,
  },
  "azure-native:privatedns:VirtualNetworkLink": {
    path: inResourceGroup(
      "Microsoft.Network/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}",
    ),
    autoname: { input: "virtualNetworkLinkName", strategy: "copy" },
    envelope: ["location", "tags"],
    replaceOnChanges: ["location"],
    longRunning: alwaysLongRunning,
  },
};
