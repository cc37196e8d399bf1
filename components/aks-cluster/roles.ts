import { type RoleAssignmentArgs } from "@pulumi/azure-native/authorization/roleAssignment";
import { all, type Input, type Output, output } from "@pulumi/pulumi";

import { guidOf } from "../arm/guid";
import { type Site } from "./aks-cluster";
import { type PrincipalType } from "./enums";

/** Ids of Azure's built-in roles. */
export const roles = {
  /** Azure Kubernetes Service RBAC Cluster Admin */
  clusterAdmin: "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
  /** Managed Identity Operator */
  managedIdentityOperator: "f1a07417-d97a-45cb-824c-7a7467783830",
} as const;

/** Who gets which role where. */
export interface Grant {
  readonly role: string;
  /** Resource id. */
  readonly scope: Input<string>;
  readonly principalId: Input<string>;
  readonly principalType: PrincipalType;
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
  return site.settings.transform?.roleAssignment?.(args) ?? args;
}

/** The role as the subscription of `scope` names it. */
function roleDefinitionId(scope: Input<string>, role: string): Output<string> {
  return output(scope).apply((where) => {
    const subscription = /^\/subscriptions\/[^/]+/i.exec(where)?.[0] ?? "";
    return `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
  });
}
