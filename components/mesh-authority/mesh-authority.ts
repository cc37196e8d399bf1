import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { FederatedIdentityCredential } from "@pulumi/azure-native/managedidentity/federatedIdentityCredential";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity";
import { CustomResource, type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import { CronJob } from "@pulumi/kubernetes/batch/v1/cronJob";
import { Job } from "@pulumi/kubernetes/batch/v1/job";
import { Namespace, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { Release, type ReleaseArgs } from "@pulumi/kubernetes/helm/v3/release";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type IstioAuthorityIssuanceArgs, type IstioCertificateAuthorityArgs } from "../aks-cluster/args";
import { durationSeconds } from "../aks-cluster/durations";
import { type Issuance, issuanceOf } from "../aks-cluster/issuance";
import { roleDefinitionId, roles } from "../aks-cluster/roles";
import { guidOf } from "../arm/guid";
import { restrictedNamespace } from "../restricted-pod";
import { type Transform, transformed } from "../transform";
import { AuthorityIssued } from "./authority-issued";
import { carrierJob, carrierName } from "./carrier";
import { IssuerReady } from "./issuer-ready";
import { authorityNamespace, authoritySecret } from "./place";
import { vaultIssuer } from "./vault-issuer";

/** Where cert-manager's chart is, and which. */
const chart = { repo: "https://charts.jetstack.io", name: "cert-manager", version: "v1.21.2" } as const;

const certManagerNamespace = "cert-manager";

/** Arguments of `MeshAuthority`. */
export interface MeshAuthorityArgs {
  /** Name of the cluster, first part of the identity's. */
  clusterName: string;
  /** Resource group of the identity that writes into the vault. */
  resourceGroupName: pulumi.Input<string>;
  /** Region of the identity. Default: that of the resource group. */
  location?: pulumi.Input<string>;
  /** Tags of the identity. Default: none. */
  tags?: Readonly<Record<string, string>>;
  /** Kubeconfig of the cluster. Handled as a secret. */
  kubeconfig: pulumi.Input<string>;
  /** Issuer of the cluster's service account tokens, see `AksCluster.oidcIssuerUrl`. */
  oidcIssuerUrl: pulumi.Input<string>;
  /** The vault, its secrets, and how cert-manager issues, as the cluster's arguments have them. */
  certificateAuthority: IstioCertificateAuthorityArgs & { issuedBy: IstioAuthorityIssuanceArgs };
  /** How long a sidecar's certificate holds: hours, minutes, seconds. Default `24h`, which is Istio's. */
  sidecarCertificateDuration?: string;
  /** How long cert-manager and the issuer may take to be there, and then the certificate, in seconds. Default 900. */
  readyTimeoutSeconds?: number;
  /** Last-moment changes to what the component is about to register. */
  transform?: {
    /** cert-manager's chart. */
    release?: Transform<ReleaseArgs>;
    certificate?: Transform<CustomResourceArgs>;
    cronJob?: Transform<kubernetes.types.input.batch.v1.CronJob>;
  };
}

/** Options of {@link MeshAuthority}: the provider of the cluster is needed. */
export interface MeshAuthorityOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * Has cert-manager issue and renew the intermediate certificate by which Istio signs, and a job carry it into the key vault from which the add-on reads it: once at once,
 * since istiod does not start before, and then every hour. The job may set secrets of that vault, and nothing in the cluster.
 *
 * @example
 * ```ts
 * const authority = new MeshAuthority("authority", { clusterName: "shop", resourceGroupName: group.name, kubeconfig: cluster.kubeconfig,
 *   oidcIssuerUrl: cluster.oidcIssuerUrl, certificateAuthority }, { provider });
 * new IstioMesh("mesh", { kubeconfig: cluster.kubeconfig, revisions: ["asm-1-30"] }, { provider, dependsOn: authority });
 * ```
 */
export class MeshAuthority extends pulumi.ComponentResource {
  constructor(name: string, args: MeshAuthorityArgs, opts: MeshAuthorityOptions = {}) {
    super("aks-mesh:index:MeshAuthority", name, {}, opts);
    const { certificateAuthority, sidecarCertificateDuration = "24h", readyTimeoutSeconds = 900, transform } = args;
    const { issuedBy, keyVaultId } = certificateAuthority;
    const issuance = issuanceOf(issuedBy);
    assertOutlives(issuance, sidecarCertificateDuration);
    const { dependsOn, deletedWith, provider } = opts;
    const inAzure = { parent: this };
    const child = { parent: this, provider, dependsOn, deletedWith };

    const { clusterName, resourceGroupName, location, tags, oidcIssuerUrl } = args;
    const identity = new UserAssignedIdentity(
      `${name}-carrier`,
      { resourceName: `${clusterName}-mesh-authority`, resourceGroupName, location, tags: { ...tags } },
      inAzure,
    );
    const credential = new FederatedIdentityCredential(
      `${name}-carrier`,
      {
        federatedIdentityCredentialResourceName: carrierName,
        resourceName: identity.name,
        resourceGroupName,
        issuer: oidcIssuerUrl,
        subject: `system:serviceaccount:${authorityNamespace}:${carrierName}`,
        audiences: ["api://AzureADTokenExchange"],
      },
      inAzure,
    );
    const role = issuedBy.roleDefinitionId ?? roleDefinitionId(keyVaultId, roles.keyVaultSecretsOfficer);
    const assignment = new RoleAssignment(
      `${name}-carrier`,
      {
        roleAssignmentName: pulumi
          .all([keyVaultId, identity.principalId, role])
          .apply(([where, who, what]) => guidOf(where.toLowerCase(), who, what.toLowerCase())),
        roleDefinitionId: role,
        scope: keyVaultId,
        principalId: identity.principalId,
        principalType: "ServicePrincipal",
      },
      inAzure,
    );

    const place = new Namespace(name, { metadata: { name: authorityNamespace, labels: restrictedNamespace } }, child);
    const inside = { ...child, dependsOn: [place], deletedWith: deletedWith ?? place };
    const installed = issuedBy.certManager === "present" ? [] : [certManager(name, transform?.release, child)];
    const waiting = { kubeconfig: args.kubeconfig, timeoutSeconds: readyTimeoutSeconds };
    const waits = (...dependsOn: pulumi.Resource[]): pulumi.CustomResourceOptions => ({
      parent: this,
      // Not the cluster's provider: it is a dynamic resource.
      deletedWith: inside.deletedWith,
      dependsOn: [place, ...dependsOn],
      customTimeouts: { create: `${readyTimeoutSeconds}s`, update: `${readyTimeoutSeconds}s` },
    });
    const issuerWaiting = { ...waiting, namespace: authorityNamespace };
    const signs =
      issuedBy.vault &&
      vaultIssuer(
        name,
        issuedBy.vault,
        issuance.issuer,
        new IssuerReady(`${name}-cert-manager`, issuerWaiting, waits(...installed)),
        inside,
      );
    const issuer = new IssuerReady(
      `${name}-issuer`,
      { ...issuerWaiting, issuer: issuance.issuer },
      waits(...(signs ? [signs] : installed)),
    );
    const certificate = new CustomResource(
      `${name}-certificate`,
      transformed(transform?.certificate, certificateOf(clusterName, issuance)),
      { ...inside, dependsOn: [issuer] },
    );
    const issued = new AuthorityIssued(`${name}-issued`, { ...waiting, issuance }, waits(certificate));

    const metadata = { name: carrierName, namespace: authorityNamespace };
    const account = new ServiceAccount(`${name}-carrier`, { metadata, automountServiceAccountToken: false }, inside);
    // Names, Entra ID and the vault: it has nothing else to call, and nobody has to call it.
    const ports = [{ port: 443 }, { port: 53, protocol: "UDP" }, { port: 53 }];
    const network = new NetworkPolicy(
      `${name}-carrier`,
      { metadata, spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], egress: [{ ports }] } },
      inside,
    );
    const image = issuedBy.image ?? "mcr.microsoft.com/azure-cli:2.91.0";
    const facts = {
      VAULT: pulumi.output(keyVaultId).apply((id) => id.split("/").at(-1) ?? ""),
      ROOT_CERTIFICATE: certificateAuthority.rootCertificate,
      CERTIFICATE: certificateAuthority.certificate,
      KEY: certificateAuthority.key,
      CERTIFICATE_CHAIN: certificateAuthority.certificateChain,
      SIDECAR_SECONDS: String(durationSeconds(sidecarCertificateDuration)),
      AZURE_CLIENT_ID: identity.clientId,
      AZURE_TENANT_ID: identity.tenantId,
    };
    const carries = { ...inside, dependsOn: [account, network, issued, credential, assignment] };
    new CronJob(
      `${name}-carrier`,
      transformed(transform?.cronJob, {
        metadata,
        spec: {
          schedule: "17 * * * *",
          concurrencyPolicy: "Forbid",
          startingDeadlineSeconds: 600,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: { spec: carrierJob(image, facts, 2) },
        },
      }),
      carries,
    );
    const first = { name: `${carrierName}-first`, namespace: authorityNamespace };
    new Job(`${name}-carrier-first`, { metadata: first, spec: carrierJob(image, facts, 6) }, carries);
    this.registerOutputs({});
  }
}

/** cert-manager, by its chart. Its definitions stay where it goes: with them all Certificates would. */
function certManager(
  name: string,
  transform: Transform<ReleaseArgs> | undefined,
  child: pulumi.CustomResourceOptions,
): Release {
  const place = new Namespace(
    `${name}-cert-manager`,
    { metadata: { name: certManagerNamespace, labels: restrictedNamespace } },
    child,
  );
  return new Release(
    `${name}-cert-manager`,
    transformed(transform, {
      ...{ name: "cert-manager", namespace: certManagerNamespace, chart: chart.name, version: chart.version },
      repositoryOpts: { repo: chart.repo },
      values: {
        crds: { enabled: true, keep: true },
        // In place of kube-system, where it would get a role.
        global: { leaderElection: { namespace: certManagerNamespace } },
      },
    }),
    { ...child, dependsOn: [place] },
  );
}

/** The intermediate certificate of the mesh. */
function certificateOf(clusterName: string, { issuer, duration, renewBefore }: Issuance): CustomResourceArgs {
  return {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name: authoritySecret, namespace: authorityNamespace },
    spec: {
      isCA: true,
      // 64 characters at most.
      commonName: `mesh of ${clusterName}`.slice(0, 64),
      secretName: authoritySecret,
      duration,
      renewBefore,
      privateKey: { algorithm: "RSA", size: 2048, rotationPolicy: "Always" },
      usages: ["cert sign", "crl sign"],
      issuerRef: issuer,
    },
  };
}

/** @throws RunError where what the old certificate signed would end before what the new one signs is everywhere. */
function assertOutlives({ renewBefore }: Issuance, sidecar: string): void {
  const needed = durationSeconds(sidecar);
  if (needed === undefined || needed === 0) {
    throw new pulumi.RunError(
      `sidecarCertificateDuration: "${sidecar}" is no time; write hours, minutes and seconds, such as 24h.`,
    );
  }
  if ((durationSeconds(renewBefore) ?? 0) > needed) return;
  throw new pulumi.RunError(
    `istio.certificateAuthority.issuedBy.renewBefore is ${renewBefore}, and a sidecar's certificate holds ${sidecar}: what the old intermediate certificate signed would ` +
      "end with it. Write more, such as 1080h, with a duration above that.",
  );
}
