import { getClientConfigOutput } from "@pulumi/azure-native/authorization";
import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { Registry } from "@pulumi/azure-native/containerregistry/registry";
import { Key } from "@pulumi/azure-native/keyvault/key";
import { Vault } from "@pulumi/azure-native/keyvault/vault";
import { FederatedIdentityCredential } from "@pulumi/azure-native/managedidentity/federatedIdentityCredential";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup";
import { BlobContainer } from "@pulumi/azure-native/storage/blobContainer";
import { BlobServiceProperties } from "@pulumi/azure-native/storage/blobServiceProperties";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount";
import { all, Config, type Input, interpolate, type Output, RunError } from "@pulumi/pulumi";
import { guidOf } from "../../components/arm/guid";
import { containers, identities, type IdentityDefinition, type KeyName, type Place, roles } from "./identities";
import { holdOwnClusters } from "./own-clusters";

const config = new Config();
const repository = config.require("repository");
if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
  throw new RunError(`repository is "${repository}": write OWNER/NAME, as in the repository's address on GitHub.`);
}

const { name: resourceGroupName, location } = new ResourceGroup("aks-mesh-state", {
  resourceGroupName: "aks-mesh-state",
  location: config.require("location"),
});
const { subscriptionId, tenantId } = getClientConfigOutput();

// What is lost here is lost for good: Pulumi deletes none of the three.
const keep = { protect: true };

const account = new StorageAccount(
  "state",
  {
    accountName: config.require("storageAccount"),
    resourceGroupName,
    location,
    kind: "StorageV2",
    sku: { name: "Standard_ZRS" },
    allowBlobPublicAccess: false,
    // Roles alone decide: a key of the account would open every container.
    allowSharedKeyAccess: false,
    minimumTlsVersion: "TLS1_2",
    enableHttpsTrafficOnly: true,
  },
  keep,
);
new BlobServiceProperties("versions", {
  accountName: account.name,
  resourceGroupName,
  blobServicesName: "default",
  isVersioningEnabled: true,
  deleteRetentionPolicy: { enabled: true, days: 30 },
});
const containerIds = Object.fromEntries(
  Object.values(containers).map((containerName): [string, Output<string>] => [
    containerName,
    new BlobContainer(containerName, { containerName, accountName: account.name, resourceGroupName }, keep).id,
  ]),
);

const vault = new Vault(
  "vault",
  {
    vaultName: config.require("vault"),
    resourceGroupName,
    location,
    properties: {
      tenantId,
      sku: { family: "A", name: "standard" },
      enableRbacAuthorization: true,
      enablePurgeProtection: true,
      enableSoftDelete: true,
    },
  },
  keep,
);
const keyNames: readonly KeyName[] = ["pulumi-nonprod", "pulumi-previews", "pulumi-prod"];
const keyIds = Object.fromEntries(
  keyNames.map((keyName): [string, Output<string>] => {
    const args = { keyName, vaultName: vault.name, resourceGroupName, properties: { kty: "RSA", keySize: 3072 } };
    return [keyName, new Key(keyName, args, keep).id];
  }),
);

const registryName = config.get("registry") || undefined;
/** For images of previews alone: what is lost here, the next push builds again. */
const registry =
  registryName === undefined
    ? undefined
    : new Registry("images", {
        registryName,
        resourceGroupName,
        location,
        sku: { name: "Basic" },
        // A password that opens all of it.
        adminUserEnabled: false,
      });

/** The resource that a role is granted on; undefined where it is not there yet. */
function scopeOf(place: Place): Input<string> | undefined {
  if (place === "subscription") return interpolate`/subscriptions/${subscriptionId}`;
  if ("container" in place) return containerIds[place.container];
  if ("key" in place) return keyIds[place.key];
  if ("registry" in place) return registry?.id;
  return config.get(place.cluster === "shared" ? "sharedCluster" : "productionCluster") || undefined;
}

const principals = new Map<string, Output<string>>();
const definitions: readonly (readonly [string, IdentityDefinition])[] = Object.entries(identities);
const clients = definitions.map(([name, { environment, grants }]): [string, object] => {
  const identity = new UserAssignedIdentity(name, { resourceName: name, resourceGroupName, location });
  new FederatedIdentityCredential(name, {
    federatedIdentityCredentialResourceName: "github",
    resourceName: identity.name,
    resourceGroupName,
    issuer: "https://token.actions.githubusercontent.com",
    // Jobs in this environment alone; no branch, and no `pull_request`, which anybody could use who may push one.
    subject: `repo:${repository}:environment:${environment}`,
    audiences: ["api://AzureADTokenExchange"],
  });
  for (const [role, place] of grants) {
    const scope = scopeOf(place);
    if (scope === undefined) continue;
    const where = typeof place === "string" ? place : Object.values(place).join("");
    new RoleAssignment(`${name} ${role} ${where}`, {
      roleAssignmentName: all([scope, identity.principalId]).apply(([on, who]) => guidOf(on.toLowerCase(), who, role)),
      roleDefinitionId: interpolate`/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles[role]}`,
      principalId: identity.principalId,
      principalType: "ServicePrincipal",
      scope,
    });
  }
  principals.set(name, identity.principalId);
  return [name, { environment, clientId: identity.clientId, principalId: identity.principalId }];
});

const subscription = config.get("ownClustersSubscription") ?? "";
const preview = principals.get("aks-mesh-preview");
if (subscription !== "" && preview !== undefined) {
  holdOwnClusters({
    subscription,
    principalId: preview,
    types: config.getObject<string[]>("ownClusterTypes") ?? [],
    budget: config.requireNumber("ownClustersBudget"),
    contacts: config.getObject<string[]>("ownClustersContacts") ?? [],
  });
}

export = {
  /** For the variables of the environments on GitHub, and `previewObjectId` of the stack that previews share. */
  identities: Object.fromEntries(clients),
  backends: Object.fromEntries(
    Object.values(containers).map((name) => [name, interpolate`azblob://${name}?storage_account=${account.name}`]),
  ),
  /** Where images go, for the variable PREVIEW_REGISTRY; undefined without one. */
  registry: registryName === undefined ? undefined : `${registryName}.azurecr.io/previews`,
  secretsProviders: Object.fromEntries(
    keyNames.map((name) => [name, interpolate`azurekeyvault://${vault.name}.vault.azure.net/keys/${name}`]),
  ),
};
