import {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "@pulumi/kubernetes/admissionregistration/v1";
import { ClusterRole, ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type PreviewFenceArgs } from "./args";
import { type FencePolicy, fencePolicies } from "./policies";
import { previewsRole, previewsRules, secretsRole, secretsRules } from "./roles";
import { assertPreviewFenceArgs } from "./validate";

/** Options of {@link PreviewFence}. */
export interface PreviewFenceOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * Holds the identity that deploys previews to the previews' namespaces, and what runs in these to what a preview may be, whatever the
 * program of a pull request asks the API server for: two roles, and admission policies.
 */
export class PreviewFence extends pulumi.ComponentResource {
  constructor(name: string, args: PreviewFenceArgs, opts: PreviewFenceOptions = {}) {
    super("aks-mesh:index:PreviewFence", name, {}, opts);
    assertPreviewFenceArgs(args);
    const { provider, dependsOn, deletedWith } = opts;
    const child = { parent: this, provider, dependsOn, deletedWith };

    const bindings = fencePolicies(args).map((policy) => {
      const metadata = { name: `aks-mesh-previews-${policy.name}` };
      const made = new ValidatingAdmissionPolicy(`${name}-${policy.name}`, { metadata, spec: specOf(policy) }, child);
      return new ValidatingAdmissionPolicyBinding(
        `${name}-${policy.name}`,
        { metadata, spec: bindingOf(policy, metadata.name) },
        { ...child, dependsOn: [made] },
      );
    });

    new ClusterRole(`${name}-secrets`, { metadata: { name: secretsRole }, rules: [...secretsRules] }, child);
    const role = new ClusterRole(
      name,
      { metadata: { name: previewsRole }, rules: [...previewsRules(args.mesh ?? "osm")] },
      child,
    );
    // The rights come last: never without the policies that hold them.
    new ClusterRoleBinding(
      name,
      {
        metadata: { name: previewsRole },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: previewsRole },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: args.user }],
      },
      { ...child, dependsOn: [role, ...bindings] },
    );
    this.registerOutputs({});
  }
}

function specOf({ rules, labelled, conditions, needs, variables = {}, validations }: FencePolicy) {
  const named = (all: Readonly<Record<string, string>>) =>
    Object.entries(all).map(([name, expression]) => ({ name, expression }));
  return {
    failurePolicy: "Fail",
    ...(needs && { paramKind: { apiVersion: needs.apiVersion, kind: needs.kind } }),
    matchConstraints: {
      resourceRules: [...rules],
      ...(labelled && { namespaceSelector: { matchExpressions: [{ key: labelled, operator: "Exists" }] } }),
    },
    matchConditions: named(conditions),
    variables: named(variables),
    validations: Object.entries(validations).map(([message, expression]) => ({ expression, message })),
  };
}

function bindingOf({ needs }: FencePolicy, policyName: string) {
  return {
    policyName,
    validationActions: ["Deny"],
    // In the namespace of the request.
    ...(needs && { paramRef: { name: needs.name, parameterNotFoundAction: "Deny" } }),
  };
}
