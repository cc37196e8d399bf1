import { type PreviewPolicy } from "../settings";

/**
 * What Azure itself holds clusters of previews' own to, in a subscription that holds nothing else: an Azure Policy for what may be made, and a
 * custom role for what the identity may do. The command's own limits (preview/bounds.ts) are a pull request's program's to pass by; these are not.
 *
 * Rules are written as https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule says. Aliases of
 * the container service are the names of its properties; `az provider show --namespace Microsoft.ContainerService --expand
 * resourceTypes/aliases` lists them, and Azure refuses a definition with one that is not there.
 */

/** A condition of Azure Policy. */
export type PolicyCondition = { readonly [key: string]: unknown };

/** A definition of Azure Policy that denies, with what is said to whom it denies. */
export interface DenyingPolicy {
  readonly displayName: string;
  readonly message: string;
  readonly parameters: Readonly<Record<string, "Array" | "Integer" | "String">>;
  readonly condition: PolicyCondition;
}

const cluster = "Microsoft.ContainerService/managedClusters";
const pool = `${cluster}/agentPools`;
const group = "Microsoft.Resources/subscriptions/resourceGroups";

/** Where AKS makes the machines of clusters: it names the groups itself. */
const nodeGroups = "MC_";

/** A pool that is more than allowed, or of which that cannot be told. `alias` makes an alias of a property. */
function largePool(alias: (property: string) => string): PolicyCondition {
  const more = (property: string) => ({
    allOf: [
      { field: alias(property), exists: true },
      { field: alias(property), greater: "[parameters('nodes')]" },
    ],
  });
  return {
    anyOf: [
      { field: alias("vmSize"), exists: false },
      { field: alias("vmSize"), notIn: "[parameters('sizes')]" },
      // Pools of single virtual machines have their sizes elsewhere.
      {
        allOf: [
          { field: alias("type"), exists: true },
          { field: alias("type"), notEquals: "VirtualMachineScaleSets" },
        ],
      },
      more("count"),
      more("maxCount"),
    ],
  };
}

/** Types that a preview's cluster is made of, as Azure names them: those of `azureTypes` in preview/bounds.ts. */
export const ownClusterTypes: readonly string[] = [
  "Microsoft.Authorization/roleAssignments",
  pool,
  `${cluster}/maintenanceConfigurations`,
  cluster,
  "Microsoft.Insights/dataCollectionRuleAssociations",
  "Microsoft.Insights/dataCollectionRules",
  "Microsoft.Insights/diagnosticSettings",
  "Microsoft.ManagedIdentity/userAssignedIdentities",
  "Microsoft.OperationalInsights/workspaces",
];

/** Both policies, by their names. */
export const policies: Readonly<Record<string, DenyingPolicy>> = {
  "aks-mesh-own-cluster-nodes": {
    displayName: "Clusters of previews: sizes and numbers of nodes",
    message:
      "Clusters of previews have nodes of the sizes of previewNodeSizes, at most previewNodes in a pool, and pools that say so.",
    parameters: { sizes: "Array", nodes: "Integer" },
    condition: {
      anyOf: [
        {
          allOf: [
            { field: "type", equals: cluster },
            {
              anyOf: [
                {
                  count: {
                    field: `${cluster}/agentPoolProfiles[*]`,
                    where: largePool((property) => `${cluster}/agentPoolProfiles[*].${property}`),
                  },
                  greater: 0,
                },
                // Each has a node.
                { count: { field: `${cluster}/agentPoolProfiles[*]` }, greater: "[parameters('nodes')]" },
                // Both make nodes of sizes that AKS chooses.
                { field: `${cluster}/sku.name`, equals: "Automatic" },
                {
                  allOf: [
                    { field: `${cluster}/nodeProvisioningProfile.mode`, exists: true },
                    { field: `${cluster}/nodeProvisioningProfile.mode`, notEquals: "Manual" },
                  ],
                },
              ],
            },
          ],
        },
        { allOf: [{ field: "type", equals: pool }, largePool((property) => `${pool}/${property}`)] },
      ],
    },
  },
  "aks-mesh-own-cluster-types": {
    displayName: "Clusters of previews: types of resources",
    message: "A preview has a resource group of its own, and in it what its cluster is made of.",
    parameters: { types: "Array", groups: "String" },
    condition: {
      anyOf: [
        {
          allOf: [
            { field: "type", equals: group },
            { field: "name", notLike: "[parameters('groups')]" },
            { field: "name", notLike: `${nodeGroups}*` },
          ],
        },
        {
          allOf: [
            // In a group, and none itself.
            { field: "id", contains: "/resourceGroups/" },
            { field: "id", contains: "/providers/" },
            // AKS makes machines, disks and networks there; who else may is a matter of roles.
            { field: "id", notContains: `/resourceGroups/${nodeGroups}` },
            { field: "type", notIn: "[parameters('types')]" },
          ],
        },
      ],
    },
  },
};

/**
 * What the policies' parameters are.
 *
 * @param settings those of the program, see preview/settings.ts.
 * @param others types beside those of a cluster, as Azure names them.
 */
export function policyValues(
  { nodes, nodeSizes, project }: Pick<PreviewPolicy, "nodes" | "nodeSizes" | "project">,
  others: readonly string[],
): Readonly<Record<string, unknown>> {
  return { nodes, sizes: nodeSizes, types: [...ownClusterTypes, ...others], groups: `${project}-pr-*` };
}

/** Role that previews' own clusters give to who deploys them, and the only one that may be given: Azure Kubernetes Service RBAC Cluster Admin. */
const assignableRole = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b";

/** Verbs of a type that its maker needs, beside reading. */
const made = (type: string) => [`${type}/write`, `${type}/delete`];

/**
 * What the identity of previews may do in that subscription, in place of Contributor: read, and make and delete what such a cluster is made of.
 *
 * @param others further types, as Azure names them.
 */
export function ownClusterActions(others: readonly string[]): string[] {
  return [
    "*/read",
    ...[group, ...ownClusterTypes, ...others].flatMap(made),
    // The subscription's flags, and the registration after them.
    "Microsoft.Features/providers/features/register/action",
    "Microsoft.ContainerService/register/action",
    "Microsoft.Compute/register/action",
    `${cluster}/listClusterUserCredential/action`,
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    // The cluster's add-on sends to the workspace and associates its rule.
    "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
  ];
}

/**
 * The condition under which the identity assigns and removes roles: this role alone, so that it cannot give itself another
 * (https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples).
 */
export const assignmentCondition = ["write", "delete"]
  .map((verb) => {
    const source = verb === "write" ? "Request" : "Resource";
    const attribute = `@${source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId]`;
    return `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/${verb}'})) OR (${attribute} ForAnyOfAnyValues:GuidEquals {${assignableRole}}))`;
  })
  .join(" AND ");
