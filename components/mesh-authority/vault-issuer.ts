import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { Role, RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import * as pulumi from "@pulumi/pulumi";
import { type VaultIssuerArgs } from "../aks-cluster/args";
import { certManagerGroup, type Issuance } from "../aks-cluster/issuance";
import { authorityNamespace } from "./place";

/** The account whose tokens cert-manager logs in with. */
const account = "vault-issuer";

/** Who makes those tokens: the account that cert-manager's chart gives its controller. */
const certManagerAccount = { kind: "ServiceAccount", name: "cert-manager", namespace: "cert-manager" } as const;

/**
 * An issuer that has Vault sign. cert-manager may make tokens of one account, which has no role in the cluster; nothing that is kept is a secret.
 *
 * @param certManager done when cert-manager's definitions are there.
 * @param options of resources in the cluster.
 */
export function vaultIssuer(
  name: string,
  { server, path, role, authPath = "kubernetes", caBundle, namespace }: VaultIssuerArgs,
  issuer: Issuance["issuer"],
  certManager: pulumi.Resource,
  options: pulumi.CustomResourceOptions,
): CustomResource {
  const metadata = { name: account, namespace: authorityNamespace };
  const who = new ServiceAccount(`${name}-vault`, { metadata, automountServiceAccountToken: false }, options);
  const rules = [
    { apiGroups: [""], resources: ["serviceaccounts/token"], resourceNames: [account], verbs: ["create"] },
  ];
  const may = new Role(`${name}-vault`, { metadata, rules }, options);
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: account };
  const given = new RoleBinding(
    `${name}-vault`,
    { metadata, roleRef, subjects: [certManagerAccount] },
    { ...options, dependsOn: [may] },
  );
  return new CustomResource(
    `${name}-vault`,
    {
      apiVersion: `${certManagerGroup}/v1`,
      kind: issuer.kind,
      metadata: { name: issuer.name, namespace: authorityNamespace },
      spec: {
        vault: {
          ...{ server, path, namespace },
          caBundle: caBundle && pulumi.output(caBundle).apply((pem) => Buffer.from(pem).toString("base64")),
          auth: { kubernetes: { role, mountPath: `/v1/auth/${authPath}`, serviceAccountRef: { name: account } } },
        },
      },
    },
    { ...options, dependsOn: [certManager, who, given] },
  );
}
