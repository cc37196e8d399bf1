import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Json } from "../../../sandbox/arm/json";
import { derivedGuid } from "../../../sandbox/arm/resource-manager/resources";
import { type AzureCliSession, openAzureCliSession } from "./azure-cli-session";
import { startTestEmulator, type TestEmulator } from "./emulator";

/** A command; what its output has to be (a JMESPath query goes with the command), or the code of Azure's refusal. */
type Command = readonly [line: string, expected: Json | RegExp];

/** What people who run AKS do with azure-cli in a week, besides `az aks`. Within a subject the order matters. */
const COMMANDS: Readonly<Record<string, readonly Command[]>> = {
  account: [
    ["account list --query [].state", ["Enabled"]],
    ["account list-locations --query '[?name==`westeurope`].displayName'", ["West Europe"]],
    ["account get-access-token --query tokenType", "Bearer"],
    ["ad sp show --id CLIENT --query appId", "CLIENT"],
    ["vm list-skus -l westeurope --size Standard_D2s --query 'length(@) > `0`'", true],
    ["vm list-usage -l westeurope --query '[?name.value==`cores`].limit'", ["200"]],
  ],
  groups: [
    ["group create -n g1 -l westeurope --tags team=mesh stage=dev --query tags.team", "mesh"],
    ["group create -n g2 -l 'North Europe' --query location", "northeurope"],
    ["group create -n g3 -l atlantis", /LocationNotAvailableForResourceGroup/],
    ["group exists -n g1", true],
    ["group list --tag team=mesh --query [].name", ["g1"]],
    ["group list --query '[].name'", ["g1", "g2"]],
    ["group update -n g1 --set tags.owner=me --query tags.owner", "me"],
    ["group update -n g1 --tags team=mesh --query tags", { team: "mesh" }],
    ["group show -n g1 --query properties.provisioningState", "Succeeded"],
    ["group delete -n g2 --yes --no-wait", null],
    ["group wait -n g2 --deleted", null],
    ["group exists -n g2", false],
  ],
  identities: [
    ["identity create -g g1 -n id1 --query 'length(principalId)'", 36],
    ["identity show -g g1 -n id1 --query location", "westeurope"],
    ["identity list -g g1 --query [].name", ["id1"]],
    [
      "identity federated-credential create -g g1 --identity-name id1 -n fc --issuer https://issuer.example --subject system:serviceaccount:shop:web --audiences api://AzureADTokenExchange --query subject",
      "system:serviceaccount:shop:web",
    ],
    [
      "identity federated-credential update -g g1 --identity-name id1 -n fc --issuer https://issuer.example --subject system:serviceaccount:shop:api --query subject",
      "system:serviceaccount:shop:api",
    ],
    ["identity federated-credential list -g g1 --identity-name id1 --query [].name", ["fc"]],
    ["identity federated-credential delete -g g1 --identity-name id1 -n fc --yes", null],
    ["identity federated-credential show -g g1 --identity-name id1 -n fc", /ResourceNotFound|NotFound/],
  ],
  networks: [
    [
      "network vnet create -g g1 -n v1 --address-prefixes 10.0.0.0/16 --subnet-name nodes --subnet-prefixes 10.0.0.0/24 --query newVNet.subnets[].name",
      ["nodes"],
    ],
    ["network vnet subnet show -g g1 --vnet-name v1 -n nodes --query addressPrefix", "10.0.0.0/24"],
    [
      "network vnet subnet create -g g1 --vnet-name v1 -n pods --address-prefixes 10.0.1.0/24 --query provisioningState",
      "Succeeded",
    ],
    ["network vnet show -g g1 -n v1 --query subnets[].name", ["nodes", "pods"]],
    ["network vnet subnet list -g g1 --vnet-name v1 --query [].name", ["nodes", "pods"]],
    ["network vnet list -g g1 --query [].name", ["v1"]],
    [
      "network vnet update -g g1 -n v1 --set tags.a=b --query 'subnets[].addressPrefix'",
      ["10.0.0.0/24", "10.0.1.0/24"],
    ],
    ["network vnet update -g g1 -n v1 --address-prefixes 10.0.0.0/16 10.1.0.0/16 --query 'length(subnets)'", 2],
    ["network nsg create -g g1 -n nsg1 --query NewNSG.defaultSecurityRules[0].name", "AllowVnetInBound"],
    [
      "network nsg rule create -g g1 --nsg-name nsg1 -n https --priority 100 --destination-port-ranges 443 --access Allow --protocol Tcp --query direction",
      "Inbound",
    ],
    ["network nsg rule update -g g1 --nsg-name nsg1 -n https --priority 200 --query priority", 200],
    ["network nsg rule list -g g1 --nsg-name nsg1 --query [].priority", [200]],
    ["network nsg show -g g1 -n nsg1 --query securityRules[].name", ["https"]],
    ["network nsg list -g g1 --query [].name", ["nsg1"]],
    ["network route-table create -g g1 -n rt1 --query name", "rt1"],
    [
      "network route-table route create -g g1 --route-table-name rt1 -n out --address-prefix 0.0.0.0/0 --next-hop-type VirtualAppliance --next-hop-ip-address 10.0.9.4 --query nextHopType",
      "VirtualAppliance",
    ],
    ["network route-table route list -g g1 --route-table-name rt1 --query [].name", ["out"]],
    ["network route-table show -g g1 -n rt1 --query routes[].addressPrefix", ["0.0.0.0/0"]],
    ["network public-ip create -g g1 -n ip1 --sku Standard --query publicIp.publicIPAllocationMethod", "Static"],
    ["network public-ip list -g g1 --query [].name", ["ip1"]],
    [
      "network nat gateway create -g g1 -n nat1 --public-ip-addresses ip1 --idle-timeout 10 --query idleTimeoutInMinutes",
      10,
    ],
    [
      "network vnet subnet update -g g1 --vnet-name v1 -n nodes --network-security-group nsg1 --route-table rt1 --nat-gateway nat1 --query 'contains(networkSecurityGroup.id, `nsg1`)'",
      true,
    ],
    ["network nsg show -g g1 -n nsg1 --query 'length(subnets)'", 1],
    ["network nsg delete -g g1 -n nsg1", /InUseNetworkSecurityGroupCannotBeDeleted/],
    [
      "network vnet subnet update -g g1 --vnet-name v1 -n nodes --network-security-group nowhere",
      /InvalidResourceReference|NotFound/,
    ],
    ["network vnet create -g g1 -n v2 --address-prefixes 10.9.0.0/16 --query newVNet.provisioningState", "Succeeded"],
    [
      "network vnet peering create -g g1 -n to2 --vnet-name v1 --remote-vnet v2 --allow-vnet-access --query peeringState",
      "Initiated",
    ],
    [
      "network vnet peering create -g g1 -n to1 --vnet-name v2 --remote-vnet v1 --allow-vnet-access --query peeringState",
      "Connected",
    ],
    ["network vnet peering list -g g1 --vnet-name v1 --query [].peeringState", ["Connected"]],
    ["network vnet peering delete -g g1 -n to1 --vnet-name v2", null],
    ["network vnet subnet delete -g g1 --vnet-name v1 -n pods", null],
    ["network vnet show -g g1 -n v1 --query subnets[].name", ["nodes"]],
    ["network vnet check-ip-address -g g1 -n v1 --ip-address 10.0.0.9 --query available", true],
    ["network nsg rule delete -g g1 --nsg-name nsg1 -n https", null],
    ["network nsg show -g g1 -n nsg1 --query securityRules", []],
    ["network route-table route delete -g g1 --route-table-name rt1 -n out", null],
  ],
  "private DNS": [
    ["network private-dns zone create -g g1 -n mesh.internal --query numberOfRecordSets", 1],
    [
      "network private-dns link vnet create -g g1 -z mesh.internal -n l1 -v v1 -e false --query virtualNetworkLinkState",
      "Completed",
    ],
    ["network private-dns link vnet list -g g1 -z mesh.internal --query [].name", ["l1"]],
    [
      "network private-dns record-set a add-record -g g1 -z mesh.internal -n web -a 10.0.0.4 --query aRecords[].ipv4Address",
      ["10.0.0.4"],
    ],
    ["network private-dns record-set a list -g g1 -z mesh.internal --query [].name", ["web"]],
    ["network private-dns record-set list -g g1 -z mesh.internal --query 'length(@)'", 2],
    ["network private-dns zone delete -g g1 -n mesh.internal --yes", /CannotDeleteResource|nested resources/],
    ["network private-dns record-set a delete -g g1 -z mesh.internal -n web --yes", null],
    ["network private-dns link vnet delete -g g1 -z mesh.internal -n l1 --yes", null],
    ["network private-dns zone delete -g g1 -n mesh.internal --yes", null],
    ["network dns zone create -g g1 -n shop.example --query 'length(nameServers)'", 4],
    [
      "network dns record-set a add-record -g g1 -z shop.example -n www -a 20.1.2.3 --query ARecords[].ipv4Address",
      ["20.1.2.3"],
    ],
    ["network dns record-set list -g g1 -z shop.example --query 'sort([].name)'", ["@", "@", "www"]],
  ],
  resources: [
    ["resource list -g g1 --resource-type Microsoft.Network/virtualNetworks --query [].name", ["v1", "v2"]],
    ["resource list -n v1 --query [].type", ["Microsoft.Network/virtualNetworks"]],
    ["resource list --tag a=b --query [].name", ["v1"]],
    ["resource show -g g1 -n v1 --resource-type Microsoft.Network/virtualNetworks --query location", "westeurope"],
    ["resource tag -g g1 -n v2 --resource-type Microsoft.Network/virtualNetworks --tags x=y --query tags", { x: "y" }],
    [
      'resource create -g g1 -n disk1 --resource-type Microsoft.Compute/disks --properties \'{"creationData":{"createOption":"Empty"},"diskSizeGB":4}\' --query properties.diskSizeGB',
      4,
    ],
    [
      "resource update -g g1 -n disk1 --resource-type Microsoft.Compute/disks --set properties.diskSizeGB=8 --query properties.diskSizeGB",
      8,
    ],
    ["resource delete -g g1 -n disk1 --resource-type Microsoft.Compute/disks", null],
    ["resource show -g g1 -n disk1 --resource-type Microsoft.Compute/disks", /ResourceNotFound/],
    ["resource show -g g1 -n disk1 --resource-type Microsoft.Compute/floppies", /Resource type floppies not found/],
    [
      "resource show -g g1 -n v1 --resource-type Microsoft.Network/virtualNetworks --api-version 1999-01-01",
      /InvalidApiVersionParameter|NoRegisteredProviderFound|InvalidResourceType/,
    ],
    ["disk create -g g1 -n d2 --size-gb 4 --query diskSizeGB", 4],
    ["disk list -g g1 --query [].name", ["d2"]],
  ],
  tags: [
    ["tag create --resource-id GROUP --tags a=1 b=2 --query properties.tags", { a: "1", b: "2" }],
    ["tag update --resource-id GROUP --operation Merge --tags c=3 --query properties.tags", { a: "1", b: "2", c: "3" }],
    ["tag update --resource-id GROUP --operation Delete --tags a=1 --query properties.tags", { b: "2", c: "3" }],
    ["tag list --resource-id GROUP --query properties.tags.c", "3"],
    ["group show -n g1 --query tags", { b: "2", c: "3" }],
    ["tag delete --resource-id GROUP --yes", null],
    ["group show -n g1 --query tags", {}],
    ["tag create -n costcenter --query tagName", "costcenter"],
    ["tag add-value -n costcenter --value 42 --query tagValue", "42"],
    ["tag list --query '[?tagName==`costcenter`].values[].tagValue'", ["42"]],
    ["tag remove-value -n costcenter --value 42", null],
    ["tag delete -n costcenter --yes", null],
  ],
  roles: [
    ["role definition list -n Reader --query [].roleName", ["Reader"]],
    ["role definition list -n 'Network Contributor' --query [].roleType", ["BuiltInRole"]],
    [
      "role assignment create --assignee-object-id PRINCIPAL --assignee-principal-type ServicePrincipal --role Reader --scope GROUP --query scope",
      "GROUP",
    ],
    ["role assignment list -g g1 --query [].roleDefinitionName", ["Reader"]],
    ["role assignment list --scope GROUP --role Reader --query 'length(@)'", 1],
    ["role assignment list --all --query 'length(@)'", 1],
    [
      "role assignment create --assignee-object-id PRINCIPAL --assignee-principal-type ServicePrincipal --role 11111111-1111-4111-8111-111111111111 --scope GROUP",
      /RoleDefinitionDoesNotExist/,
    ],
    [
      'role definition create --role-definition \'{"Name":"Mesh Watcher","Description":"x","Actions":["Microsoft.ContainerService/managedClusters/read"],"AssignableScopes":["/subscriptions/SUB"]}\' --query roleName',
      "Mesh Watcher",
    ],
    ["role definition list --custom-role-only true --query [].roleName", ["Mesh Watcher"]],
    [
      "role definition list -n 'Mesh Watcher' --query [].permissions[].actions[]",
      ["Microsoft.ContainerService/managedClusters/read"],
    ],
    ["role definition delete -n 'Mesh Watcher'", null],
    ["role assignment delete --assignee PRINCIPAL --role Reader --scope GROUP", null],
    ["role assignment list -g g1", []],
  ],
  monitoring: [
    ["monitor log-analytics workspace create -g g1 -n logs1 --retention-time 31 --query retentionInDays", 31],
    ["monitor log-analytics workspace show -g g1 -n logs1 --query sku.name", "PerGB2018"],
    ["monitor log-analytics workspace list -g g1 --query [].name", ["logs1"]],
    ["monitor log-analytics workspace update -g g1 -n logs1 --retention-time 60 --query retentionInDays", 60],
    ["monitor log-analytics workspace get-shared-keys -g g1 -n logs1 --query 'length(primarySharedKey) > `20`'", true],
    [
      'monitor diagnostic-settings create -n ds1 --resource VNET --workspace logs1 -g g1 --metrics \'[{"category":"AllMetrics","enabled":true}]\' --query name',
      "ds1",
    ],
    ["monitor diagnostic-settings list --resource VNET --query '[].name'", ["ds1"]],
    ["monitor diagnostic-settings show -n ds1 --resource VNET --query metrics[].category", ["AllMetrics"]],
    ["monitor diagnostic-settings delete -n ds1 --resource VNET", null],
    ["monitor action-group create -g g1 -n ops --short-name ops --query groupShortName", "ops"],
    ["monitor action-group list -g g1 --query [].name", ["ops"]],
    ["monitor account create -g g1 -n amw1 --query 'contains(metrics.prometheusQueryEndpoint, `amw1`)'", true],
    ["monitor log-analytics workspace delete -g g1 -n logs1 --yes --force", null],
  ],
  registries: [
    ["acr check-name -n meshimages --query nameAvailable", true],
    ["acr create -g g1 -n meshimages --sku Basic --query loginServer", "meshimages.azurecr.io"],
    ["acr check-name -n meshimages --query '[nameAvailable, reason]'", [false, "AlreadyExists"]],
    ["acr show -n meshimages --query sku.name", "Basic"],
    ["acr list -g g1 --query [].name", ["meshimages"]],
    ["acr update -n meshimages --admin-enabled true --query adminUserEnabled", true],
    ["acr credential show -n meshimages --query username", "meshimages"],
    ["acr update -n meshimages --sku Premium --query sku.tier", "Premium"],
    ["acr show-usage -n meshimages --query 'value[].name'", /./],
    ["acr delete -n meshimages --yes", null],
    ["acr check-name -n meshimages --query nameAvailable", true],
  ],
  storage: [
    ["storage account check-name -n meshstate --query nameAvailable", true],
    ["storage account create -g g1 -n meshstate --sku Standard_LRS --query kind", "StorageV2"],
    ["storage account check-name -n meshstate --query '[nameAvailable, reason]'", [false, "AlreadyExists"]],
    ["storage account create -g g1 -n Bad_Name --sku Standard_LRS", /AccountNameInvalid/],
    [
      "storage account show -g g1 -n meshstate --query primaryEndpoints.blob",
      "https://meshstate.blob.core.windows.net/",
    ],
    ["storage account list -g g1 --query [].name", ["meshstate"]],
    ["storage account keys list -g g1 -n meshstate --query [].keyName", ["key1", "key2"]],
    ["storage account keys renew -g g1 -n meshstate --key key1 --query [].keyName", ["key1", "key2"]],
    ["storage account update -g g1 -n meshstate --min-tls-version TLS1_2 --query minimumTlsVersion", "TLS1_2"],
    [
      "storage account show-connection-string -g g1 -n meshstate --query 'contains(connectionString, `AccountName=meshstate`)'",
      true,
    ],
    ["storage account blob-service-properties show -g g1 -n meshstate --query name", "default"],
    [
      "storage account blob-service-properties update -g g1 -n meshstate --enable-versioning true --query isVersioningEnabled",
      true,
    ],
    ["storage container-rm create --storage-account meshstate -g g1 -n state --query name", "state"],
    ["storage container-rm list --storage-account meshstate -g g1 --query [].name", ["state"]],
    ["storage container-rm delete --storage-account meshstate -g g1 -n state --yes", null],
    ["storage account delete -g g1 -n meshstate --yes", null],
  ],
  "key vaults": [
    ["keyvault create -g g1 -n meshvault1 --query properties.enableRbacAuthorization", true],
    ["keyvault show -n meshvault1 --query properties.vaultUri", /meshvault1/],
    ["keyvault list -g g1 --query [].name", ["meshvault1"]],
    [
      "keyvault update -n meshvault1 -g g1 --enable-purge-protection true --query properties.enablePurgeProtection",
      true,
    ],
    ["keyvault network-rule list -n meshvault1 -g g1 --query bypass", "AzureServices"],
    ["keyvault delete -n meshvault1 -g g1", null],
    ["keyvault list-deleted --query [].name", ["meshvault1"]],
    ["keyvault create -g g1 -n meshvault1", /ConflictError|deleted|recover/i],
    ["keyvault recover -n meshvault1 --query name", "meshvault1"],
  ],
  deployments: [
    ["deployment group validate -g g1 -f TEMPLATE -p name=web --query properties.provisioningState", "Succeeded"],
    [
      "deployment group what-if -g g1 -f TEMPLATE -p name=web --no-pretty-print --query changes[].changeType",
      ["Create", "Create", "Create"],
    ],
    [
      "deployment group create -g g1 -f TEMPLATE -n first -p name=web --query properties.outputs.subnet.value",
      /web-net\/subnets\/nodes"$/,
    ],
    ["network vnet subnet show -g g1 --vnet-name web-net -n nodes --query addressPrefix", "10.20.0.0/24"],
    [
      "deployment group what-if -g g1 -f TEMPLATE -p name=web --no-pretty-print --query changes[].changeType",
      /NoChange/,
    ],
    ["deployment group show -g g1 -n first --query properties.provisioningState", "Succeeded"],
    ["deployment group list -g g1 --query [].name", ["first"]],
    ["deployment operation group list -g g1 -n first --query '[].properties.provisioningState | [0]'", "Succeeded"],
    ["deployment group export -g g1 -n first", /"minLength":2/],
    ["deployment group create -g g1 -f TEMPLATE -n second", /InvalidTemplate|missing|parameter/i],
    ["deployment group create -g g1 -f BROKEN -n third", /InvalidTemplate/],
    ["deployment group delete -g g1 -n first", null],
    ["deployment sub create -l westeurope -f SUBTEMPLATE -n whole --query properties.provisioningState", "Succeeded"],
    ["group exists -n from-template", true],
    ["deployment sub list --query [].name", ["whole"]],
  ],
  policies: [
    [
      'policy definition create -n no-public --rules \'{"if":{"field":"type","equals":"x"},"then":{"effect":"audit"}}\' --mode All --query mode',
      "All",
    ],
    ["policy definition list --query '[?name==`no-public`].policyType'", ["Custom"]],
    ["policy assignment create -n check --policy no-public --scope GROUP --query name", "check"],
    ["policy assignment list --scope GROUP --query [].name", ["check"]],
    ["policy assignment delete -n check --scope GROUP", null],
    ["policy definition delete -n no-public", null],
  ],
  providers: [
    ["provider list --query '[?namespace==`Microsoft.Network`].registrationState'", ["Registered"]],
    ["provider show -n Microsoft.Storage --query registrationState", "Registered"],
    ["provider register -n Microsoft.KeyVault --wait", null],
    ["feature list --namespace Microsoft.ContainerService --query 'length(@) > `0`'", true],
    [
      "rest -m get -u URL/subscriptions/SUB/resourcegroups?api-version=2021-04-01 --query value[0].name",
      "from-template",
    ],
  ],
  locks: [
    ["lock create -n keep -g g1 --lock-type CanNotDelete --query level", "CanNotDelete"],
    ["lock list -g g1 --query [].name", ["keep"]],
    ["network vnet delete -g g1 -n v2", /ScopeLocked/],
    ["group delete -n g1 --yes", /ScopeLocked/],
    ["lock show -n keep -g g1 --query level", "CanNotDelete"],
    ["lock update -n keep -g g1 --notes important --query notes", "important"],
    ["lock delete -n keep -g g1", null],
    ["group lock create -n frozen -g g1 --lock-type ReadOnly --query level", "ReadOnly"],
    ["network vnet update -g g1 -n v2 --set tags.z=one", /ScopeLocked/],
    ["group lock list -g g1 --query [].level", ["ReadOnly"]],
    ["group lock delete -n frozen -g g1", null],
    [
      "lock create -n one -g g1 --lock-type CanNotDelete --resource v2 --resource-type Microsoft.Network/virtualNetworks --query name",
      "one",
    ],
    ["network vnet delete -g g1 -n v2", /ScopeLocked/],
    ["lock delete -n one -g g1 --resource v2 --resource-type Microsoft.Network/virtualNetworks", null],
    ["account lock create -n all --lock-type CanNotDelete --query level", "CanNotDelete"],
    ["network vnet delete -g g1 -n v2", /ScopeLocked/],
    ["account lock delete -n all", null],
    ["network vnet delete -g g1 -n v2", null],
    ["lock list", []],
  ],
};

let emulator: TestEmulator;
let session: AzureCliSession;
let fill: (text: string) => string;

beforeAll(async () => {
  emulator = await startTestEmulator();
  session = await openAzureCliSession(emulator);
  const { subscriptionId, clientId } = emulator.identity;
  const groupId = `/subscriptions/${subscriptionId}/resourceGroups/g1`;
  const file = (name: string, content: Json): string => {
    const path = join(session.directory, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const words: Readonly<Record<string, string>> = {
    CLIENT: clientId,
    // The one that the emulator gives to the identity `id1`.
    PRINCIPAL: derivedGuid(
      "principal",
      `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`.toLowerCase(),
    ),
    GROUP: groupId,
    VNET: `${groupId}/providers/Microsoft.Network/virtualNetworks/v1`,
    SUBTEMPLATE: file("subscription.json", subscriptionTemplate),
    TEMPLATE: file("network.json", networkTemplate),
    BROKEN: file("broken.json", brokenTemplate),
    SUB: subscriptionId,
    URL: emulator.url,
  };
  fill = (text) => text.replaceAll(/\b[A-Z]+\b/g, (word) => words[word] ?? word);
}, 900_000);

afterAll(async () => {
  await session.close();
  await emulator.close();
});

describe.each(Object.entries(COMMANDS))("az: %s", (_, commands) => {
  it.each(commands.map(([line, expected]) => ({ line, expected })))(
    "$line",
    { timeout: 120_000 },
    async ({ line, expected }) => {
      if (expected instanceof RegExp) {
        const outcome = await session.az(fill(line)).then(
          (output) => JSON.stringify(output),
          (error: unknown) => String(error),
        );
        expect(outcome).toMatch(expected);
        return;
      }
      expect(await session.az(fill(line))).toEqual(JSON.parse(fill(JSON.stringify(expected))));
    },
  );
});

const networkTemplate: Json = {
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  parameters: {
    name: { type: "string", minLength: 2 },
    location: { type: "string", defaultValue: "[resourceGroup().location]" },
    subnets: { type: "array", defaultValue: ["nodes", "pods"] },
  },
  variables: { network: "[format('{0}-net', parameters('name'))]" },
  resources: [
    {
      type: "Microsoft.Network/virtualNetworks/subnets",
      apiVersion: "2023-04-01",
      name: "[concat(variables('network'), '/', parameters('subnets')[copyIndex()])]",
      copy: { name: "subnets", count: "[length(parameters('subnets'))]", mode: "Serial" },
      dependsOn: ["[resourceId('Microsoft.Network/virtualNetworks', variables('network'))]"],
      properties: { addressPrefix: "[concat('10.20.', copyIndex(), '.0/24')]" },
    },
    {
      type: "Microsoft.Network/virtualNetworks",
      apiVersion: "2023-04-01",
      name: "[variables('network')]",
      location: "[parameters('location')]",
      properties: { addressSpace: { addressPrefixes: ["10.20.0.0/16"] } },
    },
  ],
  outputs: {
    subnet: {
      type: "string",
      value: "[resourceId('Microsoft.Network/virtualNetworks/subnets', variables('network'), 'nodes')]",
    },
  },
};

const brokenTemplate: Json = {
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  resources: [
    {
      type: "Microsoft.Network/publicIPAddresses",
      apiVersion: "2023-04-01",
      name: "[nowhere('x')]",
      location: "westeurope",
      properties: {},
    },
  ],
};

const subscriptionTemplate: Json = {
  $schema: "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  resources: [
    {
      type: "Microsoft.Resources/resourceGroups",
      apiVersion: "2021-04-01",
      name: "from-template",
      location: "[deployment().location]",
    },
  ],
};
