import { type RoleAssignmentArgs } from "@pulumi/azure-native/authorization/roleAssignment";
import { all, type Input, type Output, output } from "@pulumi/pulumi";

import { guidOf } from "../arm/guid";
import { transformed } from "../transform";
import { type Site } from "./site";
import { type PrincipalType } from "./enums";

/** Ids of Azure's built-in roles. */
export const roles = {
  /** Azure Kubernetes Service RBAC Cluster Admin */
  clusterAdmin: "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
  /** Managed Identity Operator */
  managedIdentityOperator: "f1a07417-d97a-45cb-824c-7a7467783830",
  /** Network Contributor */
  networkContributor: "4d97b98b-1d4f-4787-a291-c67834d212e7",
  /** Private DNS Zone Contributor */
  privateDnsZoneContributor: "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
  /** Key Vault Crypto User */
  keyVaultCryptoUser: "12338af0-0e69-4776-bea7-57ae8d297424",
  /** Key Vault Secrets Officer */
  keyVaultSecretsOfficer: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
  /** Key Vault Secrets User */
  keyVaultSecretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
  /** Key Vault Contributor, which a private vault needs for its private endpoint */
  keyVaultContributor: "f25e0fa2-a7c8-4377-a976-54943a77a395",
} as const;

/** Who gets which role where. */
export interface Grant {
  readonly role: string;
  /** Resource id. */
  readonly scope: Input<string>;
  readonly principalId: Input<string>;
  /** Default: Azure looks it up. */
  readonly principalType?: PrincipalType;
}

/** A role assignment under a name that follows from what it grants: an update that was cut short finds its own again. */
export function roleAssignmentArgs(site: Site, { role, scope, principalId, principalType }: Grant): RoleAssignmentArgs {
  const args: RoleAssignmentArgs = {
    roleAssignmentName: all([scope, principalId]).apply(([where, who]) => guidOf(where.toLowerCase(), who, role)),
    roleDefinitionId: roleDefinitionId(scope, role),
    scope,
    principalId,
    principalType,
  };
  return transformed(site.settings.transform?.roleAssignment, args);
}

/** The role as the subscription of `scope` names it. */
export function roleDefinitionId(scope: Input<string>, role: string): Output<string> {
  return output(scope).apply((where) => {
    const subscription = /^\/subscriptions\/[^/]+/i.exec(where)?.[0] ?? "";
    return `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
  });
}
